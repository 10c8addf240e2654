/*
 * The effective configuration as it is shown, and that reading it again gives the same.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "test_config_schema.h"
#include "util/buffer.h"

struct print_case {
    const char *text;
    const char *printed;
};

static const struct print_case cases[] = {
    { "socket = \"unix:/s\";",
      "socket = [ \"unix:/s\" ];\n"
      "mode = \"observe\";  # default\n"
      "socket_open = false;  # default\n"
      "user = \"egress-milter\";  # default\n"
      "internal = [ \"localhost\", \"localhost.localdomain\" ];  # default\n"
      "log = {\n"
      "    facility = \"mail\";  # default\n"
      "    remote = {\n"
      "        port = 514;  # default\n"
      "    };\n"
      "};\n"
      "ceilings = {\n"
      "    message = \"2M\";  # default\n"
      "    expire = \"7d\";  # default\n"
      "    delay = \"90s\";  # default\n"
      "    shift = -5;  # default\n"
      "};\n" },
    { "socket = ( \"unix:/a\", \"inet:1@::1\" );\n"
      "mode = \"enforce\"; socket_open = true; user = \"a\\\"b\\\\c m\xC3\xBC # default\";\n"
      "internal = ( ); role = \"off\";\n"
      "log = { inbound = true; remote = { host = \"\"; port = 0x10; }; };\n"
      "ceilings = { message = 65537; expire = 7200; delay = \"1ms\"; shift = 0;\n"
      "  total = 5000000000L; };\n"
      "domains = ( { name = \"a\"; subdomains = false; aliases = [ \"x\", \"y\" ];\n"
      "    keys = ( { selector = \"s\"; file = \"f\"; }, { selector = \"t\"; file = \"g\"; } ); "
      "},\n"
      "  { name = \"b\"; keys = ( ); on_failure = \"pass\"; } );\n",
      "socket = [ \"unix:/a\", \"inet:1@::1\" ];\n"
      "mode = \"enforce\";\n"
      "socket_open = true;\n"
      "user = \"a\\\"b\\\\c m\xC3\xBC # default\";\n"
      "domains = (\n"
      "    {\n"
      "        name = \"a\";\n"
      "        subdomains = false;\n"
      "        on_failure = \"hold\";  # default\n"
      "        aliases = [ \"x\", \"y\" ];\n"
      "        keys = (\n"
      "            {\n"
      "                selector = \"s\";\n"
      "                file = \"f\";\n"
      "            },\n"
      "            {\n"
      "                selector = \"t\";\n"
      "                file = \"g\";\n"
      "            }\n"
      "        );\n"
      "    },\n"
      "    {\n"
      "        name = \"b\";\n"
      "        subdomains = true;  # default\n"
      "        on_failure = \"pass\";\n"
      "        keys = ();\n"
      "    }\n"
      ");\n"
      "internal = [ ];\n"
      "role = \"off\";\n"
      "log = {\n"
      "    facility = \"mail\";  # default\n"
      "    inbound = true;\n"
      "    remote = {\n"
      "        host = \"\";\n"
      "        port = 16;\n"
      "    };\n"
      "};\n"
      "ceilings = {\n"
      "    message = \"65537\";\n"
      "    expire = \"2h\";\n"
      "    delay = \"1s\";\n"
      "    shift = 0;\n"
      "    total = 5000000000L;\n"
      "};\n" },
    /* alternatives: the one that is set */
    { "socket = \"unix:/s\"; domains = \"dir:/keys\"; mode = \"observe\"; socket_open = false;\n"
      "user = \"u\"; internal = \"i\"; log = { facility = \"f\"; remote = { port = 1; }; };\n"
      "ceilings = { message = \"1G\"; expire = \"25h\"; delay = \"0s\"; shift = -10; };\n",
      "socket = [ \"unix:/s\" ];\n"
      "mode = \"observe\";\n"
      "socket_open = false;\n"
      "user = \"u\";\n"
      "domains = \"dir:/keys\";\n"
      "internal = [ \"i\" ];\n"
      "log = {\n"
      "    facility = \"f\";\n"
      "    remote = {\n"
      "        port = 1;\n"
      "    };\n"
      "};\n"
      "ceilings = {\n"
      "    message = \"1G\";\n"
      "    expire = \"25h\";\n"
      "    delay = \"0s\";\n"
      "    shift = -10;\n"
      "};\n" },
};

static void print_text(struct span text, struct buffer *out)
{
    struct config_report *report = config_report_new();
    assert_non_null(report);
    struct config *config = config_load_text("t", text, schema_tables, report);
    for (size_t i = 0; i < config_report_size(report); i++) {
        print_error("%s\n", config_report_fault(report, i)->text);
    }
    assert_non_null(config);
    config_print(config, out);
    assert_false(buffer_has_failed(out));
    config_free(&config);
    config_report_free(&report);
}

static void test_exact(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct buffer out = BUFFER_EMPTY;
        print_text(span_of(cases[i].text), &out);
        assert_string_equal(buffer_text(&out), cases[i].printed);
        buffer_free(&out);
    }
}

/* Without the marks, since nothing is a default any more when it was read. */
static void add_unmarked(struct buffer *out, struct span text)
{
    struct span line;
    while (span_cut(&text, '\n', &line)) {
        if (span_has_suffix_nocase(line, SPAN("  # default"))) {
            line.size -= SPAN("  # default").size;
        }
        buffer_add_span(out, line);
        buffer_add_char(out, '\n');
    }
}

static void test_round_trip(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct buffer first = BUFFER_EMPTY, second = BUFFER_EMPTY, unmarked = BUFFER_EMPTY;
        print_text(span_of(cases[i].text), &first);
        print_text(buffer_span(&first), &second);
        buffer_add_char(&second, '\n'); /* add_unmarked() ends the empty last piece as well */
        add_unmarked(&unmarked, buffer_span(&first));
        assert_string_equal(buffer_text(&second), buffer_text(&unmarked));
        buffer_free(&first);
        buffer_free(&second);
        buffer_free(&unmarked);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_exact),
        cmocka_unit_test(test_round_trip),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
