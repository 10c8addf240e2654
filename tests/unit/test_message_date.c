/*
 * date: printed dates against known ones (RFC 5322 3.3), in all zones and at the ends of time.
 */
#include "test_message_support.h"

#include "message/date.h"

static void test_dates(void **state)
{
    static const struct {
        int64_t wall_s;
        int32_t offset_s;
        const char *wanted;
    } cases[] = {
        { 0, 0, "Thu, 1 Jan 1970 00:00:00 +0000" },
        { -1, 0, "Wed, 31 Dec 1969 23:59:59 +0000" },
        { 1795473908, 3600, "Mon, 23 Nov 2026 23:45:08 +0100" },
        { 1795473908, -12600, "Mon, 23 Nov 2026 19:15:08 -0330" },
        { 1795473908, 20700, "Tue, 24 Nov 2026 04:30:08 +0545" },
        { 880127706, -21600, "Fri, 21 Nov 1997 09:55:06 -0600" }, /* RFC 5322 A.1.1 */
        { 951782400, 0, "Tue, 29 Feb 2000 00:00:00 +0000" },
        { 4107542399, 0, "Sun, 28 Feb 2100 23:59:59 +0000" },
        { 4107542400, 0, "Mon, 1 Mar 2100 00:00:00 +0000" },
        { 1704067199, 1, "Sun, 31 Dec 2023 23:59:59 +0000" },
        { 1704067199, 60, "Mon, 1 Jan 2024 00:00:59 +0001" },
        { 0, -3208, "Wed, 31 Dec 1969 23:07:00 -0053" }, /* seconds of a zone are not said */
        { 0, -59, "Thu, 1 Jan 1970 00:00:00 +0000" },
        { INT64_MIN, INT32_MIN, "Mon, 1 Jan 1900 20:01:00 -9959" },
        { INT64_MAX, INT32_MAX, "Fri, 31 Dec 9999 03:58:59 +9959" },
        { INT64_MAX, 0, "Sun, 26 Dec 9999 23:59:59 +0000" },
    };

    (void)state;
    for (size_t i = 0; i < COUNT(cases); i++) {
        char text[DATE_TEXT_MAX];

        date_print(cases[i].wall_s, cases[i].offset_s, text);
        assert_string_equal(text, cases[i].wanted);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_dates),
    };

    return cmocka_run_group_tests_name("message/date", tests, NULL, NULL);
}
