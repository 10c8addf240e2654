/*
 * Command lines: what is understood, what is a usage error, and how that is told.
 */
#include "test_ctl_support.h"

#include "ctl/args.h"

/* What the probe command was given, as text. */
static struct buffer seen;

static enum ctl_exit probe_run(struct ctl *ctl, const struct ctl_args *args)
{
    const char *value;
    size_t position = 0;

    buffer_clear(&seen);
    buffer_printf(&seen, "%s%s", ctl->config_path, ctl->is_json ? " json" : "");
    buffer_printf(&seen, " switch=%d", args_has(args, "switch"));
    value = args_value(args, "value");
    buffer_printf(&seen, " value=%s", value != NULL ? value : "-");
    while ((value = args_next(args, "many", &position)) != NULL)
        buffer_printf(&seen, " many=%s", value);
    for (size_t i = 0; i < args->operand_count; i++)
        buffer_printf(&seen, " [%s]", args->operands[i]);
    return CTL_GOOD;
}

static const struct ctl_option probe_options[] = {
    { .name = "switch", .letter = 's', .brief = "a switch" },
    { .name = "value", .letter = 'v', .argument = "V", .brief = "a value" },
    { .name = "many", .argument = "M", .repeats = true, .brief = "values" },
    CTL_OPTIONS_END,
};

static const struct ctl_command probe_one = { .name = "one",
                                              .operands = "A [B]",
                                              .operands_min = 1,
                                              .operands_max = 2,
                                              .options = probe_options,
                                              .brief = "one word",
                                              .run = probe_run };
static const struct ctl_command probe_two = { .name = "two words",
                                              .operands = "",
                                              .options = probe_options,
                                              .brief = "two words",
                                              .run = probe_run };
static const struct ctl_command *const probes[] = { &probe_one, &probe_two };

struct line_case {
    const char *words; /* cut at blanks; "_" is an empty word */
    const char *seen;  /* NULL: a usage error */
    const char *err;   /* part of what stderr says */
};

static const struct line_case line_cases[] = {
    { "one a", EM_CONFIG_FILE " switch=0 value=- [a]", "" },
    { "one a b", EM_CONFIG_FILE " switch=0 value=- [a] [b]", "" },
    { "-c F one a", "F switch=0 value=- [a]", "" },
    { "-cF one a", "F switch=0 value=- [a]", "" },
    { "--config=F one a", "F switch=0 value=- [a]", "" },
    { "one a --config F --json", "F json switch=0 value=- [a]", "" },
    { "one --switch a", EM_CONFIG_FILE " switch=1 value=- [a]", "" },
    { "one -s -v x a", EM_CONFIG_FILE " switch=1 value=x [a]", "" },
    { "one --value= a", EM_CONFIG_FILE " switch=0 value= [a]", "" },
    { "one --value --switch a", EM_CONFIG_FILE " switch=0 value=--switch [a]", "" },
    { "one --many=1 --many 2 a", EM_CONFIG_FILE " switch=0 value=- many=1 many=2 [a]", "" },
    { "one -- --switch", EM_CONFIG_FILE " switch=0 value=- [--switch]", "" },
    { "one -", EM_CONFIG_FILE " switch=0 value=- [-]", "" },
    { "two words", EM_CONFIG_FILE " switch=0 value=-", "" },
    { "two words -s", EM_CONFIG_FILE " switch=1 value=-", "" },
    { "two --json words", EM_CONFIG_FILE " json switch=0 value=-", "" },
    { "", NULL, "a command is missing\ntry: egressctl help\n" },
    { "three", NULL, "unknown command three" },
    { "doctor", NULL, "doctor is reserved for a later version" },
    { "two", NULL, "two what? there are: two words" },
    { "two wrods", NULL, "two what? there are: two words" },
    { "one", NULL, "one wants A [B]\ntry: egressctl help one\n" },
    { "one a b c", NULL, "one: unexpected c" },
    { "one a --switch=1", NULL, "--switch takes no value" },
    { "one a --value", NULL, "--value wants V" },
    { "one a --value x --value y", NULL, "--value is given twice" },
    { "one a --nothing", NULL, "unknown option --nothing" },
    { "one a --valu x", NULL, "unknown option --valu" },
    { "one a --live", NULL, "--live is reserved for a later version" },
    { "one a -x", NULL, "unknown option -x" },
    { "--switch one a", NULL, "unknown option --switch" },
    { "one a \033[2J", EM_CONFIG_FILE " switch=0 value=- [a] [\033[2J]", "" },
    { "\033[2J", NULL, "unknown command  [2J" },
};

static int words_of(char *line, const char **words)
{
    int count = 0;

    words[count++] = "egressctl";
    for (char *word = strtok(line, " "); word != NULL; word = strtok(NULL, " "))
        words[count++] = word;
    return count;
}

