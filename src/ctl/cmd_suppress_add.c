/*
 * suppress add: puts one address on the suppression list, or those of a file, one a line:
 *
 *   ADDRESS [DOMAIN [UNTIL [CODE [BECAUSE]]]]
 *
 * words as `suppress export` writes them (control/words.h); empty lines and those with '#' in front
 * are passed over. The times are read here, in the zone of whoever asks.
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "control/protocol.h"
#include "control/words.h"
#include "ctl/ask.h"
#include "ctl/commands.h"
#include "ctl/print.h"
#include "ctl/until.h"
#include "util/file.h"
#include "util/json.h"

enum { FILE_BYTES_MAX = 64 * 1024 * 1024, COMPLAINTS_MAX = 20, FIELDS_MAX = 5 };

/* What is asked for; the first three are never absent. */
struct entry {
    struct span address, domain, until, code, because;
};

/* Asks for one; `answer` is what the daemon says. */
static enum ctl_exit add(struct ctl *ctl, const struct ask *ask, const struct entry *entry,
                         struct buffer *answer)
{
    char until_text[24];
    int64_t until_s;

    if (!until_read(ctl->clock, entry->until, &until_s)) {
        buffer_add_text(answer, "the end wants " UNTIL_VALID);
        return CTL_USAGE;
    }
    snprintf(until_text, sizeof(until_text), "%" PRId64, until_s);
    const struct span words[] = { SPAN("suppress"),    SPAN("add"), entry->address, entry->domain,
                                  span_of(until_text), entry->code, entry->because };

    return ask_words(ctl, ask, words, sizeof(words) / sizeof(words[0]), answer);
}

/* --- one ------------------------------------------------------------------------------------- */

static struct span value_or(const struct ctl_args *args, const char *name, struct span fallback)
{
    const char *value = args_value(args, name);

    return value != NULL ? span_of(value) : fallback;
}

static enum ctl_exit add_one(struct ctl *ctl, const struct ctl_args *args)
{
    const struct entry entry = { .address = span_of(args->operands[0]),
                                 .domain = value_or(args, "domain", SPAN("*")),
                                 .until = value_or(args, "until", SPAN("never")),
                                 .code = SPAN(""),
                                 .because = value_or(args, "because", SPAN("")) };
    struct buffer answer = BUFFER_EMPTY;
    struct ask ask;
    int64_t until_s;
    enum ctl_exit code;

    if (!until_read(ctl->clock, entry.until, &until_s))
        return ctl_fail(ctl, CTL_USAGE, "--until wants " UNTIL_VALID);
    ask_open(ctl, args, &ask);
    code = add(ctl, &ask, &entry, &answer);
    if (code != CTL_UNREACHABLE)
        buffer_add_span(&ctl->out, buffer_span(&answer));
    buffer_free(&answer);
    ask_close(&ask);
    return code;
}

/* --- a file ---------------------------------------------------------------------------------- */

struct adding {
    struct ctl *ctl;
    const struct ask *ask;
    const char *name;
    unsigned line;
    uint64_t added, refused;
};

static void complain(struct adding *adding, struct span text)
{
    if (++adding->refused > COMPLAINTS_MAX)
        return;
    print_escaped(&adding->ctl->err, span_of(adding->name), 4096);
    buffer_printf(&adding->ctl->err, ":%u: ", adding->line);
    print_escaped(&adding->ctl->err, span_trim(text), 512);
    buffer_add_char(&adding->ctl->err, '\n');
}

/* "-" and nothing are the same for a code. */
static void take_words(const struct control_words *words, struct entry *entry_r)
{
    struct span *fields[FIELDS_MAX] = { &entry_r->address, &entry_r->domain, &entry_r->until,
                                        &entry_r->code, &entry_r->because };

    *entry_r = (struct entry){
        .domain = SPAN("*"), .until = SPAN("never"), .code = SPAN(""), .because = SPAN("")
    };
    for (size_t i = 0; i < words->count && i < FIELDS_MAX; i++)
        *fields[i] = words->at[i];
    if (span_is_equal(entry_r->code, SPAN("-")))
        entry_r->code = SPAN("");
}

/* Are more lines worth trying? Not where nobody answers, who asks may not, or nothing fits any
 * more. */
static bool is_hopeless(enum ctl_exit code)
{
    return code == CTL_UNREACHABLE || (int)code == CONTROL_DENIED || code == CTL_WARNING ||
           code == CTL_INTERNAL;
}

static enum ctl_exit add_line(struct adding *adding, struct span line, struct control_words *words)
{
    struct buffer answer = BUFFER_EMPTY;
    struct entry entry;
    enum ctl_exit code = CTL_GOOD;

