/*
 * The links of a message that is judged are in its evidence at its end, and of no other.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "policy/drive.h"
#include "tests/support/house.h"
#include "tests/support/link_view.h"

static const char message[] =
    "From: alice@example.org\r\nMIME-Version: 1.0\r\n"
    "Content-Type: multipart/mixed;\r\n boundary=\"=_b\"\r\n\r\n"
    "--=_b\r\n\r\nsee www.example.com\r\n"
    "--=_b\r\nContent-Type: text/html\r\nContent-Transfer-Encoding: base64\r\n\r\n"
    "PGEgaHJlZj0vL2V4YW1wbGUubmV0Pg==\r\n--=_b--\r\n";

#define PLAIN "socket = \"unix:/x\";\n"
#define ASKING PLAIN "lists = ( { zone = \"dbl.spamhaus.org\"; use = \"links\"; } );\n"

/* Without an answer where nobody looked. */
static struct buffer links_of(const char *config, const char *login, size_t chunk_size)
{
    static const struct drive_recipient recipients[] = { { .path = SPAN("<b@example.net>"),
                                                           .mailer = SPAN("smtp") } };
    struct drive_input input = {
        .session = { .keeps_space = true, .client = { .family = 4, .bytes = { 192, 0, 2, 1 } } },
        .login = span_of(login),
        .sender = SPAN("<alice@example.org>"),
        .recipients = recipients,
        .recipient_count = 1,
        .message = { message, sizeof(message) - 1 },
        .chunk_size = chunk_size
    };
    struct buffer shown = BUFFER_EMPTY;
    struct house house;

    house_open(&house, config);
    struct job *job = drive_message(house.site, &house.world, &input);
    assert_non_null(job);
    if (job->evidence.links != NULL) {
        link_view_show(job->evidence.links, &shown);
    } else {
        buffer_add_text(&shown, "not looked at");
    }
    pipeline_finish(job, OUTCOME_ANSWERED);
    job_free(&job);
    house_close(&house);
    return shown;
}

static void judged_mail_has_links(void **state)
{
    (void)state;
    for (size_t chunk_size = 0; chunk_size < 9; chunk_size++) {
        struct buffer shown = links_of(ASKING, "alice@example.org", chunk_size);
        assert_string_equal(buffer_text(&shown), "www.example.com t, example.net h");
        buffer_free(&shown);
    }
}

static void without_lists_nobody_looks(void **state)
{
    struct buffer shown = links_of(PLAIN, "alice@example.org", 0);
    (void)state;
    assert_string_equal(buffer_text(&shown), "not looked at");
    buffer_free(&shown);
}

static void inbound_mail_has_none(void **state)
{
    struct buffer shown = links_of(ASKING, NULL, 0);
    (void)state;
    assert_string_equal(buffer_text(&shown), "not looked at");
    buffer_free(&shown);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(judged_mail_has_links),
        cmocka_unit_test(without_lists_nobody_looks),
        cmocka_unit_test(inbound_mail_has_none),
    };
    return cmocka_run_group_tests_name("policy/content", tests, NULL, NULL);
}
