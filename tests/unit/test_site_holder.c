/*
 * Snapshots: a message keeps the one it began with; a swap numbers the next one; a faulty text
 * gives none.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <pthread.h>
#include <stdatomic.h>
#include <string.h>

#include "control/settings.h"
#include "tests/support/house.h"

static struct site *load(const char *text, struct config_report *report)
{
    return site_load_text("t.conf", span_of(text), all_config_tables(), report);
}

static void swap_numbers_and_keeps(void **state)
{
    (void)state;
    struct config_report *report = config_report_new();
    struct site_holder *holder =
        site_holder_new(load("socket = \"unix:/x\"; mode = \"enforce\";", report));
    struct site *old = site_holder_get(holder);
    assert_int_equal(old->generation, 1);
    site_holder_swap(holder, load("socket = \"unix:/x\"; mode = \"observe\";", report));
    struct site *now = site_holder_get(holder);
    assert_int_equal(now->generation, 2);
    assert_int_equal(now->general->mode, MODE_OBSERVE);
    assert_int_equal(old->general->mode, MODE_ENFORCE); /* still whole */
    site_unref(&old);
    site_unref(&now);
    site_holder_free(&holder);
    config_report_free(&report);
}

struct race {
    struct site_holder *holder;
    atomic_bool stop;
};

static void *read_all_the_time(void *context)
{
    struct race *race = context;
    while (!atomic_load(&race->stop)) {
        struct site *site = site_holder_get(race->holder);
        if (site->general->mode != MODE_ENFORCE) {
            return race; /* a torn snapshot */
        }
        site_unref(&site);
    }
    return NULL;
}

static void swaps_beside_readers(void **state)
{
    (void)state;
    struct config_report *report = config_report_new();
    struct race race = { .holder = site_holder_new(
                             load("socket = \"unix:/x\"; mode = \"enforce\";", report)) };
    pthread_t threads[2];
    for (size_t i = 0; i < 2; i++) {
        pthread_create(&threads[i], NULL, read_all_the_time, &race);
    }
    for (int i = 0; i < 200; i++) {
        site_holder_swap(race.holder, load("socket = \"unix:/x\"; mode = \"enforce\";", report));
    }
    atomic_store(&race.stop, true);
    for (size_t i = 0; i < 2; i++) {
        void *fault;
        pthread_join(threads[i], &fault);
        assert_null(fault);
    }
    site_holder_free(&race.holder);
    config_report_free(&report);
}

