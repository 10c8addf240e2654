/*
 * What a refused client reads: code, class, text; never '%', never a control byte, never too long.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <string.h>

#include "finding/finding.h"
#include "finding/reply.h"

static struct finding *one(struct arena **arena, struct finding_list *list, const char *seen)
{
    *arena = arena_new(64 * 1024);
    finding_list_init(list, *arena);
    return finding_add(list, FINDING_FROM_MISSING, "do this", "%s", seen);
}

static void replies(void **state)
{
    static const struct {
        enum action action;
        const char *seen, *code, *enhanced, *text;
    } cases[] = {
        { ACTION_REJECT, "seen", "550", "5.7.1", "from-missing: seen; do this" },
        { ACTION_DEFER, "seen", "451", "4.7.1", "from-missing: seen; do this" },
        { ACTION_HOLD, "seen", "", "", "" },
        { ACTION_OBSERVE, "seen", "", "", "" },
        { ACTION_REJECT, "100% of\r\n550 x", "550", "5.7.1",
          "from-missing: 100\\x25 of\\x0d\\x0a550 x; do this" },
        { ACTION_REJECT, "b\xc3\xbc", "550", "5.7.1", "from-missing: b\\xc3\\xbc; do this" },
    };
    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct arena *arena;
        struct finding_list list;
        struct reply reply;
        reply_build(one(&arena, &list, cases[i].seen), cases[i].action, &reply);
        assert_string_equal(reply.code, cases[i].code);
        assert_string_equal(reply.enhanced, cases[i].enhanced);
        assert_string_equal(reply.text, cases[i].text);
        arena_free(&arena);
    }
}

static void long_reply_is_cut(void **state)
{
    (void)state;
    char seen[4000];
    memset(seen, '%', sizeof(seen) - 1);
    seen[sizeof(seen) - 1] = '\0';
    struct arena *arena;
    struct finding_list list;
    struct reply reply;
    reply_build(one(&arena, &list, seen), ACTION_REJECT, &reply);
    assert_true(strlen(reply.text) < sizeof(reply.text));
    assert_null(strchr(reply.text, '%'));
    arena_free(&arena);
}

static void every_finding_has_a_name_and_actions(void **state)
{
    (void)state;
    for (int id = 0; id < FINDING_COUNT; id++) {
        enum finding_id found;
        assert_true(finding_id_parse(span_of(finding_name((enum finding_id)id)), &found));
        assert_int_equal(found, id);
        assert_int_equal(finding_default_action((enum finding_id)id, CLASS_INBOUND), ACTION_OFF);
        assert_int_not_equal(finding_default_action((enum finding_id)id, CLASS_FORWARD),
                             ACTION_REPAIR);
        assert_int_not_equal(finding_default_action((enum finding_id)id, CLASS_LIST),
                             ACTION_REPAIR);
    }
    enum finding_id none;
    assert_false(finding_id_parse(SPAN("from"), &none));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(replies),
        cmocka_unit_test(long_reply_is_cut),
        cmocka_unit_test(every_finding_has_a_name_and_actions),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
