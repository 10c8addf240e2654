/*
 * settings: every table once, and what is said about sockets and about settings that do nothing.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <string.h>

#include "config/config.h"
#include "control/settings.h"
#include "milter/milter.h"

/* All faults, one a line: "E ..." or "W ...". */
static void faults_of(const char *text, struct buffer *out, struct config **config_r)
{
    struct config_report *report = config_report_new();

    *config_r = config_load_text("t.conf", span_of(text), all_config_tables(), report);
    for (size_t i = 0; i < config_report_size(report); i++) {
        const struct config_fault *fault = config_report_fault(report, i);
        buffer_printf(out, "%c %s\n", fault->severity == CONFIG_ERROR ? 'E' : 'W', fault->text);
    }
    config_report_free(&report);
}

#define LIMIT(more)                                                                                \
    "socket = \"unix:/x\";\nlimits = ( { name = \"a\"; count = \"messages\"; max = 1; per = "      \
    "60; " more " } );\n"
#define NETWORK(more)                                                                              \
    "outgoing = { networks = ( { name = \"printers\"; address = \"192.0.2.1\"; " more " } ); };\n"

static void test_faults(void **state)
{
    static const struct {
        const char *text;
        const char *says; /* NULL: no fault at all */
    } cases[] = {
        { "socket = \"unix:/run/x.sock\";", NULL },
        { "socket = [ \"unix:/run/x.sock\", \"inet:8891@127.0.0.1\" ]; socket_mode = \"0666\";",
          NULL },
        { "socket = \"inet6:8891@::1\";", NULL },
        { "socket = \"inet:8891@192.0.2.1\"; socket_open = true;", NULL },
        { "", "socket: must be set" },
        { "socket = [ ];", "E t.conf:1: socket: the list is empty" },
        { "socket = \"tcp:127.0.0.1:9\";", "E t.conf:1: socket: \"tcp:127.0.0.1:9\": no socket" },
        { "socket = \"inet:70000@127.0.0.1\";", "\"inet:70000@127.0.0.1\": the port is" },
        { "\nsocket = \"inet:8891@0.0.0.0\";", "E t.conf:2: socket: \"inet:8891@0.0.0.0\" is not" },
        { "socket = \"inet:8891@192.0.2.1\";", "socket_open = true" },
        { "socket = [ \"unix:/x\", \"unix:/y\", \"unix:/x\" ];",
          "E t.conf:1: socket: \"unix:/x\" stands there twice" },
        { "socket = \"unix:/x\"; socket_mode = \"0888\";",
          "E t.conf:1: socket_mode: \"0888\": no octal mode" },
        { "socket = \"unix:/x\"; socket_group = \"\";", "E t.conf:1: socket_group: \"\": empty" },
        { "socket = \"unix:/x\";\nlog = { facility = \"nonsense\"; };",
          "E t.conf:2: log.facility: \"nonsense\": no syslog facility; valid: user, mail, daemon" },
        { "socket = \"unix:/x\"; log = { facility = \"local3\"; };", NULL },
        { "socket = \"unix:/x\"; outgoing = { internal = [ \"a b\" ]; };",
          "E t.conf:1: outgoing.internal[0]: \"a b\": not a domain name" },
        { "socket = \"inet:8891@127.0.0.1\"; socket_mode = \"0660\";",
          "W t.conf:1: socket_mode: has no effect" },
        { "socket = \"inet:8891@127.0.0.1\"; socket_group = \"postfix\";",
          "W t.conf:1: socket_group: has no effect" },
        { "socket = \"inet:8891@127.0.0.1\"; socket_open = true;",
          "W t.conf:1: socket_open: has no effect" },
        { "socket = \"unix:/x\"; control = { socket = \"x\"; };",
          "E t.conf:1: control.socket: \"x\": the path" },
        { "socket = \"unix:/x\"; control = { socket = \"/x\"; };",
          "E t.conf:1: control.socket: /x is a milter socket already" },
        { "socket = \"unix:/x\"; control = { read_group = \"\"; };",
          "E t.conf:1: control.read_group: \"\": empty" },
        { "socket = \"unix:/x\"; signing = { expire = \"7d\"; };",
          "W t.conf:1: signing.expire: has no effect: no domains" },
        { "socket = \"unix:/x\"; mode = \"enforce\"; signing = { in_observe = true; };\n"
          "domains = ( { name = \"example.org\"; keys = ( { selector = \"s\"; file = \"/k\"; } ); "
          "} );",
          "W t.conf:1: signing.in_observe: has no effect: mode is enforce" },
        { "socket = \"unix:/x\"; outgoing = { authenticated = false; };\n"
          "logins = { realm = \"example.org\"; };",
          "W t.conf:2: logins.realm: has no effect" },
        { LIMIT("network = \"printers\";"),
          "W t.conf:2: limits[0].network: has no effect: no row of outgoing.networks is called "
          "\"printers\"" },
        { LIMIT("network = \"Printers\";") NETWORK(""), NULL },
        { LIMIT("network = [ \"printers\", \"scanners\" ];") NETWORK(""),
          "W t.conf:2: limits[0].network: has no effect: no row of outgoing.networks is called "
          "\"scanners\"" },
        { LIMIT("plan = \"pro\";"),
          "W t.conf:2: limits[0].plan: has no effect: nobody is on a plan, see plans.table" },
        { LIMIT("by = \"plan\";") NETWORK(""),
          "W t.conf:2: limits[0].by: has no effect: nobody is on a plan, see plans.table" },
        { LIMIT("by = \"plan\"; plan = \"pro\";") NETWORK("plan = \"pro\";"), NULL },
        { LIMIT("plan = \"pro\";") "plans = { default = \"basic\"; };", NULL },
        { LIMIT("principal = \"x\"; domain = \"y\"; class = \"relay\";"), NULL },
    };

    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct buffer faults = BUFFER_EMPTY;
        struct config *config;
        faults_of(cases[i].text, &faults, &config);
        if (cases[i].says == NULL ? faults.size != 0
                                  : strstr(buffer_text(&faults), cases[i].says) == NULL)
            fail_msg("%s\nsaid: %s", cases[i].text, buffer_text(&faults));
        if ((config == NULL) != (strstr(buffer_text(&faults), "E ") != NULL))
            fail_msg("%s: a configuration with errors, or none without", cases[i].text);
        config_free(&config);
        buffer_free(&faults);
    }
}

