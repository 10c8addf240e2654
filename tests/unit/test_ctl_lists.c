/*
 * lists ADDRESS|DOMAIN: each list that can know of it is tested and asked, and what cannot be told
 * is not said to be fine.
 */
#include "test_ctl_support.h"

#include "dns/answer_private.h"
#include "dns/resolver_private.h"
#include "dns/scripted.h"

#define CONFIG                                                                                     \
    "socket = \"unix:/x\";\n"                                                                      \
    "lists = ( { zone = \"zen.spamhaus.org\"; use = \"own\"; },\n"                                 \
    "          { zone = \"dbl.spamhaus.org\"; use = \"links\"; } );\n"
#define GOOD                                                                                       \
    "2.0.0.127.zen.spamhaus.org A 127.0.0.2\n"                                                     \
    "dbltest.com.dbl.spamhaus.org A 127.0.1.2\n"

static const struct {
    const char *script, *asked;
    enum ctl_exit code;
    const char *out, *json;
} cases[] = {
    { GOOD "phish.example.dbl.spamhaus.org A 127.0.1.4\n"
           "phish.example.dbl.spamhaus.org TXT \"why it is\"\n",
      "phish.example", CTL_NO,
      "zen.spamhaus.org: not asked: it lists addresses\n"
      "dbl.spamhaus.org: listed: 127.0.1.4, phishing (why it is); removal: https://check.spamhaus",
      "\"result\":\"listed\",\"code\":\"127.0.1.4\",\"means\":\"phishing\",\"certain\":true" },
    { GOOD, "fine.example", CTL_GOOD, "dbl.spamhaus.org: not listed\n",
      "{\"zone\":\"dbl.spamhaus.org\",\"result\":\"not listed\"" },
    { GOOD "7.100.51.198.zen.spamhaus.org A 127.0.0.10\n", "198.51.100.7", CTL_NO,
      "zen.spamhaus.org: listed: 127.0.0.10, PBL", "\"means\":\"PBL" },
    { GOOD "7.100.51.198.zen.spamhaus.org A 127.255.255.254\n", "198.51.100.7", CTL_GOOD,
      "zen.spamhaus.org: unknown: it answers 127.255.255.254", "\"result\":\"unknown\"" },
    { GOOD "7.100.51.198.zen.spamhaus.org A TIMEOUT\n", "198.51.100.7", CTL_GOOD,
      "zen.spamhaus.org: unknown: it does not answer in time", "\"result\":\"unknown\"" },
    { "*.zen.spamhaus.org A 127.0.0.2\n", "198.51.100.7", CTL_GOOD,
      "zen.spamhaus.org: unknown: it lists everything", "\"why\":\"it lists everything" },
    { GOOD, "10.0.0.1", CTL_GOOD, "zen.spamhaus.org: not asked", "\"result\":\"not asked\"" },
};

static void set_dns(struct stage *stage, const char *script)
{
    struct error error = { "" };

    if (stage->resolver != NULL)
        dns_resolver_free(&stage->resolver);
    stage->resolver = dns_scripted_new(span_of(script), &stage->clock.clock, &error);
    if (stage->resolver == NULL)
        fail_msg("%s", error.text);
}

static void test_verdicts(void **state)
{
    struct stage *stage = *state;

    stage_config(stage, CONFIG);
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        set_dns(stage, cases[i].script);
        assert_int_equal(stage_run(stage, "lists", cases[i].asked, NULL), cases[i].code);
        if (strstr(stage_out(stage), cases[i].out) == NULL)
            fail_msg("%s: %s", cases[i].asked, stage_out(stage));
        assert_int_equal(stage_run(stage, "lists", cases[i].asked, "--json", NULL), cases[i].code);
        if (strstr(stage_out(stage), cases[i].json) == NULL)
            fail_msg("%s: %s", cases[i].asked, stage_out(stage));
    }
    dns_resolver_free(&stage->resolver);
}

/* --- a list that is dead ---------------------------------------------------------------------- */

/* Waiting for a dead list takes all the time there is: what is asked after that finds none. */
struct impatient {
    struct dns_resolver base;
    struct dns_resolver *script;
    bool is_over;
};

struct late_request {
    struct dns_request request;
    struct impatient *resolver;
};

static const struct dns_answer *late_peek(struct dns_request *request)
{
    (void)request;
    return NULL;
}

static const struct dns_answer *late_collect(struct dns_request *request, uint64_t deadline_ns)
{
    (void)deadline_ns;
    ((struct late_request *)request)->resolver->is_over = true;
    return &dns_answer_timeout;
}

static void late_forget(struct dns_request *request)
{
    free(request);
}

static const struct dns_calls late_calls = { .peek = late_peek,
                                             .collect = late_collect,
                                             .forget = late_forget };

static struct dns_request *impatient_ask(struct dns_resolver *resolver, struct span name,
                                         enum dns_type type, enum dns_way way)
{
    struct impatient *impatient = (struct impatient *)resolver;
    if (!impatient->is_over && !span_has_suffix_nocase(name, SPAN("zen.spamhaus.org"))) {
        return impatient->script->calls->ask(impatient->script, name, type, way);
    }
    struct late_request *late = calloc(1, sizeof(*late));
    assert_non_null(late);
    *late = (struct late_request){ { &late_calls }, impatient };
    return &late->request;
}

static void test_dead_list(void **state)
{
    static const struct dns_calls calls = { .ask = impatient_ask };
    struct stage *stage = *state;
    struct impatient impatient = { .base = { &calls } };

    stage_config(stage, CONFIG);
    set_dns(stage, GOOD "spam.example.dbl.spamhaus.org A 127.0.1.2\n");
    impatient.script = stage->resolver;
    stage->resolver = &impatient.base;
    assert_int_equal(stage_run(stage, "lists", "spam.example", NULL), CTL_NO);
    assert_true(impatient.is_over);
    assert_non_null(strstr(stage_out(stage), "dbl.spamhaus.org: listed: 127.0.1.2, "));
    stage->resolver = NULL;
    dns_resolver_free(&impatient.script);
}

static void test_faults(void **state)
{
    struct stage *stage = *state;

    stage_config(stage, CONFIG);
    assert_int_equal(stage_run(stage, "lists", "no name", NULL), CTL_USAGE);
    assert_int_equal(stage_run(stage, "lists", "a.example", "b.example", NULL), CTL_USAGE);
    stage_config(stage, "socket = \"unix:/x\";\n");
    set_dns(stage, "");
    assert_int_equal(stage_run(stage, "lists", "a.example", NULL), CTL_INPUT);
    dns_resolver_free(&stage->resolver);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_verdicts, stage_setup, stage_teardown),
        cmocka_unit_test_setup_teardown(test_dead_list, stage_setup, stage_teardown),
        cmocka_unit_test_setup_teardown(test_faults, stage_setup, stage_teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
