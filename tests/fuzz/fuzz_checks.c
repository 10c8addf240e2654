/*
 * fuzz_checks: any bytes as a message, through all checks, with the session of a user and with that
 * of a list.
 *
 * Every finding says what was seen; a stop has a reason and a reply that can be sent; edits are of
 * fields that are there, each once, and none on list mail; and what is taken away is gone.
 */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "policy/drive.h"
#include "tests/support/house.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static struct house house;

static void demand(bool is_true, const char *what)
{
    if (!is_true) {
        fprintf(stderr, "fuzz_checks: %s\n", what);
        abort();
    }
}

static void check_reply(const struct verdict *verdict)
{
    const char *text =
        verdict->disposition == DISPOSITION_HOLD ? verdict->hold_reason : verdict->reply.text;
    demand(verdict->by != NULL && text != NULL && text[0] != '\0', "stopped without a reason");
    for (; *text != '\0'; text++) {
        demand(*text >= ' ' && *text <= '~' && *text != '%', "a reply that cannot be sent");
    }
}

static bool stands(const struct header_list *headers, const struct edit *edit)
{
    for (size_t i = 0; i < headers->count; i++) {
        if (headers->fields[i].instance == edit->instance &&
            span_is_equal_nocase(headers->fields[i].name, edit->name)) {
            return true;
        }
    }
    return false;
}

static void check_edits(struct job *job)
{
    const struct header_list *headers = &job->message.headers;
    struct header_list view;
    size_t gone = 0, more = 0;
    for (const struct edit *e = job->verdict.edits.first; e != NULL; e = e->next) {
        gone += e->kind == EDIT_DELETE;
        more += e->kind == EDIT_APPEND;
        demand(e->kind == EDIT_APPEND || stands(headers, e), "an edit of no field");
        for (const struct edit *f = e->next; e->kind == EDIT_DELETE && f != NULL; f = f->next) {
            demand(f->instance != e->instance || !span_is_equal_nocase(f->name, e->name),
                   "taken away twice");
        }
    }
    demand(edit_view(headers, &job->verdict.edits, job->arena, &view), "no view");
    demand(view.count == headers->count - gone + more, "another number of fields");
    /* Tickets are taken away everywhere, by others. */
    demand(gone + more == 0 || job->mail_class == CLASS_SUBMISSION ||
               headers->counts[HEADER_EGRESS_TICKET] > 0,
           "list mail is edited");
    demand(view.counts[HEADER_BCC] == 0 || job->mail_class == CLASS_LIST || gone >= 64 ||
               job->verdict.disposition == DISPOSITION_REJECT ||
               headers->counts[HEADER_DKIM_SIGNATURE] > 0 ||
               header_find(headers, SPAN("ARC-Message-Signature")) != NULL,
           "Bcc stays");
}

static void check_message(struct span message, bool is_list)
{
    struct drive_input input = { .session = { .keeps_space = message.size % 2 == 0,
                                              .mta_name = SPAN("mx.example.org") },
                                 .sender = SPAN("<alice@example.org>"),
                                 .message = message };
    ip_parse(SPAN("192.0.2.9"), &input.session.client);
    if (!is_list) {
        input.login = SPAN("alice@example.org");
    }
    struct job *job = drive_message(house.site, &house.world, &input);
    demand(job != NULL, "out of memory");
    demand(job->mail_class == (is_list ? CLASS_LIST : CLASS_SUBMISSION), "another class");
    for (const struct finding *f = job->findings.first; f != NULL; f = f->next) {
        demand(f->seen != NULL && f->seen[0] != '\0', "nothing was seen");
    }
    if (job->verdict.disposition != DISPOSITION_ACCEPT) {
        check_reply(&job->verdict);
    }
    check_edits(job);
    pipeline_finish(job, OUTCOME_ANSWERED);
    job_free(&job);
    buffer_clear(&house.log);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (house.site == NULL) {
        house_open(&house, "socket = \"unix:/x\"; mode = \"enforce\"; outgoing = { networks = ( { "
                           "name = \"lists\"; address = \"192.0.2.9\"; kind = \"list\"; } ); };");
    }
    check_message((struct span){ (const char *)data, size }, false);
    check_message((struct span){ (const char *)data, size }, true);
    return 0;
}
