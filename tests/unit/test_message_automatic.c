/*
 * automatic: which fields say that a program answers (RFC 3834), and which do not.
 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "message/automatic.h"
#include "message/builder.h"

static const struct {
    const char *fields;
    enum automatic automatic;
} cases[] = {
    { "Subject: Automatic reply: hello\n", AUTOMATIC_NO },
    { "Auto-Submitted: auto-replied\n", AUTOMATIC_REPLY },
    { "auto-submitted: AUTO-REPLIED\n", AUTOMATIC_REPLY },
    { "Auto-Submitted:\n  auto-replied (vacation)\n", AUTOMATIC_REPLY },
    { "Auto-Submitted: auto-replied; owner-email=\"a@b.example\"\n", AUTOMATIC_REPLY },
    { "Auto-Submitted: auto-replied;x\n", AUTOMATIC_REPLY },
    { "Auto-Submitted: auto-repliedness\n", AUTOMATIC_NO },
    { "Auto-Submitted: no\n", AUTOMATIC_NO },
    { "Auto-Submitted: no\nX-Autoreply: yes\n", AUTOMATIC_NO }, /* the standard's field decides */
    { "Auto-Submitted:\n", AUTOMATIC_NO },
    { "Auto-Submitted: auto-generated\n", AUTOMATIC_NO },
    { "Auto-Submitted: auto-generated\nIn-Reply-To: <1@b.example>\n", AUTOMATIC_REPLY },
    { "Auto-Submitted: auto-generated\nReferences: <1@b.example>\n", AUTOMATIC_REPLY },
    { "Auto-Submitted: auto-notified\nIn-Reply-To: <1@b.example>\n", AUTOMATIC_NO },
    { "X-Autoreply: yes\n", AUTOMATIC_REPLY },
    { "X-Autoreply: no\n", AUTOMATIC_NO },
    { "X-Autorespond: vacation\n", AUTOMATIC_REPLY },
    { "X-Auto-Response-Suppress: All\n", AUTOMATIC_NO },
    { "Precedence: auto_reply\n", AUTOMATIC_REPLY },
    { "Precedence: bulk\n", AUTOMATIC_NO },
    { "Precedence: list\nAuto-Submitted: auto-replied\nList-Id: <l.b.example>\n", AUTOMATIC_NO },
    { "Content-Type: multipart/report; boundary=b\nAuto-Submitted: auto-replied\n",
      AUTOMATIC_REPORT },
    { "Content-Type:\n Multipart/Report; boundary=b\n", AUTOMATIC_REPORT },
    { "Content-Type: multipart/reporting; boundary=b\n", AUTOMATIC_NO },
    { "Content-Type: text/plain\nIn-Reply-To: <1@b.example>\n", AUTOMATIC_NO },
};

static void ignore_body(void *context, const void *bytes, size_t size)
{
    (void)context;
    (void)bytes;
    (void)size;
}

static void test_fields(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct arena *arena = arena_new(65536);
        struct message message = { .session = NULL };
        header_list_init(&message.headers, false);
        assert_true(
            message_read(span_of(cases[i].fields), arena, &message.headers, ignore_body, NULL));
        if (message_automatic(&message, arena) != cases[i].automatic) {
            fail_msg("%s", cases[i].fields);
        }
        arena_free(&arena);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = { cmocka_unit_test(test_fields) };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
