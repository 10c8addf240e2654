/*
 * corpus_dnsbl: SpamAssassin's message for tests of DNS lists, and what its lists know of it
 * (corpus/uribl/README.md): five addresses of its Received fields, the domain of its author, and an
 * address in a link. As lists on both levels know one of its links, too, each question of ours is
 * seen.
 *
 * Which servers a message came over says nothing about whoever sends it with his login: only the
 * client himself is asked about. 127.0.0.1, "listed as good" there, is no code of a block list: a
 * zone that answers it is out of order, and accuses nobody.
 */
#include <stdio.h>
#include <string.h>

#include "auth/organization.h"
#include "policy/drive.h"
#include "tests/corpus/jsonl.h"
#include "tests/support/house.h"
#include "tests/support/link_view.h"

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))
#define ARENA_BYTES ((size_t)16 << 20)

static const char site_text[] =
    "socket = \"unix:/x\"; mode = \"enforce\"; senders = { unlisted = \"observe\"; }; lists = ("
    "  { zone = \"bl.example\"; kind = \"address\"; use = [ \"client\", \"links\" ]; codes = ("
    "      { code = \"127.0.0.2\"; means = \"dynamic\"; policy = true; }, { code = \"127.0.0.4\"; "
    "means = "
    "\"spam\"; },"
    "      { code = \"127.0.0.12\"; means = \"spam and relay\"; } ); },"
    "  { zone = \"org.example\"; kind = \"domain\"; use = [ \"links\", \"sender-domain\" ];"
    "    level = \"organization\"; codes = ( { code = \"127.0.0.2\"; means = \"bad\"; } ); },"
    "  { zone = \"host.example\"; kind = \"domain\"; use = \"links\"; level = \"host\";"
    "    codes = ( { code = \"127.0.0.2\"; means = \"bad\"; } ); } );";

static const char dns_text[] = "2.0.0.127.bl.example A 127.0.0.2\n"
                               "test.org.example A 127.0.0.2\n"
                               "test.host.example A 127.0.0.2\n"
                               "98.3.137.144.bl.example A 127.0.0.2\n"
                               "134.88.73.210.bl.example A 127.0.0.4\n"
                               "18.13.119.61.bl.example A 127.0.0.12\n"
                               "226.149.120.193.bl.example A 127.0.0.1\n"
                               "14.35.17.212.bl.example A 127.0.0.1\n"
                               "example.com.org.example A 127.0.0.2\n"
                               "uribl-example-a.com.org.example A 127.0.0.2\n"
                               "foo.bar.baz.uribl-example-a.com.host.example A 127.0.0.2\n";

#define LINKS                                                                                      \
    "foo.bar.baz.uribl-example-a.com t, uribl-example-b.com t, uribl-example-c.com t, "            \
    "spamassassin.org t, 144.137.3.98 ta"

#define OF_DOMAINS                                                                                 \
    "link-listed: uribl-example-a.com is listed by org.example: 127.0.0.2, bad\n"                  \
    "link-listed: foo.bar.baz.uribl-example-a.com is listed by host.example: 127.0.0.2, bad\n"
#define OF_ADDRESS "link-listed: 144.137.3.98 is listed by bl.example: 127.0.0.2, dynamic\n"
#define OF_CLIENT(client, code)                                                                    \
    "client-listed: " client " is listed by bl.example: 127.0.0." code "\n"
#define OF_AUTHOR "domain-listed: example.com is listed by org.example: 127.0.0.2, bad\n"

/* What is found when this client submits the message. */
static const struct {
    const char *client, *found;
} rows[] = {
    { "192.0.2.99", OF_DOMAINS OF_ADDRESS OF_AUTHOR },
    { "144.137.3.98", OF_DOMAINS OF_ADDRESS OF_AUTHOR }, /* policy: nothing against a login */
    { "210.73.88.134", OF_DOMAINS OF_ADDRESS OF_CLIENT("210.73.88.134", "4, spam") OF_AUTHOR },
    { "61.119.13.18",
      OF_DOMAINS OF_ADDRESS OF_CLIENT("61.119.13.18", "12, spam and relay") OF_AUTHOR },
    { "193.120.149.226", OF_DOMAINS OF_AUTHOR }, /* 127.0.0.1: that zone is off */
    { "212.17.35.14", OF_DOMAINS OF_AUTHOR },
};

static struct house house;

static void list_findings(const struct job *job, struct buffer *out)
{
    for (const struct finding *f = job->findings.first; f != NULL; f = f->next) {
        if (f->id == FINDING_LINK_LISTED || f->id == FINDING_CLIENT_LISTED ||
            f->id == FINDING_DOMAIN_LISTED) {
            buffer_printf(out, "%s: %s\n", finding_name(f->id), f->seen);
        }
    }
}

static bool is_as(const char *client, const char *what, struct buffer *found, const char *wanted)
{
    bool is_same = strcmp(buffer_text(found), wanted) == 0;
    if (!is_same) {
        printf("FAIL %s, %s:\nfound\n%s\nwanted\n%s\n", client, what, buffer_text(found), wanted);
    }
    buffer_free(found);
    return is_same;
}

static unsigned judge(struct span file, const char *client, const char *wanted)
{
    struct drive_recipient recipient = { .path = SPAN("<bob@away.example>"),
                                         .mailer = SPAN("smtp") };
    struct drive_input input = { .session = { .mta_version = SPAN("8.17.1") },
                                 .login = SPAN("alice@example.org"),
                                 .sender = SPAN("<alice@example.org>"),
                                 .recipients = &recipient,
                                 .recipient_count = 1,
                                 .message = file };
    struct buffer links = BUFFER_EMPTY, found = BUFFER_EMPTY;
    unsigned failed = 0;
    ip_parse(span_of(client), &input.session.client);
    house_test_lists(&house); /* none is off because of the row before */
    struct job *job = drive_message(house.site, &house.world, &input);
    if (job == NULL || job->evidence.links == NULL) {
        printf("FAIL %s: not looked at\n", client);
        return 1;
    }
    link_view_show(job->evidence.links, &links);
    list_findings(job, &found);
    failed += !is_as(client, "links", &links, LINKS);
    failed += !is_as(client, "findings", &found, wanted);
    pipeline_finish(job, OUTCOME_ANSWERED);
    job_free(&job);
    return failed;
}

int main(void)
{
    struct arena *arena = arena_new(ARENA_BYTES);
    unsigned failed = 0;
    struct span file;
    if (arena == NULL || !corpus_read("uribl/dnsbl.eml", arena, &file)) {
        puts("SKIP: corpus absent");
        arena_free(&arena);
        return 77;
    }
    if (!organization_is_known()) {
        puts("SKIP: which domain is registered is not known (libpsl)");
        arena_free(&arena);
        return 77;
    }
    house_open(&house, site_text);
    house_script_dns(&house, dns_text);
    for (size_t i = 0; i < COUNT(rows); i++) {
        failed += judge(file, rows[i].client, rows[i].found);
    }
    if (house.tested.size > 0) {
        printf("FAIL a list is out of order: %s", buffer_text(&house.tested));
        failed++;
    }
    printf("%zu clients, %u failed\n", COUNT(rows), failed);
    house_close(&house);
    arena_free(&arena);
    return failed > 0;
}
