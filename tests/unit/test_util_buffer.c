/*
 * buffer: growth, the NUL behind the text, and the mark of failure.
 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdlib.h>
#include <string.h>

#include "util/buffer.h"

static void test_empty(void **state)
{
    struct buffer buffer = BUFFER_EMPTY;

    (void)state;
    assert_string_equal(buffer_text(&buffer), "");
    assert_non_null(buffer_span(&buffer).at);
    assert_int_equal(buffer_span(&buffer).size, 0);
    buffer_add(&buffer, NULL, 0);
    buffer_add_span(&buffer, (struct span){ NULL, 0 });
    buffer_add_text(&buffer, "");
    buffer_printf(&buffer, "%s", "");
    buffer_clear(&buffer);
    assert_string_equal(buffer_text(&buffer), "");
    assert_false(buffer_has_failed(&buffer));
    buffer_free(&buffer);
    buffer_free(&buffer);
}

static void test_adds(void **state)
{
    struct buffer buffer = BUFFER_EMPTY;

    (void)state;
    buffer_add_text(&buffer, "one");
    buffer_add_char(&buffer, ' ');
    buffer_add_span(&buffer, SPAN("two"));
    buffer_add(&buffer, "\0!", 2);
    buffer_printf(&buffer, "%d-%s", 3, "three");
    assert_int_equal(buffer.size, 16);
    assert_memory_equal(buffer_text(&buffer), "one two\0!3-three", 17);
    buffer_clear(&buffer);
    assert_string_equal(buffer_text(&buffer), "");
    buffer_add_text(&buffer, "again");
    assert_string_equal(buffer_text(&buffer), "again");
    buffer_free(&buffer);
    assert_null(buffer.at);
}

/* Every length passes every boundary of the room, added byte by byte and formatted. */
static void test_growth(void **state)
{
    struct buffer buffer = BUFFER_EMPTY, formatted = BUFFER_EMPTY;

    (void)state;
    for (size_t i = 0; i < 10000; i++) {
        buffer_add_char(&buffer, (char)('a' + i % 26));
        assert_int_equal(buffer.size, i + 1);
        assert_int_equal(buffer.at[i + 1], '\0');
    }
    for (size_t i = 0; i < 10000; i++)
        assert_int_equal(buffer.at[i], 'a' + i % 26);
    for (int i = 0; i < 400; i++)
        buffer_printf(&formatted, "%0*d", i, i);
    assert_int_equal(formatted.size, strlen(formatted.at));
    assert_false(buffer_has_failed(&buffer) || buffer_has_failed(&formatted));
    buffer_free(&buffer);
    buffer_free(&formatted);
}

/* What cannot be had leaves the text as it was, and all that follows out. */
static void test_failure(void **state)
{
    struct buffer buffer = BUFFER_EMPTY;

    (void)state;
    buffer_add_text(&buffer, "kept");
    buffer_add(&buffer, "", SIZE_MAX - 2);
    assert_true(buffer_has_failed(&buffer));
    buffer_add_text(&buffer, "lost");
    buffer_printf(&buffer, "%d", 1);
    assert_string_equal(buffer_text(&buffer), "kept");
    buffer_clear(&buffer);
    assert_false(buffer_has_failed(&buffer));
    buffer_add_text(&buffer, "new");
    assert_string_equal(buffer_text(&buffer), "new");
    buffer_add(&buffer, "", SIZE_MAX);
    assert_true(buffer_has_failed(&buffer));
    buffer_free(&buffer);
    assert_false(buffer_has_failed(&buffer));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_empty),
        cmocka_unit_test(test_adds),
        cmocka_unit_test(test_growth),
        cmocka_unit_test(test_failure),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
