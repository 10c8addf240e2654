/*
 * explain: what would happen to this saved message? It goes the way of a real one, through
 * policy/drive, against the configuration in the file; nothing is sent, counted or kept.
 */
#include <errno.h>
#include <stdlib.h>
#include <unistd.h>

#include "ctl/commands.h"
#include "ctl/explain.h"
#include "ctl/load.h"
#include "ctl/lookups.h"
#include "lists/ask.h"
#include "state/settings.h"

#define LISTS_WAIT_NS UINT64_C(5000000000)

/* What would have been logged, caught instead. */
struct caught_lines {
    struct log_sink sink; /* first */
    bool is_finishing;    /* what comes now is the message's own line */
    struct buffer own, others;
};

static void line_catch(struct log_sink *sink, enum log_level level, struct span line)
{
    struct caught_lines *caught = (struct caught_lines *)sink;

    (void)level;
    if (caught->is_finishing) {
        buffer_add_span(&caught->own, line);
    } else {
        buffer_add_span(&caught->others, line);
        buffer_add_char(&caught->others, '\n');
    }
}

/* Writes --output where the message would leave at all; held mail leaves once it is released. */
static enum ctl_exit output_write(struct ctl *ctl, struct explain_input *input,
                                  struct explanation *explanation, const char *path)
{
    struct error error = { "" };
    enum disposition disposition = explanation->job->verdict.disposition;

    if (path == NULL)
        return CTL_GOOD;
    if (explanation->job->message.is_over_ceiling) {
        explain_note(input, "nothing was written: the header is over ceilings.message");
        return CTL_GOOD;
    }
    if (disposition != DISPOSITION_ACCEPT && disposition != DISPOSITION_HOLD) {
        explain_note(input, "nothing was written: this message would not leave");
        return CTL_GOOD;
    }
    if (!explain_output(explanation, path, &error))
        return ctl_fail(ctl, CTL_CANNOT_WRITE, "%s", error.text);
    explanation->output_path = path;
    return CTL_GOOD;
}

/* No daemon has tested the lists for us. */
static struct list_board *lists_tested(struct ctl *ctl, const struct site *site,
                                       struct dns_resolver *resolver)
{
    struct list_board *board = resolver != NULL ? list_board_new() : NULL;
    struct list_test *tests = calloc(site->lists->count + 1, sizeof(*tests));
    uint64_t end_ns = clock_mono_ns(ctl->clock) + LISTS_WAIT_NS;

    if (board != NULL && tests != NULL)
        lists_test_all(site->lists, board, resolver, end_ns, tests);
    free(tests);
    return board;
}

/* The daemon's, which is read only. NULL: there is none yet, so nobody is suppressed; or it cannot
 * be read, which is noted. */
static struct store *records_open(const struct site *site, struct explain_input *input)
{
    const struct state_settings *state = config_settings(site->config, &state_settings_table);
    struct error error = { "" };
    struct buffer path = BUFFER_EMPTY;
    struct store *store = NULL;

    buffer_printf(&path, "%s/" STORE_FILE_NAME, state->directory);
    if (access(buffer_text(&path), F_OK) == 0 || errno != ENOENT) {
        store = store_open_to_read(state->directory, &error);
        if (store == NULL) {
            explain_note(input, "the suppression list was not asked: %s", error.text);
        }
    }
    buffer_free(&path);
    return store;
}

static enum ctl_exit judge(struct ctl *ctl, const struct ctl_args *args, struct site *site,
                           struct explain_input *input, bool is_forced)
{
    struct caught_lines caught = { .sink = { line_catch } };
    struct error error;
    struct lookups *lookups =
        args_has(args, "offline") ? NULL : lookups_begin(ctl, site, &caught.sink, &error);
    struct world world = { .clock = ctl->clock,
                           .log = &caught.sink,
                           .resolver = lookups_resolver(lookups),
                           .records = records_open(site, input),
                           .lists = lists_tested(ctl, site, lookups_resolver(lookups)) };
    struct explanation explanation = { .path = args->operands[0],
                                       .input = input,
                                       .is_forced = is_forced };
    struct job *job = drive_message(site, &world, &input->drive);
    enum ctl_exit code;

