/*
 * A text and the exact lines of the report: what a person reads after a slip.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>

#include <cmocka.h>

#include "test_config_schema.h"
#include "util/buffer.h"

struct fault_case {
    const char *what;
    const char *text;
    const char *faults; /* each line ended by a newline */
};

#define S "socket = \"unix:/s\";\n" /* the one setting that must stand; line 1 */
#define TOP_NAMES "socket, mode, socket_open, user, domains, internal, role, log, ceilings"
#define DURATIONS "a duration such as \"90s\", \"15m\", \"12h\" or \"7d\""
#define SIZES "a size such as \"64K\", \"10M\" or \"1G\""

static const struct fault_case semantic_cases[] = {
    { "nothing wrong", S "log = { inbound = true; };\n", "" },
    { "required", "mode = \"enforce\";",
      "t:1: socket: must be set: a text in quotes or a list [ ] of texts\n" },
    { "an empty file", "", "t:1: socket: must be set: a text in quotes or a list [ ] of texts\n" },

    /* names */
    { "unknown", S "\nbanana = 1;\n", "t:3: banana: unknown setting; valid here: " TOP_NAMES "\n" },
    { "unknown and near", S "mdoe = \"observe\";\n",
      "t:2: mdoe: unknown setting; valid here: " TOP_NAMES "; did you mean mode?\n" },
    { "unknown in a group", S "log = {\n  facilty = \"mail\";\n};\n",
      "t:3: log.facilty: unknown setting; valid here: facility, inbound, remote; did you mean "
      "facility?\n" },
    { "unknown group within a group", S "log = { remotes = { port = 1; }; };",
      "t:2: log.remotes: unknown setting; valid here: facility, inbound, remote; did you mean "
      "remote?\n" },
    { "unknown in an inner group", S "log = { remote = { prt = 1; }; };",
      "t:2: log.remote.prt: unknown setting; valid here: host, port; did you mean port?\n" },
    { "unknown in a list in a list",
      S "domains = (\n { name = \"a\"; },\n { name = \"b\";\n   keys = (\n"
        "   { selector = \"s\"; file = \"f\"; path = \"p\"; } ); } );",
      "t:6: domains[1].keys[0].path: unknown setting; valid here: selector, file\n" },
    { "planned", S "redis = { addresses = [ \"x\" ]; };\n",
      "t:2: redis: this version does not have it yet; remove the setting\n" },
    { "planned scalar in an entry", S "domains = ( { name = \"a\"; on_unpublished = \"pass\"; } );",
      "t:2: domains[0].on_unpublished: this version does not have it yet; remove the line\n" },

    /* types */
    { "bool", S "socket_open = \"yes\";",
      "t:2: socket_open: cannot be a text; valid: true or false\n" },
    { "text", S "user = 8;", "t:2: user: cannot be a number; valid: a text in quotes\n" },
    { "int", S "log = { remote = { port = 1.5; }; };",
      "t:2: log.remote.port: cannot be a number with a fraction; valid: a whole number\n" },
    { "duration", S "ceilings = { expire = true; };",
      "t:2: ceilings.expire: cannot be true or false; valid: " DURATIONS "\n" },
    { "size", S "ceilings = { message = [ ]; };",
      "t:2: ceilings.message: cannot be an array [ ]; valid: " SIZES "\n" },
    { "choice", S "mode = 1;", "t:2: mode: cannot be a number; valid: \"observe\", \"enforce\"\n" },
    { "texts", "socket = { };",
      "t:1: socket: cannot be a group { }; valid: a text in quotes or a list [ ] of texts\n" },
    { "alternatives", S "domains = 5;",
      "t:2: domains: cannot be a number; valid: a text in quotes, or a list ( ) of groups { }\n" },
    { "a group", S "log = \"info\";", "t:2: log: cannot be a text; valid: a group { }\n" },
    { "an entry", S "domains = (\n\"example.org\",\n{ name = \"b\"; });",
      "t:3: domains[0]: cannot be a text; valid: a group { }\n" },
    { "a text among texts", S "internal = (\n \"a\",\n 5,\n true,\n \"b\"\n);",
      "t:4: internal[1]: cannot be a number; valid: a text in quotes\n"
      "t:5: internal[2]: cannot be true or false; valid: a text in quotes\n" },

    /* values */
    { "choice", S "mode = \"Enforce\";",
      "t:2: mode: \"Enforce\" is not among the choices; valid: \"observe\", \"enforce\"\n" },
    { "int below", S "log = { remote = { port = 0; }; };",
      "t:2: log.remote.port: 0 is out of range; valid: 1 to 65535\n" },
    { "int above", S "log = { remote = { port = 65536; }; };",
      "t:2: log.remote.port: 65536 is out of range; valid: 1 to 65535\n" },
    { "int without range", S "ceilings = { total = -1; };",
      "t:2: ceilings.total: -1 is out of range; valid: 0 or more\n" },
    { "duration below", S "ceilings = { expire = \"59m\"; };",
      "t:2: ceilings.expire: 59m is out of range; valid: 1h to 90d\n" },
    { "duration above, as a number", S "ceilings = { expire = 86400000; };",
      "t:2: ceilings.expire: 1000d is out of range; valid: 1h to 90d\n" },
    { "negative duration", S "ceilings = { delay = -3; };",
      "t:2: ceilings.delay: -3 is out of range; valid: 0s or more\n" },
    { "no duration", S "ceilings = { expire = \"7 days\"; };",
      "t:2: ceilings.expire: \"7 days\" cannot be read; valid: " DURATIONS "\n" },
    { "size above", S "ceilings = { message = \"2G\"; };",
      "t:2: ceilings.message: 2G is out of range; valid: 64K to 1G\n" },
    { "no size", S "ceilings = { message = \"2MB\"; };",
      "t:2: ceilings.message: \"2MB\" cannot be read; valid: " SIZES "\n" },
    { "hook", "socket = \"/run/s\";",
      "t:1: socket: \"/run/s\": no socket; valid: \"unix:/PATH\" or \"inet:PORT@ADDRESS\"\n" },
    { "hook on each of a list", "socket = (\n\"unix:/a\",\n\"/b\",\n\"inet:1@::1\",\n\"c\"\n);",
      "t:3: socket[1]: \"/b\": no socket; valid: \"unix:/PATH\" or \"inet:PORT@ADDRESS\"\n"
      "t:5: socket[3]: \"c\": no socket; valid: \"unix:/PATH\" or \"inet:PORT@ADDRESS\"\n" },
    { "no UTF-8", S "user = \"m\xFCller\";",
      "t:2: user: byte 0xFC is no UTF-8; save the file as UTF-8\n" },
    { "overlong UTF-8", S "user = \"\xC0\xAF\";",
      "t:2: user: byte 0xC0 is no UTF-8; save the file as UTF-8\n" },
    { "a surrogate", S "user = \"\xED\xA0\x80\";",
      "t:2: user: byte 0xED is no UTF-8; save the file as UTF-8\n" },
    { "UTF-8 cut short", S "user = \"\xE2\x82\";",
      "t:2: user: byte 0xE2 is no UTF-8; save the file as UTF-8\n" },
    { "UTF-8 in a text, anything in a comment", S "user = \"m\xC3\xBCller\"; # \xFC\x01\n", "" },
    { "control character", S "user = \"a\\nb\";",
      "t:2: user: a text cannot hold the control character 0x0A\n" },
    { "control character of C1", S "user = \"a\xC2\x9B\";",
      "t:2: user: a text cannot hold the control character 0x9B\n" },

    /* entries of lists */
    { "required in an entry",
      S "domains = (\n{ name = \"a\"; keys = ( { selector = \"s\"; } ); },\n{ });",
      "t:3: domains[0].keys[0].file: must be set: a text in quotes\n"
      "t:4: domains[1].name: must be set: a text in quotes\n" },
    { "entries of one name",
      S "domains = (\n{ name = \"a\"; },\n{ name = \"b\"; },\n{\nname = \"a\"; });",
      "t:6: domains[2].name: \"a\" already set at t:3\n" },
    { "entries of one name, inside",
      S "domains = ( { name = \"a\"; keys = (\n{ selector = \"s\"; file = \"1\"; },\n"
        "{ selector = \"s\"; file = \"2\"; } ); },\n"
        "{ name = \"b\"; keys = ( { selector = \"s\"; file = \"1\"; } ); } );",
      "t:4: domains[0].keys[1].selector: \"s\" already set at t:3\n" },

    /* twice */
    { "twice", S "mode = \"observe\";\n\nmode = \"enforce\";\nuser = 5;",
      "t:4: mode: already set at t:2\nt:5: user: cannot be a number; valid: a text in quotes\n" },
    { "a group twice in one file", S "log = { inbound = true; };\nlog = { facility = \"mail\"; };",
      "t:3: log: already set at t:2\n" },
    { "twice in an entry", S "domains = ( { name = \"a\";\n d = \"x\";\n d = \"y\"; } );",
      "t:4: domains[0].d: already set at t:3\n" },
    { "the same name in two groups is fine",
      S "domains = ( { name = \"a\"; d = \"x\"; }, { name = \"b\"; d = \"x\"; } );", "" },

    /* checks run after faults too, and see the defaults of what was refused */
    { "check", S "ceilings = { expire = \"1h\";\ndelay = \"2h\"; };",
      "t:3: ceilings.delay: never effective beyond ceilings.expire (warning)\n" },
    { "check after a fault", S "ceilings = { delay = \"2h\";\nexpire = \"1x\";\n total = -1; };",
      "t:3: ceilings.expire: \"1x\" cannot be read; valid: " DURATIONS "\n"
      "t:4: ceilings.total: -1 is out of range; valid: 0 or more\n" },
    { "all faults, in the order of lines",
      S "user = 1;\nbanana = 1;\nlog = { facility = 1;\n inbound = 5; };\nmode = \"x\";",
      "t:2: user: cannot be a number; valid: a text in quotes\n"
      "t:3: banana: unknown setting; valid here: " TOP_NAMES "\n"
      "t:4: log.facility: cannot be a number; valid: a text in quotes\n"
      "t:5: log.inbound: cannot be a number; valid: true or false\n"
      "t:6: mode: \"x\" is not among the choices; valid: \"observe\", \"enforce\"\n" },
};

