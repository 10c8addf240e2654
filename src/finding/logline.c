/*
 * logline: writes and reads the line of a message. The order of the fields is the user contract;
 * what a client wrote comes last, so that no client can push our own words off the line.
 */
#include "finding/logline.h"

#include <stdio.h>

enum {
    RULES_ROOM = 180, /* bytes a list may take before "+N" */
    SIGNED_ROOM = 220,
    TO_ROOM = 160,
    LIMITS_ROOM = 160,
    LIST_MAX = 64
};

static void write_rules(struct log_fields *out, const struct finding_list *findings)
{
    struct span items[LIST_MAX];
    char texts[LIST_MAX][48];
    size_t count = 0;
    for (const struct finding *f = findings->first; f != NULL && count < LIST_MAX; f = f->next) {
        if (f->action == ACTION_OFF) {
            continue;
        }
        int size = snprintf(texts[count], sizeof(texts[count]), "%s:%s", finding_name(f->id),
                            action_name(f->action));
        items[count] = (struct span){ texts[count], (size_t)size };
        count++;
    }
    log_fields_add_list(out, "rules", items, count, RULES_ROOM);
}

static void write_signed(struct log_fields *out, const struct logline *line)
{
    if (line->signature_count > 0) {
        log_fields_add_list(out, "signed", line->signatures, line->signature_count, SIGNED_ROOM);
    } else if (line->unsigned_reason != NULL) {
        log_fields_add(out, "signed", SPAN("none"));
        log_fields_add(out, "reason", span_of(line->unsigned_reason));
    }
}

static void add_angle(struct log_fields *out, const char *key, struct span address)
{
    if (address.at == NULL) {
        return;
    }
    char text[400];
    snprintf(text, sizeof(text), "<%.*s>", (int)(address.size < 380 ? address.size : 380),
             address.at);
    log_fields_add(out, key, span_of(text));
}

void logline_write(const struct logline *line, struct log_fields *out)
{
    log_fields_init(out);
    char id[80];
    log_escape(line->queue_id.size > 0 ? line->queue_id : SPAN("NOQUEUE"), false, id, sizeof(id));
    log_fields_raw(out, id);
    log_fields_raw(out, ":");
    log_fields_add(out, "verdict", span_of(line->verdict));
    log_fields_add(out, "would", span_of(line->would));
    log_fields_add(out, "class", span_of(line->mail_class));
    log_fields_add(out, "user", line->user);
    log_fields_add(out, "ticket", span_of(line->ticket));
    write_rules(out, line->findings);
    write_signed(out, line);
    log_fields_add(out, "spf", span_of(line->spf));
    log_fields_add(out, "dmarc", span_of(line->dmarc));
    log_fields_add(out, "scan", span_of(line->scan));
    log_fields_add_list(out, "limits", line->limits, line->limit_count, LIMITS_ROOM);
    if (line->has_score) {
        char score[16];
        snprintf(score, sizeof(score), "%u.%u", line->score / 10, line->score % 10);
        log_fields_add(out, "score", span_of(score));
    }
    log_fields_add_number(out, "rcpts", line->recipients);
    log_fields_add_number(out, "external", line->external);
    if (line->refused > 0) {
        log_fields_add_number(out, "refused", line->refused);
    }
    log_fields_add_list(out, "to", line->to, line->to_count, TO_ROOM);
    log_fields_add_number(out, "size", line->size_bytes);
    log_fields_add(out, "client", line->client);
    log_fields_add(out, "daemon", line->daemon);
    log_fields_add(out, "tls", line->tls);
    log_fields_add(out, "by", span_of(line->by != NULL ? line->by : "-"));
    if (line->reply != NULL) {
        log_fields_add_quoted(out, "reply", span_of(line->reply));
    }
    char spent[32];
    snprintf(spent, sizeof(spent), "%llu.%llu", (unsigned long long)(line->spent_us / 1000),
             (unsigned long long)(line->spent_us % 1000 / 100));
    log_fields_add(out, "t_ms", span_of(spent));
    log_fields_add(out, "helo", line->helo);
    log_fields_add(out, "login", line->login);
    add_angle(out, "from", line->from);
    log_fields_add(out, "hfrom", line->header_from);
    log_fields_add(out, "msgid", line->message_id);
}

bool logline_next(struct span *rest_io, struct span *key_r, struct span *raw_r)
{
    struct span rest = *rest_io;
    if (rest.size > 0 && rest.at[0] != ' ') {
        ptrdiff_t colon = span_find(rest, ':');
        if (colon < 0) {
            return false;
        }
        *key_r = SPAN("id");
        *raw_r = span_first(rest, (size_t)colon);
        *rest_io = span_from(rest, (size_t)colon + 1);
        return true;
    }
    rest = span_from(rest, 1);
    ptrdiff_t equals = span_find(rest, '=');
    if (equals < 0) {
        return false;
    }
    *key_r = span_first(rest, (size_t)equals);
    rest = span_from(rest, (size_t)equals + 1);
    bool is_quoted = rest.size > 0 && rest.at[0] == '"';
    rest = span_from(rest, is_quoted ? 1 : 0);
    ptrdiff_t end = span_find(rest, is_quoted ? '"' : ' ');
    size_t size = end < 0 ? rest.size : (size_t)end;
    *raw_r = span_first(rest, size);
    *rest_io = span_from(rest, size + (is_quoted && end >= 0 ? 1 : 0));
    return true;
}

ptrdiff_t logline_unescape(struct span raw, char *out, size_t out_size)
{
    size_t at = 0;
    for (size_t i = 0; i < raw.size; i++) {
        if (at + 1 >= out_size) {
            return -1;
        }
        if (raw.at[i] == '\\' && i + 3 < raw.size && raw.at[i + 1] == 'x' &&
            ascii_hex(raw.at[i + 2]) >= 0 && ascii_hex(raw.at[i + 3]) >= 0) {
            out[at++] = (char)(ascii_hex(raw.at[i + 2]) * 16 + ascii_hex(raw.at[i + 3]));
            i += 3;
        } else {
            out[at++] = raw.at[i];
        }
    }
    out[at] = '\0';
    return (ptrdiff_t)at;
}