    lookups_end(&lookups);
    list_board_free(&world.lists);
    store_close(&world.records);
    if (job == NULL)
        return ctl_fail(ctl, CTL_INTERNAL, "out of memory");
    caught.is_finishing = true;
    pipeline_finish(job, OUTCOME_ANSWERED);
    explanation.job = job;
    explanation.log_line = buffer_span(&caught.own);
    explanation.other_lines = buffer_span(&caught.others);
    code = output_write(ctl, input, &explanation, args_value(args, "output"));
    if (ctl->is_json)
        explain_print_json(ctl, &explanation);
    else
        explain_print_text(ctl, &explanation);
    if (code == CTL_GOOD && !explain_is_accepted(job))
        code = CTL_NO;
    job_free(&job);
    buffer_free(&caught.own);
    buffer_free(&caught.others);
    return code;
}

static enum ctl_exit explain_run(struct ctl *ctl, const struct ctl_args *args)
{
    struct explain_input input;
    struct general_settings general;
    struct error error = { "" };
    enum ctl_exit code;
    bool is_forced = false;
    struct site *site = load_site(ctl);

    if (site == NULL)
        return CTL_CONFIG;
    /* The snapshot is ours alone: no thread has seen it. */
    general = *site->general;
    if (args_has(args, "enforce") && general.mode != MODE_ENFORCE) {
        general.mode = MODE_ENFORCE;
        site->general = &general;
        is_forced = true;
    }
    if (explain_input_read(&input, args, &error, &code))
        code = judge(ctl, args, site, &input, is_forced);
    else
        ctl_fail(ctl, code, "%s", error.text);
    explain_input_free(&input);
    site_unref(&site);
    return code;
}

static const struct ctl_option explain_options[] = {
    { .name = "login", .argument = "LOGIN", .brief = "the client authenticated as LOGIN" },
    { .name = "client", .argument = "ADDRESS", .brief = "address of the client" },
    { .name = "helo", .argument = "NAME", .brief = "what the client said at EHLO" },
    { .name = "daemon", .argument = "NAME", .brief = "listener of the MTA ({daemon_name})" },
    { .name = "certificate", .argument = "NAME", .brief = "common name of the client certificate" },
    { .name = "issuer", .argument = "NAME", .brief = "common name of its issuer" },
    { .name = "mta", .argument = "NAME", .brief = "what the MTA calls itself (Postfix)" },
    { .name = "from", .argument = "PATH", .brief = "envelope sender (the header's From address)" },
    { .name = "rcpt",
      .argument = "PATH",
      .repeats = true,
      .brief = "envelope recipient (those of To, Cc and Bcc)" },
    { .name = "mailer",
      .argument = "NAME",
      .brief = "mailer of the recipients ({rcpt_mailer}): smtp, local, ..." },
    { .name = "sendmail", .brief = "the message came by sendmail(1), not by SMTP" },
    { .name = "smtputf8", .brief = "SMTPUTF8 was given at MAIL" },
    { .name = "enforce", .brief = "decide as mode enforce would" },
    { .name = "offline", .brief = "do not ask DNS what receivers will conclude" },
    { .name = "output", .argument = "FILE", .brief = "write the message as it would leave" },
    CTL_OPTIONS_END,
};

const struct ctl_command cmd_explain = {
    .name = "explain",
    .operands = "FILE|-",
    .operands_min = 1,
    .operands_max = 1,
    .options = explain_options,
    .brief = "the whole decision about a saved message",
    .details =
        "Prints class and principal, what receivers will conclude (SPF and DMARC, from DNS),\n"
        "every finding with its action and where that came from, the verdict and the reply,\n"
        "the edits, the signatures and the log line. Who is on the suppression list is read from\n"
        "state.directory. Ends 0 when the message would be accepted, 1 when not. Nothing is sent\n"
        "or counted.",
    .run = explain_run,
};
