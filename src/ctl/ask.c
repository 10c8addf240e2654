/*
 * ask: finds the control socket and hands question and answer through (control/protocol.h). The
 * daemon words the answer; here is only the way to it.
 */
#include <string.h>

#include "config/config.h"
#include "control/client.h"
#include "control/protocol.h"
#include "control/settings.h"
#include "control/words.h"
#include "ctl/ask.h"
#include "ctl/load.h"
#include "ctl/print.h"

const struct ctl_option ask_options[] = {
    { .name = "socket",
      .argument = "PATH",
      .brief = "control socket of the daemon (control.socket of FILE)" },
    CTL_OPTIONS_END,
};

/*
 * The configuration may be broken or unreadable for the caller while the daemon runs well: then its
 * default socket is asked, and the faults are told only where nobody answers there.
 */
void ask_open(struct ctl *ctl, const struct ctl_args *args, struct ask *asked_r)
{
    const struct control_settings *settings = NULL;

    *asked_r = (struct ask){ .socket = args_value(args, "socket") };
    if (asked_r->socket != NULL)
        return;
    asked_r->report = config_report_new();
    if (asked_r->report != NULL)
        asked_r->config = config_load(ctl->config_path, ctl->tables, asked_r->report);
    if (asked_r->config != NULL)
        settings = config_settings(asked_r->config, &control_table);
    asked_r->socket = settings != NULL && settings->socket != NULL ? settings->socket
                                                                   : EM_RUN_DIR "/control.sock";
}

static void print_answer(struct ctl *ctl, const struct buffer *answer)
{
    buffer_add_span(&ctl->out, buffer_span(answer));
    if (answer->size > 0 && answer->at[answer->size - 1] != '\n')
        buffer_add_char(&ctl->out, '\n');
}

static enum ctl_exit complain(struct ctl *ctl, const struct ask *asked, const struct error *error)
{
    bool is_named = strstr(error->text, asked->socket) != NULL;

    if (asked->report != NULL && asked->config == NULL) {
        load_print_faults(ctl, asked->report, false);
        ctl_fail(ctl, CTL_UNREACHABLE, "%s does not tell control.socket, so the default was asked",
                 ctl->config_path);
    }
    return ctl_fail(ctl, CTL_UNREACHABLE, "%s%s%s", is_named ? "" : asked->socket,
                    is_named ? "" : ": ", error->text);
}

void ask_close(struct ask *asked)
{
    config_free(&asked->config);
    config_report_free(&asked->report);
}

enum ctl_exit ask_words(struct ctl *ctl, const struct ask *asked, const struct span *words,
                        size_t count, struct buffer *answer)
{
    struct buffer request = BUFFER_EMPTY;
    struct error error = { "" };
    int code;

    for (size_t i = 0; i < count; i++) {
        control_words_add(&request, words[i]);
        if (i == 0 && ctl->is_json)
            control_words_add(&request, SPAN("json"));
    }
    if (!control_ask(asked->socket, buffer_span(&request), 0, &code, answer, &error)) {
        buffer_clear(answer);
        code = complain(ctl, asked, &error);
    }
    buffer_free(&request);
    return (enum ctl_exit)code;
}

enum ctl_exit ask_daemon_words(struct ctl *ctl, const struct ctl_args *args,
                               const struct span *words, size_t count)
{
    struct ask asked;
    struct buffer answer = BUFFER_EMPTY;
    enum ctl_exit code;

    ask_open(ctl, args, &asked);
    code = ask_words(ctl, &asked, words, count, &answer);
    if (code != CTL_UNREACHABLE)
        print_answer(ctl, &answer);
    buffer_free(&answer);
    ask_close(&asked);
    return code;
}

enum ctl_exit ask_daemon(struct ctl *ctl, const struct ctl_args *args, const char *word)
{
    struct span words[] = { span_of(word) };

    return ask_daemon_words(ctl, args, words, 1);
}

bool ask_in_passing(struct ctl *ctl, const struct ctl_args *args, const char *word)
{
    struct ask asked;
    struct buffer answer = BUFFER_EMPTY;
    struct error error = { "" };
    int code = CTL_UNREACHABLE;

    ask_open(ctl, args, &asked);
    if (!control_ask(asked.socket, span_of(word), 0, &code, &answer, &error))
        buffer_add_text(&answer, error.text);
    if (code != CTL_GOOD) {
        buffer_add_text(&ctl->err, "note: the daemon does not look at once: ");
        print_escaped(&ctl->err, span_trim(buffer_span(&answer)), 512);
        buffer_add_char(&ctl->err, '\n');
    }
    buffer_free(&answer);
    ask_close(&asked);
    return code == CTL_GOOD;
}