static void test_lines(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof(line_cases) / sizeof(line_cases[0]); i++) {
        const struct line_case *c = &line_cases[i];
        const char *words[WORDS_MAX];
        char line[256];
        struct ctl ctl = { .commands = probes, .command_count = 2 };
        int count;
        enum ctl_exit code;

        snprintf(line, sizeof(line), "%s", c->words);
        count = words_of(line, words);
        code = ctl_run(&ctl, count, words);
        print_message("%s\n", c->words);
        assert_int_equal(code, c->seen != NULL ? CTL_GOOD : CTL_USAGE);
        if (c->seen != NULL)
            assert_string_equal(buffer_text(&seen), c->seen);
        assert_has(buffer_text(&ctl.err), c->err);
        buffer_free(&ctl.out);
        buffer_free(&ctl.err);
    }
    buffer_free(&seen);
}

static void test_help(void **state)
{
    struct stage *stage = *state;

    assert_int_equal(stage_run(stage, "help", NULL), CTL_GOOD);
    assert_has(stage_out(stage), "key new DOMAIN");
    assert_has_not(stage_out(stage), "settings");
    assert_int_equal(stage_run(stage, "-h", NULL), CTL_GOOD);
    assert_has(stage_out(stage), "usage: egressctl");
    assert_int_equal(stage_run(stage, "help", "key", "new", NULL), CTL_GOOD);
    assert_has(stage_out(stage), "--selector S");
    assert_int_equal(stage_run(stage, "key", "new", "-h", NULL), CTL_GOOD);
    assert_has(stage_out(stage), "--selector S");
    assert_int_equal(stage_run(stage, "help", "key", NULL), CTL_USAGE);
    assert_int_equal(stage_run(stage, "help", "check", "twice", NULL), CTL_USAGE);
    assert_int_equal(stage_run(stage, "-V", NULL), CTL_GOOD);
    assert_string_equal(stage_out(stage), "egressctl " PACKAGE_VERSION "\n");
}

/* A program that asks for JSON gets an object from every failure too. */
static void test_json_errors(void **state)
{
    struct stage *stage = *state;

    assert_int_equal(stage_run(stage, "--json", "nonsense", NULL), CTL_USAGE);
    assert_has(stage_out(stage), "{\"schema\":1,\"error\":\"egressctl: unknown command nonsense");
    assert_int_equal(stage_run(stage, "--json", "status", "--socket", "/nowhere/socket", NULL),
                     CTL_UNREACHABLE);
    assert_has(stage_out(stage), "{\"schema\":1,\"error\":");
    assert_has(stage_out(stage), "/nowhere/socket");
}

/* Each names the socket. */
static void test_unreachable(void **state)
{
    static const char *const commands[] = { "status", "health", "reload" };
    struct stage *stage = *state;
    char config[256];

    snprintf(config, sizeof(config), "socket = \"unix:%s/m\"; control = { socket = \"%s/none\"; };",
             stage->directory, stage->directory);
    stage_config(stage, config);
    for (size_t i = 0; i < 3; i++) {
        assert_int_equal(stage_run(stage, commands[i], NULL), CTL_UNREACHABLE);
        assert_has(stage_err(stage), stage_path(stage, "none"));
        assert_string_equal(stage_out(stage), "");
    }
    stage_config(stage, "socket = ");
    assert_int_equal(stage_run(stage, "status", "--socket", stage_path(stage, "other"), NULL),
                     CTL_UNREACHABLE);
    assert_has(stage_err(stage), "/other");
    assert_has_not(stage_err(stage), "egress-milter.conf");
}

/* A configuration that does not say where the daemon is: its faults come with the answer. */
static void test_unreachable_by_faults(void **state)
{
    struct stage *stage = *state;

    if (access(EM_RUN_DIR "/control.sock", F_OK) == 0)
        skip(); /* somebody is there */
    stage_config(stage, "socket = \"unix:/tmp/m\";\nbogus = 1;\n");
    assert_int_equal(stage_run(stage, "reload", NULL), CTL_UNREACHABLE);
    assert_has(stage_err(stage), "egress-milter.conf:2: bogus: ");
    assert_has(stage_err(stage), "does not tell control.socket");
    assert_has(stage_err(stage), EM_RUN_DIR "/control.sock");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_lines),
        cmocka_unit_test_setup_teardown(test_help, stage_setup, stage_teardown),
        cmocka_unit_test_setup_teardown(test_json_errors, stage_setup, stage_teardown),
        cmocka_unit_test_setup_teardown(test_unreachable, stage_setup, stage_teardown),
        cmocka_unit_test_setup_teardown(test_unreachable_by_faults, stage_setup, stage_teardown),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