static void test_values(void **state)
{
    struct buffer faults = BUFFER_EMPTY;
    struct config *config;
    const struct socket_settings *sockets;
    const struct control_settings *control;

    (void)state;
    faults_of("socket = [ \"unix:/a\", \"inet:8891@127.0.0.1\" ];", &faults, &config);
    assert_int_equal(faults.size, 0);
    sockets = config_settings(config, &milter_socket_table);
    assert_int_equal(sockets->socket.count, 2);
    assert_string_equal(sockets->socket.at[1], "inet:8891@127.0.0.1");
    assert_string_equal(sockets->mode, "0660");
    assert_null(sockets->group);
    assert_false(sockets->open);
    control = config_settings(config, &control_table);
    assert_string_equal(control->socket, EM_RUN_DIR "/control.sock");
    assert_null(control->read_group);
    config_free(&config);
    buffer_free(&faults);
}

/* No table twice; no name twice under one path, but for the alternatives of row.h. */
static void test_tables(void **state)
{
    const struct config_table *const *tables = all_config_tables();
    size_t count = 0;

    (void)state;
    assert_ptr_equal(tables, all_config_tables());
    for (; tables[count] != NULL; count++) {
        for (size_t i = 0; i < count; i++)
            assert_ptr_not_equal(tables[i], tables[count]);
        for (size_t i = 0; i < count; i++) {
            if (strcmp(tables[i]->path, tables[count]->path) != 0)
                continue;
            for (const struct config_row *a = tables[i]->rows; a->name != NULL; a++) {
                for (const struct config_row *b = tables[count]->rows; b->name != NULL; b++) {
                    if (strcmp(a->name, b->name) == 0)
                        fail_msg("%s.%s stands in two tables", tables[i]->path, a->name);
                }
            }
        }
    }
    assert_true(count > 10);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_faults),
        cmocka_unit_test(test_values),
        cmocka_unit_test(test_tables),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
