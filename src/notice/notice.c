/*
 * notice: the three ways out. Hooks are run from here at once, as many in a minute as a person
 * could still read about; mail waits in the store (digest.c).
 */
#include "notice/notice.h"

#include <errno.h>
#include <pthread.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>

#include "log/counter.h"
#include "log/field.h"
#include "message/date.h"
#include "notice/digest.h"
#include "notice/mail.h"
#include "notice/request.h"
#include "notice/settings.h"
#include "notice/token.h"

#define HOOKS_A_MINUTE 60 /* of one kind, of one process */
#define MINUTE_NS UINT64_C(60000000000)
#define TEXT_MAX 600

struct hook_pace {
    uint64_t minute_ns;
    unsigned run, kept_back;
};

struct notices {
    struct store *store;
    const struct clock *clock;
    struct log_sink *log;
    int door_fd;
    pthread_mutex_t lock;
    struct hook_pace paces[NOTICE_KIND_COUNT];
};

struct notices *notices_new(struct store *store, const struct clock *clock, struct log_sink *log,
                            int door_fd)
{
    struct notices *notices = calloc(1, sizeof(*notices));

    if (notices == NULL) {
        return NULL;
    }
    notices->store = store;
    notices->clock = clock;
    notices->log = log;
    notices->door_fd = door_fd;
    pthread_mutex_init(&notices->lock, NULL);
    return notices;
}

void notices_free(struct notices **notices)
{
    if (*notices == NULL) {
        return;
    }
    pthread_mutex_destroy(&(*notices)->lock);
    free(*notices);
    *notices = NULL;
}

/* --- commands -------------------------------------------------------------------------------- */

/* False: nobody runs commands, or more is waiting there than there is room for. */
static bool ask(const struct notices *notices, const struct buffer *request)
{
    ssize_t sent = -1;

    if (notices->door_fd < 0 || buffer_has_failed(request) || request->size > REQUEST_MAX) {
        return false;
    }
    do {
        sent = send(notices->door_fd, request->at, request->size, MSG_NOSIGNAL | MSG_DONTWAIT);
    } while (sent < 0 && errno == EINTR);
    return sent == (ssize_t)request->size;
}

/* How many were kept back in the minute before is told once it is over. */
static bool may_run(struct notices *notices, enum notice_kind kind, unsigned *unsaid_r)
{
    struct hook_pace *pace = &notices->paces[kind];
    uint64_t now_ns = clock_mono_ns(notices->clock);
    bool may;

    *unsaid_r = 0;
    pthread_mutex_lock(&notices->lock);
    if (now_ns - pace->minute_ns >= MINUTE_NS) {
        *unsaid_r = pace->kept_back;
        *pace = (struct hook_pace){ .minute_ns = now_ns };
    }
    may = pace->run < HOOKS_A_MINUTE;
    pace->run += may;
    pace->kept_back += !may;
    pthread_mutex_unlock(&notices->lock);
    return may;
}

static void run_hook(struct notices *notices, const struct notice *notice)
{
    const char *name = notice_kinds[notice->kind].name;
    struct buffer request = BUFFER_EMPTY;
    unsigned unsaid;
    bool may = may_run(notices, notice->kind, &unsaid);

    if (unsaid > 0) {
        log_sink_print(notices->log, LOG_LEVEL_WARNING,
                       "hooks.%s was not run for %u notices: there were more than %d in a minute",
                       name, unsaid, HOOKS_A_MINUTE);
    }
    if (!may) {
        counter_add(COUNTER_NOTICES_LOST, 1);
        return;
    }
    request_begin(&request, name);
    request_fact(&request, "notice", span_of(name));
    request_fact(&request, "text", notice->text);
    for (size_t i = 0; i < notice->fact_count && i < NOTICE_FACTS_MAX; i++) {
        request_fact(&request, notice->facts[i].name, notice->facts[i].value);
    }
    request_input(&request, SPAN(""));
    if (!ask(notices, &request)) {
        counter_add(COUNTER_NOTICES_LOST, 1);
        log_sink_print(notices->log, LOG_LEVEL_ERR,
                       "hooks.%s cannot be run now: too many commands wait", name);
    }
    buffer_free(&request);
}