static const struct fault_case syntax_cases[] = {
    /* integers, which libconfig wraps */
    { "beyond 32 bits", S "ceilings = { total = 5000000000; };",
      "t:2: ceilings.total: 5000000000 is too large; valid: -2147483647 to 2147483647, beyond that "
      "with L at the end\n" },
    { "beyond 32 bits, hexadecimal", S "ceilings = { total = 0xFFFFFFFF; };",
      "t:2: ceilings.total: 0xFFFFFFFF is too large; valid: -2147483647 to 2147483647, beyond that "
      "with L at the end\n" },
    { "beyond 64 bits", S "ceilings = { total = 99999999999999999999L; };",
      "t:2: ceilings.total: 99999999999999999999L is too large; valid: -9223372036854775807L to "
      "9223372036854775807L\n" },
    { "beyond 64 bits, hexadecimal", S "ceilings = { total = 0x8000000000000000L; };",
      "t:2: ceilings.total: 0x8000000000000000L is too large; valid: -9223372036854775807L to "
      "9223372036854775807L\n" },
    { "64 bits", S "ceilings = { total = 5000000000L; };", "" },
    { "the largest", S "ceilings = { total = 9223372036854775807L; };", "" },
    { "digits in texts and comments are none",
      S "user = \"5000000000 \\\" 5000000000\"; # 5000000000\n// 5000000000\n/* 5000000000\n"
        "5000000000 */ mode = \"observe\";",
      "" },
    { "and faults behind it are found", S "ceilings = { total = 5000000000; };\nuser = 1;",
      "t:2: ceilings.total: 5000000000 is too large; valid: -2147483647 to 2147483647, beyond that "
      "with L at the end\nt:3: user: cannot be a number; valid: a text in quotes\n" },
    { "in an array", S "internal = [ 1,\n5000000000 ];",
      "t:2: internal[0]: cannot be a number; valid: a text in quotes\n"
      "t:3: internal[1]: 5000000000 is too large; valid: -2147483647 to 2147483647, beyond that "
      "with L at the end\nt:3: internal[1]: cannot be a number; valid: a text in quotes\n" },

    /* slips */
    { "trailing comma in an array", S "internal = [ \"a\",\n \"b\",\n];",
      "t:3: internal: remove the comma before \"]\"\n" },
    { "trailing comma in a list", S "domains = ( { name = \"a\"; },\n );",
      "t:2: domains: remove the comma before \")\"\n" },
    { "a forgotten comma", S "internal = [ \"a\"\n \"b\" ];",
      "t:2: internal[0]: a comma is missing after this text\n" },
    { "a forgotten comma between groups", S "domains = ( { name = \"a\"; }\n { name = \"b\"; } );",
      "t:3: domains: \",\" or \")\" expected, found \"{\"\n" },
    { "no quotes", S "mode = enforce;", "t:2: mode: texts need quotes: \"enforce\"\n" },
    { "no quotes in an array", S "internal = [\n  example,\n];",
      "t:3: internal[0]: texts need quotes: \"example\"\n" },
    { "no quotes in a list", S "internal = (\n  \"a\",\n  example.org );",
      "t:4: internal[1]: texts need quotes: \"example\"\n" },
    { "an entry is missing", S "internal = ( \"a\",\n, \"b\" );",
      "t:2: internal[1]: a value is missing here\n" },
    { "no quotes, a path", S "user = /bin/x;",
      "t:2: user: / cannot stand here; texts need quotes\n" },
    { "no quotes, a duration", S "ceilings = { expire = 7d; };",
      "t:2: ceilings.expire: 7d is no number; if it is a text, a duration or a size, put it in "
      "quotes\n" },
    { "no quotes, an address", S "user = 192.0.2.1/24;",
      "t:2: user: 192.0.2.1/24 is no number; if it is a text, a duration or a size, put it in "
      "quotes\n" },
    { "no value", S "user =\nmode = \"observe\";", "t:2: user: a value is missing here\n" },
    { "no value at the end", S "user = ;", "t:2: user: a value is missing here\n" },
    { "no equals sign", S "user \"x\";", "t:2: user: \"=\" expected, found \"x\"\n" },
    { "no name", S "= 5;", "t:2: the name of a setting expected, found \"=\"\n" },
    { "semicolon twice", S "user = \"x\";;",
      "t:2: no setting stands before this \";\"; remove it\n" },
    { "a value twice", S "user = \"x\" 5;", "t:2: the name of a setting expected, found \"5\"\n" },
    { "a text that never ends", S "user = \"x;\nmode = \"enforce\";",
      "t:2: user: this text has no closing quote on its line\n" },
    { "a comment that never ends", S "user = \"x\";\n/* mode = \"enforce\";\n",
      "t:3: this comment never ends; close it with */\n" },
    { "a group that never ends", S "log = {\ninbound = true;\n",
      "t:4: log: \"{\" of line 2 is never closed\n" },
    { "a list that never ends", S "domains = ( { }\n",
      "t:3: domains: \",\" or \")\" expected, found "
      "the end of the file\n" },
    { "closed too often", S "log = { }; };", "t:2: the name of a setting expected, found \"}\"\n" },
    { "closed by another bracket", S "internal = [ \"a\" );",
      "t:2: internal: \",\" or \"]\" expected, found \")\"\n" },
    { "groups in an array", S "domains = [ { name = \"a\"; } ];",
      "t:2: domains[0]: an array [ ] holds plain values only; write a list ( )\n" },
    { "an array of two types", S "internal = [ \"a\", 1 ];",
      "t:2: internal[1]: the values of an array [ ] are of one type; write a list ( )\n" },
    { "a path as a name", S "log.inbound = true;",
      "t:2: log: . cannot stand here; texts need quotes\n" },
    { "a letter that names do not have", S "m\xC3\xBCller = 5;",
      "t:2: m: byte 0xC3 cannot stand here; names consist of letters, digits, - and _\n" },
    { "include", S "@include \"other.conf\"\n",
      "t:2: @include is not supported; files in conf.d beside the main file are read after it\n" },
    { "NUL escaped", S "user = \"a\\x00b\";",
      "t:2: user: a text cannot hold the NUL byte \\x00\n" },
    { "only the first fault of grammar, no check, nothing missing", "user = 5;\nmode = ;\nlog = ;",
      "t:2: mode: a value is missing here\n" },
    { "twice, before a fault of grammar", S S "mode = ;",
      "t:2: socket: already set at t:1\nt:3: mode: a value is missing here\n" },

    /* what libconfig allows */
    { "separators", "socket : \"unix:/s\", user = \"x\" mode = \"observe\"", "" },
    { "texts joined", S "user = \"a\"\n  \"b\";", "" },
    { "a comment at the end without a newline", S "# end", "" },
    { "carriage returns", "socket = \"unix:/s\";\r\nlog = {\r\n};\r\n", "" },
    { "byte order mark", "\xEF\xBB\xBF" S, "" },
    { "escapes", S "user = \"\\x41\\\"\\\\ \\q\";", "" },
    { "empty lists", S "internal = [ ]; domains = ( );", "" },
    { "an array as an empty list", S "internal = ( ); domains = [ ];", "" },
};