    if (line.size == 0 || line.at[0] == '#')
        return CTL_GOOD;
    if (!control_words_read(line, words) || words->count > FIELDS_MAX) {
        complain(adding,
                 SPAN("wants ADDRESS [DOMAIN [UNTIL [CODE [BECAUSE]]]], with a space within "
                      "a word as \\x20"));
        return CTL_USAGE;
    }
    take_words(words, &entry);
    code = add(adding->ctl, adding->ask, &entry, &answer);
    if (code == CTL_GOOD)
        adding->added++;
    else if (code != CTL_UNREACHABLE)
        complain(adding, buffer_span(&answer));
    buffer_free(&answer);
    return code;
}

/* The worst that happened. */
static enum ctl_exit add_lines(struct adding *adding, struct span text)
{
    struct control_words *words = malloc(sizeof(*words));
    enum ctl_exit worst = CTL_GOOD;
    struct span line;

    if (words == NULL)
        return ctl_fail(adding->ctl, CTL_INTERNAL, "out of memory");
    while (span_cut(&text, '\n', &line)) {
        adding->line++;
        enum ctl_exit code = add_line(adding, span_trim(line), words);
        if (is_hopeless(code)) {
            worst = code;
            break;
        }
        worst = code != CTL_GOOD ? CTL_NO : worst;
    }
    free(words);
    return worst;
}

static void tell_all(struct adding *adding)
{
    struct ctl *ctl = adding->ctl;

    if (adding->refused > COMPLAINTS_MAX)
        buffer_printf(&ctl->err, "... and %" PRIu64 " more such lines\n",
                      adding->refused - COMPLAINTS_MAX);
    if (ctl->is_json) {
        struct json json = json_new(&ctl->out);
        json_open(&json, NULL, '{');
        json_number(&json, "schema", 1);
        json_number(&json, "added", (int64_t)adding->added);
        json_number(&json, "refused", (int64_t)adding->refused);
        json_close(&json, '}');
        buffer_add_char(&ctl->out, '\n');
        return;
    }
    buffer_printf(&ctl->out, "%" PRIu64 " addresses are suppressed, %" PRIu64 " lines refused\n",
                  adding->added, adding->refused);
}

static enum ctl_exit add_file(struct ctl *ctl, const struct ctl_args *args, const char *path)
{
    struct buffer text = BUFFER_EMPTY;
    struct error error;
    struct ask ask;
    struct adding adding = { .ctl = ctl, .ask = &ask, .name = path };
    enum ctl_exit code;

    bool is_read = strcmp(path, "-") == 0 ? file_read_stdin(FILE_BYTES_MAX, &text, &error)
                                          : file_read(path, FILE_BYTES_MAX, &text, &error);
    if (!is_read) {
        buffer_free(&text);
        return ctl_fail(ctl, CTL_INPUT, "%s", error.text);
    }
    ask_open(ctl, args, &ask);
    code = add_lines(&adding, buffer_span(&text));
    tell_all(&adding);
    ask_close(&ask);
    buffer_free(&text);
    return code;
}

static enum ctl_exit suppress_add_run(struct ctl *ctl, const struct ctl_args *args)
{
    const char *path = args_value(args, "from");
    bool has_more =
        args_has(args, "domain") || args_has(args, "until") || args_has(args, "because");

    if ((path != NULL) == (args->operand_count > 0) || (path != NULL && has_more))
        return ctl_fail(ctl, CTL_USAGE,
                        "suppress add wants ADDRESS, or --from FILE, which says all of it");
    return path != NULL ? add_file(ctl, args, path) : add_one(ctl, args);
}

static const struct ctl_option suppress_add_options[] = {
    { .name = "socket",
      .argument = "PATH",
      .brief = "control socket of the daemon (control.socket of FILE)" },
    { .name = "domain", .argument = "DOMAIN", .brief = "only mail of its senders; else of all" },
    { .name = "until",
      .argument = "WHEN",
      .brief = "2026-12-31 (to its end), 2026-12-31T12:00, +90d or never (the default)" },
    { .name = "because", .argument = "TEXT", .brief = "why; whoever is refused reads it" },
    { .name = "from",
      .argument = "PATH",
      .brief = "addresses from a file, - for stdin, as suppress export writes them" },
    CTL_OPTIONS_END,
};

const struct ctl_command cmd_suppress_add = {
    .name = "suppress add",
    .operands = "[ADDRESS]",
    .operands_max = 1,
    .options = suppress_add_options,
    .brief = "an address that mail is not to be sent to any more",
    .details =
        "What happens to such mail the rule recipient-suppressed says; it is observed unless that\n"
        "is reject. Who put the address there and why stands in the log. FILE holds one a line:\n"
        "ADDRESS [DOMAIN [UNTIL [CODE [BECAUSE]]]]; it ends 1 where a line was refused.",
    .run = suppress_add_run,
};
