/*
 * What the option rows of checks take and refuse.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <string.h>

#include "config/config.h"
#include "control/settings.h"
#include "util/buffer.h"

static const struct {
    const char *text;
    const char *says; /* NULL: no fault at all */
} cases[] = {
    { "outgoing = { strip = [ \"X-Originating-IP\", \"received\", \"Reply-To\" ]; };", NULL },
    { "outgoing = { strip = \"X-Own\"; };", NULL },
    { "outgoing = { strip = [ ]; };", NULL },
    { "outgoing = { strip = [ \"\" ]; };", "E t.conf:1: outgoing.strip[0]: \"\": empty; valid: " },
    { "outgoing = { strip = \"X-Own:\"; };", "E t.conf:1: outgoing.strip: \"X-Own:\": no name" },
    { "outgoing = { strip = \"X Own\"; };", "\"X Own\": no name of a header field" },
    { "outgoing = { strip = \"X-\xc3\xbc\"; };", "no name of a header field" },
    { "outgoing = { strip = [ \"Bcc\", \"from\" ]; };",
      "E t.conf:1: outgoing.strip[1]: \"from\": is needed" },
    { "outgoing = { strip = \"DKIM-Signature\"; };", "\"DKIM-Signature\": is needed" },
    { "outgoing = { strip = \"X-Egress-Ticket\"; };", "\"X-Egress-Ticket\": is needed" },
    { "outgoing = { authserv_id = \"mx.example.org/1\"; };", NULL },
    { "outgoing = { authserv_id = \"\"; };", "outgoing.authserv_id: \"\": empty; valid: " },
    { "outgoing = { authserv_id = \"mx; none\"; };", "\"mx; none\": no authserv-id" },
    { "ceilings = { size = \"64K\"; };", NULL },
    { "ceilings = { size = \"63K\"; };", "E t.conf:1: ceilings.size: " },
    { "attachments = { stop = [ \"executable\", \"disk-image\" ]; report = [ ]; };", NULL },
    { "attachments = { stop = \"exe\"; };", "attachments.stop: \"exe\": no class of attachments" },
    { "attachments = { report = [ \"harmless\" ]; };", "\"harmless\": no class of attachments" },
    { "attachments = { archives = \"hold\"; };", "E t.conf:1: attachments.archives: " },
    { "attachments = { extensions = ( { name = \"xyz\"; is = \"script\"; }, { name = \"7z\"; } ); "
      "};",
      NULL },
    { "attachments = { extensions = ( { name = \".exe\"; } ); };", "\".exe\": no extension" },
    { "attachments = { extensions = ( { name = \"EXE\"; } ); };", "\"EXE\": no extension" },
    { "attachments = { extensions = ( { name = \"\"; } ); };", "\"\": no extension" },
    { "attachments = { extensions = ( { name = \"seventy-seven-letters-and-x\"; } ); };",
      "no extension; valid: " },
    { "attachments = { extensions = ( { is = \"script\"; } ); };", "attachments.extensions[0]" },
    { "attachments = { extensions = ( { name = \"a\"; }, { name = \"a\"; } ); };",
      "attachments.extensions[1]" },
};

static void what_is_said(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct buffer text = BUFFER_EMPTY, said = BUFFER_EMPTY;
        struct config_report *report = config_report_new();
        buffer_printf(&text, "%s socket = \"unix:/x\";", cases[i].text);
        struct config *config =
            config_load_text("t.conf", buffer_span(&text), all_config_tables(), report);
        for (size_t k = 0; k < config_report_size(report); k++) {
            const struct config_fault *fault = config_report_fault(report, k);
            buffer_printf(&said, "%c %s\n", fault->severity == CONFIG_ERROR ? 'E' : 'W',
                          fault->text);
        }
        if (cases[i].says == NULL ? said.size != 0
                                  : strstr(buffer_text(&said), cases[i].says) == NULL) {
            fail_msg("%s\nsaid: %s", cases[i].text, buffer_text(&said));
        }
        config_free(&config);
        config_report_free(&report);
        buffer_free(&text);
        buffer_free(&said);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = { cmocka_unit_test(what_is_said) };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
