/*
 * The verdict does not depend on how the MTA cuts the body into pieces, and every message is
 * reported once.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "policy/drive.h"
#include "tests/support/house.h"

static const char message[] = "From: alice@example.org\r\nDate: Sun, 01 Mar 2026 11:59:00 +0000\r\n"
                              "Message-ID: <1@example.org>\r\n\r\n"
                              "a  b \t\r\n\r\n\r\n.\r\r\n c\n d \r\n\r\n";

static char *run(struct house *house, size_t chunk_size)
{
    static const struct drive_recipient recipients[] = { { SPAN("<b@example.net>"), SPAN("smtp"),
                                                           SPAN("example.net") } };
    struct drive_input input = { .session = { .keeps_space = true },
                                 .login = SPAN("alice@example.org"),
                                 .sender = SPAN("<alice@example.org>"),
                                 .recipients = recipients,
                                 .recipient_count = 1,
                                 .message = { message, sizeof(message) - 1 },
                                 .chunk_size = chunk_size };
    struct job *job = drive_message(house->site, &house->world, &input);
    assert_non_null(job);
    assert_int_equal(job->signing.count, 1);
    char *value = span_strdup(job->verdict.edits.last->value);
    pipeline_finish(job, OUTCOME_ANSWERED);
    pipeline_finish(job, OUTCOME_ABORTED);
    job_free(&job);
    return value;
}

static void pieces_change_nothing(void **state)
{
    static const char *const forms[] = { "simple/simple", "simple/relaxed", "relaxed/simple",
                                         "relaxed/relaxed" };
    (void)state;
    char key_path[] = "/tmp/egress-key.XXXXXX";
    int fd = mkstemp(key_path);
    struct error error;
    struct buffer pem = BUFFER_EMPTY;
    struct dkim_key *key = dkim_key_generate(DKIM_RSA_SHA256, 1024, &error);
    assert_non_null(key);
    assert_true(dkim_key_print_private(key, &pem));
    assert_int_equal(write(fd, pem.at, pem.size), (ssize_t)pem.size);
    close(fd);
    for (size_t f = 0; f < 4; f++) {
        char config[400];
        snprintf(
            config, sizeof(config),
            "socket = \"unix:/x\"; mode = \"enforce\"; signing = { canonicalization = \"%s\"; };"
            "domains = ( { name = \"example.org\"; keys = ( { selector = \"s\"; file = \"%s\"; } "
            "); } );",
            forms[f], key_path);
        struct house house;
        house_open(&house, config);
        char *whole = run(&house, 0);
        for (size_t size = 1; size < 12; size++) {
            char *cut = run(&house, size);
            assert_string_equal(cut, whole);
            free(cut);
        }
        free(whole);
        size_t lines = 0;
        for (size_t i = 0; i < house.log.size; i++) {
            lines += house.log.at[i] == '\n';
        }
        assert_int_equal(lines, 12);
        house_close(&house);
    }
    remove(key_path);
    buffer_free(&pem);
    dkim_key_unref(&key);
}

int main(void)
{
    const struct CMUnitTest tests[] = { cmocka_unit_test(pieces_change_nothing) };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