/* --- one notice ------------------------------------------------------------------------------ */

static void note_for_mail(struct notices *notices, enum notice_kind kind, const char *text)
{
    char line[TEXT_MAX + DATE_TEXT_MAX + 2], date[DATE_TEXT_MAX];
    int64_t now_s = clock_wall_s(notices->clock);

    date_print(now_s, notices->clock->utc_offset_s(notices->clock, now_s), date);
    snprintf(line, sizeof(line), "%s  %s", date, text);
    if (!digest_note(notices->store, kind, span_of(line))) {
        counter_add(COUNTER_NOTICES_LOST, 1);
    }
}

void notice_send(struct notices *notices, const struct config *config, const struct notice *notice)
{
    const struct notice_settings *settings = config_settings(config, &notice_settings_table);
    const struct hook_settings *hooks = config_settings(config, &hook_settings_table);
    const struct notice_kind_row *row = &notice_kinds[notice->kind];
    char text[TEXT_MAX];

    log_escape(notice->text, true, text, sizeof(text));
    if (row->is_logged) {
        log_sink_print(notices->log, LOG_LEVEL_WARNING, "notice %s: %s", row->name, text);
    }
    if (hooks->at[notice->kind].count > 0) {
        run_hook(notices, notice);
    }
    if (settings->admin.count > 0 && !notice->is_unmailed) {
        note_for_mail(notices, notice->kind, text);
    }
}

/* --- our own mail ---------------------------------------------------------------------------- */

bool notice_is_own(struct notices *notices, struct span field_value)
{
    return token_is_good(notices->store, notices->clock, span_trim(field_value));
}

void notice_spend(struct notices *notices, struct span field_value)
{
    token_spend(notices->store, span_trim(field_value));
}

/* --- mail ------------------------------------------------------------------------------------ */

static bool send_mail(struct notices *notices, const struct notice_settings *settings,
                      enum notice_kind kind, const struct digest *digest, struct span host)
{
    struct buffer message = BUFFER_EMPTY, request = BUFFER_EMPTY;
    char token[TOKEN_TEXT_MAX], id[TOKEN_TEXT_MAX];
    bool is_sent, has_token = token_make(notices->store, notices->clock, token);
    struct notice_mail mail = { .settings = settings,
                                .kind = kind,
                                .digest = digest,
                                .host = host,
                                .token = has_token ? token : NULL,
                                .id = id };

    token_text(notices->clock, id);
    notice_mail_write(&mail, notices->clock, &message);
    request_begin(&request, REQUEST_MAIL);
    request_fact(&request, "notice", span_of(notice_kinds[kind].name));
    request_input(&request, buffer_span(&message));
    is_sent = !buffer_has_failed(&message) && ask(notices, &request);
    if (!is_sent && has_token) {
        notice_spend(notices, span_of(token));
    }
    buffer_free(&message);
    buffer_free(&request);
    return is_sent;
}

void notices_mail_due(struct notices *notices, const struct config *config, struct span host)
{
    const struct notice_settings *settings = config_settings(config, &notice_settings_table);
    int64_t now_s = clock_wall_s(notices->clock);

    if (settings->admin.count == 0 || notices->door_fd < 0) {
        return;
    }
    for (int kind = 0; kind < NOTICE_KIND_COUNT; kind++) {
        struct buffer bytes = BUFFER_EMPTY;
        struct digest digest;
        /* What cannot be handed over now is tried again with the next call. */
        if (digest_load(notices->store, (enum notice_kind)kind, &bytes, &digest) &&
            digest_is_due(&digest, (enum notice_kind)kind, now_s) &&
            send_mail(notices, settings, (enum notice_kind)kind, &digest, host)) {
            digest_mailed(notices->store, (enum notice_kind)kind, &digest, now_s);
        }
        buffer_free(&bytes);
    }
}
