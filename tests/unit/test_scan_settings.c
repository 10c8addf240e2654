/*
 * settings: what `clamd` takes.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdio.h>
#include <string.h>

#include "scan/settings.h"
#include "util/buffer.h"

#define PLACE "not a place; valid: \"unix:/path\", \"inet:PORT@HOST\"\n"

static const struct config_table *const tables[] = { &clamd_settings_table, NULL };

static void print(const struct clamd_settings *settings, struct buffer *out)
{
    buffer_printf(out, "%s %d %s %d %zu %s", settings->socket != NULL ? settings->socket : "-",
                  (int)settings->timeout_ms,
                  settings->on_failure == CLAMD_FAILURE_DEFER ? "defer" : "pass",
                  (int)settings->max_bytes, settings->classes.count,
                  settings->directory != NULL ? settings->directory : "-");
}

static void settings(void **state)
{
    static const char *const cases[][2] = {
        { "", "- 10000 pass 26214400 0 -" },
        { "clamd = { socket = \"unix:/run/clamd\"; };", "unix:/run/clamd 10000 pass 26214400 0 -" },
        { "clamd = { socket = \"inet:3310@::1\"; timeout = \"2s\"; on_failure = \"defer\"; "
          "max_size = \"1G\"; classes = [ \"submission\", \"local\" ]; directory = \"/dev/shm\"; "
          "};",
          "inet:3310@::1 2000 defer 1073741824 2 /dev/shm" },
        { "clamd = { socket = \"/run/clamd\"; };", "t:1: clamd.socket: \"/run/clamd\": " PLACE },
        { "clamd = { socket = \"unix:/run/clamd\"; timeout = \"99ms\"; };",
          "t:1: clamd.timeout: 99ms is out of range; valid: 100ms to 4m\n" },
        { "clamd = { socket = \"unix:/run/clamd\"; max_size = \"2G\"; };",
          "t:1: clamd.max_size: 2G is out of range; valid: 1K to 1G\n" },
        { "clamd = { socket = \"unix:/run/clamd\"; on_failure = \"hold\"; };",
          "t:1: clamd.on_failure: \"hold\" is not among the choices; valid: \"pass\", "
          "\"defer\"\n" },
        { "clamd = { socket = \"unix:/run/clamd\"; classes = \"inbound\"; };",
          "t:1: clamd.classes: \"inbound\": no class; valid: submission, relay, list, forward, "
          "bounce, local\n" },
        { "clamd = { socket = \"unix:/run/clamd\"; directory = \"spool\"; };",
          "t:1: clamd.directory: \"spool\": no directory; valid: one named from / on\n" },
        { "clamd = { timeout = \"2s\"; };",
          "t:1: clamd: has no effect: clamd.socket is not set\n- 2000 pass 26214400 0 -" },
    };
    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct buffer got = BUFFER_EMPTY;
        struct config_report *report = config_report_new();
        struct config *config = config_load_text("t", span_of(cases[i][0]), tables, report);
        for (size_t k = 0; k < config_report_size(report); k++) {
            buffer_printf(&got, "%s\n", config_report_fault(report, k)->text);
        }
        if (config != NULL) {
            print(config_settings(config, &clamd_settings_table), &got);
        }
        if (strcmp(buffer_text(&got), cases[i][1]) != 0) {
            fail_msg("%s gives %s", cases[i][0], buffer_text(&got));
        }
        config_free(&config);
        config_report_free(&report);
        buffer_free(&got);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = { cmocka_unit_test(settings) };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