/* The report as lines; warnings are marked. */
static void add_faults(const struct config_report *report, struct buffer *out)
{
    for (size_t i = 0; i < config_report_size(report); i++) {
        const struct config_fault *fault = config_report_fault(report, i);
        buffer_printf(out, "%s%s\n", fault->text,
                      fault->severity == CONFIG_WARNING ? " (warning)" : "");
    }
}

static void run_cases(const struct fault_case *cases, size_t count)
{
    size_t failed = 0;
    for (size_t i = 0; i < count; i++) {
        struct config_report *report = config_report_new();
        assert_non_null(report);
        struct config *config =
            config_load_text("t", span_of(cases[i].text), schema_tables, report);
        struct buffer faults = BUFFER_EMPTY;
        add_faults(report, &faults);
        bool is_loaded = config != NULL;
        bool has_errors = config_report_count(report, CONFIG_ERROR) > 0;
        if (strcmp(buffer_text(&faults), cases[i].faults) != 0 || is_loaded == has_errors) {
            print_error("%s: %s\nexpected:\n%sgot:\n%s", cases[i].what,
                        is_loaded ? "loaded" : "refused", cases[i].faults, buffer_text(&faults));
            failed++;
        }
        buffer_free(&faults);
        config_free(&config);
        config_report_free(&report);
    }
    assert_int_equal(failed, 0);
}

