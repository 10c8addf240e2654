/*
 * fuzz_ticket: any text as the value of an X-Egress-Ticket field, and the message it stands in at a
 * listener of role sign.
 *
 * The value ends at the first NUL; what follows is the rest of the message. What is read as a
 * ticket is written and read the same again; nothing is ever valid, since nobody knows the secret;
 * and no ticket stays in a message.
 */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "policy/drive.h"
#include "policy/ticket_text.h"
#include "tests/support/house.h"

#define CEILING_BYTES ((size_t)4 << 20)

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static struct house house;

static void demand(bool is_true, const char *what)
{
    if (!is_true) {
        fprintf(stderr, "fuzz_ticket: %s\n", what);
        abort();
    }
}

/* The secret is read once, so its file need not stay. */
static void open_house(void)
{
    static const char secret[] = "a secret for nothing but this test";
    char path[] = "/tmp/egress-fuzz.XXXXXX", config[400];
    int fd = mkstemp(path);
    demand(fd >= 0 && write(fd, secret, sizeof(secret)) == (ssize_t)sizeof(secret), "no secret");
    close(fd);
    snprintf(
        config, sizeof(config),
        "socket = \"unix:/x\"; mode = \"enforce\"; outgoing = { listeners = ( { daemon = \"B\"; "
        "role = \"sign\"; } ); ticket_file = \"%s\"; };",
        path);
    house_open(&house, config);
    unlink(path);
}

static void check_text(struct span value)
{
    struct arena *arena = arena_new(CEILING_BYTES);
    struct ticket ticket, again;
    demand(arena != NULL, "out of memory");
    if (ticket_parse(value, arena, &ticket)) {
        demand(ticket.principal.size > 0 && ticket.mail_class != CLASS_INBOUND, "half a ticket");
        struct span text = ticket_print(&ticket, arena);
        demand(text.at != NULL && ticket_parse(text, arena, &again), "not read again");
        demand(again.made_s == ticket.made_s && again.mail_class == ticket.mail_class &&
                   span_is_equal(again.principal, ticket.principal) &&
                   memcmp(again.mac, ticket.mac, sizeof(ticket.mac)) == 0,
               "read in two ways");
    }
    arena_free(&arena);
}

static void check_message(struct span value, struct span rest)
{
    struct buffer message = BUFFER_EMPTY;
    buffer_add_text(&message, "X-Egress-Ticket:");
    buffer_add_span(&message, value);
    buffer_add_text(&message, "\r\n");
    buffer_add_span(&message, rest);
    struct drive_input input = { .session = { .keeps_space = value.size % 2 == 0,
                                              .daemon_name = SPAN("B") },
                                 .login = SPAN("alice@example.org"),
                                 .sender = SPAN("<alice@example.org>"),
                                 .message = buffer_span(&message) };
    struct job *job = drive_message(house.site, &house.world, &input);
    struct header_list view;
    demand(job != NULL, "out of memory");
    demand(job->ticket == TICKET_FORGED, "a ticket of nobody is worth something");
    demand(job->mail_class == CLASS_INBOUND && job->principal.size == 0, "whose mail is this?");
    demand(edit_view(&job->message.headers, &job->verdict.edits, job->arena, &view), "no view");
    demand(view.counts[HEADER_EGRESS_TICKET] == 0 ||
               job->message.headers.counts[HEADER_EGRESS_TICKET] > 64,
           "a ticket stays");
    pipeline_finish(job, OUTCOME_ANSWERED);
    job_free(&job);
    buffer_clear(&house.log);
    buffer_free(&message);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct span rest = { size > 0 ? (const char *)data : "", size };
    struct span value;
    if (house.site == NULL) {
        open_house();
    }
    if (!span_cut(&rest, '\0', &value)) {
        value = SPAN("");
    }
    check_text(value);
    check_message(value, rest.at != NULL ? rest : SPAN("From: a@d.example\r\n\r\n"));
    return 0;
}