static void faults(void **state)
{
    static const struct {
        const char *text, *says;
    } cases[] = {
        { "socket = \"unix:/x\";\nredis = { fleet = \"a}b\"; };", "t.conf:2: redis.fleet: " },
        { "socket = \"unix:/x\";\nrules = { from-missing = \"repair\"; };",
          "t.conf:2: rules.from-missing: there is no repair for it; valid: " },
        { "socket = \"unix:/x\";\nrules = { signing-failed = \"off\"; };",
          "t.conf:2: rules.signing-failed: is decided per domain" },
        { "socket = \"unix:/x\";\nrules = { overload = \"reject\"; };",
          "t.conf:2: rules.overload: is always deferred" },
        { "socket = \"unix:/x\";\nceilings = { message = \"32M\"; total = \"16M\"; };",
          "t.conf:2: ceilings.message: is above ceilings.total" },
        { "socket = \"unix:/x\";\nrules = { message-ceiling = \"off\"; };",
          "rules.message-ceiling" },
        { "socket = \"unix:/x\";\nbehaviour = { actions = \"stop\"; };",
          "t.conf:2: behaviour.actions: " },
        { "socket = \"unix:/x\";\nrules = { date-missing = { action = \"hold\"; classes = "
          "\"inbound\"; }; };",
          "t.conf:2: rules.date-missing.classes: \"inbound\": no class; valid: submission, " },
        { "socket = \"unix:/x\";\nrules = { from-missing = { action = \"repair\"; }; };",
          "t.conf:2: rules.from-missing: there is no repair for it" },
        { "socket = \"unix:/x\";\nrules = { from-missing = { action = \"hold\"; plans = \"a\"; "
          "}; };",
          "t.conf:2: rules.from-missing: names plans, but nobody is on one" },
        { "socket = \"unix:/x\";\nexceptions = ( { principal = \"a\"; rule = \"overload\"; action "
          "= \"off\"; } );",
          "t.conf:2: exceptions[0].rule: \"overload\": no finding that rules decide" },
        { "socket = \"unix:/x\";\nexceptions = ( { principal = \"a\"; rule = \"date-missing\"; "
          "action = \"off\"; until = \"2026-02-30\"; } );",
          "t.conf:2: exceptions[0].until: \"2026-02-30\": not a day" },
        { "socket = \"unix:/x\";\nexceptions = ( { principal = \"a\"; rule = \"from-missing\"; "
          "action = \"repair\"; } );",
          "t.conf:2: exceptions[0].action: there is no repair for from-missing" },
        { "socket = \"unix:/x\";\nexceptions = ( { principal = \"a\"; max = 1; } );",
          "t.conf:2: exceptions[0]: is about a rule (with action) or about a limit (with max)" },
        { "socket = \"unix:/x\";\nexceptions = ( { principal = \"a\"; rule = \"date-missing\"; "
          "action = \"off\"; limit = \"default\"; max = 1; } );",
          "t.conf:2: exceptions[0]: is about a rule (with action) or about a limit (with max)" },
        { "socket = \"unix:/x\";\nexceptions = ( { principal = \"a\"; rule = \"date-missing\"; } "
          ");",
          "t.conf:2: exceptions[0]: needs an action" },
        { "socket = \"unix:/x\";\nexceptions = ( { principal = \"a\"; rule = \"date-missing\"; "
          "action = \"off\"; max = 0; } );",
          "t.conf:2: exceptions[0]: has a max, which is for limits" },
        { "socket = \"unix:/x\";\nexceptions = ( { principal = \"a\"; limit = \"defualt\"; max = "
          "1; } );",
          "t.conf:2: exceptions[0]: names a limit that is not there" },
        { "socket = \"unix:/x\";\n"
          "limits = ( { name = \"all\"; count = \"messages\"; by = \"site\"; max = 1; per = 60; } "
          ");\n"
          "exceptions = ( { principal = \"a\"; limit = \"all\"; max = 2; } );",
          "t.conf:3: exceptions[0]: names a limit that is not by principal" },
        { "socket = \"unix:/x\";\nexceptions = ( { principal = \"a\"; limit = \"default\"; } );",
          "t.conf:2: exceptions[0]: needs a max: the limit's other value" },
        { "socket = \"unix:/x\";\n"
          "limits = ( { name = \"u\"; count = \"unique-recipients\"; max = 9; per = 60; } );\n"
          "exceptions = ( { principal = \"a\"; limit = \"u\"; max = 20001; } );",
          "t.conf:3: exceptions[0]: has too many different recipients to keep; valid: up to "
          "20000" },
        { "socket = \"unix:/x\";\nexceptions = ( { principal = \"a\"; limit = \"default\"; max = "
          "1; "
          "action = \"off\"; } );",
          "t.conf:2: exceptions[0]: has an action, which is for rules" },
        { "socket = \"unix:/x\";\noutgoing = { local_from = \"example.org\"; };",
          "no sender; valid: \"@example.org\"" },
        { "socket = \"unix:/x\";\noutgoing = { daemons = \"A\"; listeners = ( { daemon = \"A\"; } "
          "); };",
          "outgoing.daemons: \"A\" has a row in outgoing.listeners already" },
        { "socket = \"unix:/x\";\nsenders = { owners = \"file:/nonexistent/o\"; };",
          "t.conf:2: senders.owners: " },
        { "socket = \"unix:/x\";\nsenders = { alias_domains = \"socketmap:unix:/x:a\"; };",
          "t.conf:2: senders.alias_domains: " },
        { "socket = \"unix:/x\";\noutgoing = { networks = ( { name = \"a\"; } ); };",
          "outgoing.networks[0]: set either address or certificate" },
        { "socket = \"unix:/x\";\noutgoing = { networks = ( { name = \"a\"; certificate = \"c\"; } "
          "); };",
          "certificate and issuer go together" },
        { "socket = \"unix:/x\";\noutgoing = { networks = ( { name = \"a\"; address = "
          "\"192.0.2.1/24\"; } ); };",
          "bits are set beyond the prefix" },
        { "socket = \"unix:/x\";\nlogins = { aliases = \"socketmap:unix:/x:a\"; };",
          "t.conf:2: logins.aliases: " },
        { "socket = \"unix:/x\";\nlogins = { aliases = \"file:/nonexistent/a\"; };",
          "t.conf:2: logins.aliases: " },
        { "mode = \"enforce\";", "socket" },
    };
    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct config_report *report = config_report_new();
        assert_null(load(cases[i].text, report));
        bool is_said = false;
        for (size_t n = 0; n < config_report_size(report); n++) {
            is_said |= strstr(config_report_fault(report, n)->text, cases[i].says) != NULL;
        }
        if (!is_said) {
            print_error("%s\n  said: %s\n", cases[i].says, config_report_fault(report, 0)->text);
        }
        assert_true(is_said);
        config_report_free(&report);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = { cmocka_unit_test(swap_numbers_and_keeps),
                                        cmocka_unit_test(swaps_beside_readers),
                                        cmocka_unit_test(faults) };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