static void test_semantics(void **state)
{
    (void)state;
    run_cases(semantic_cases, sizeof(semantic_cases) / sizeof(semantic_cases[0]));
}

static void test_syntax(void **state)
{
    (void)state;
    run_cases(syntax_cases, sizeof(syntax_cases) / sizeof(syntax_cases[0]));
}

static void expect_only(struct span text, const char *fault)
{
    struct config_report *report = config_report_new();
    assert_non_null(report);
    assert_null(config_load_text("t", text, schema_tables, report));
    assert_int_equal(config_report_size(report), 1);
    assert_string_equal(config_report_fault(report, 0)->text, fault);
    config_report_free(&report);
}

static void test_nul_byte(void **state)
{
    (void)state;
    expect_only(SPAN("socket = \"unix:/s\";\n\n# \0\n"), "t:3: a NUL byte; this is no text file");
}

/* The bound is for the stack: libconfig and we walk trees by recursion. */
static void test_depth(void **state)
{
    (void)state;
    struct buffer text = BUFFER_EMPTY;
    buffer_add_text(&text, "domains = ");
    for (int i = 0; i < 100000; i++) {
        buffer_add_text(&text, "(");
    }
    assert_false(buffer_has_failed(&text));
    struct config_report *report = config_report_new();
    assert_null(config_load_text("t", buffer_span(&text), schema_tables, report));
    assert_int_equal(config_report_size(report), 1);
    assert_non_null(strstr(config_report_fault(report, 0)->text, ": nested too deeply"));
    config_report_free(&report);
    buffer_free(&text);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_semantics),
        cmocka_unit_test(test_syntax),
        cmocka_unit_test(test_nul_byte),
        cmocka_unit_test(test_depth),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
