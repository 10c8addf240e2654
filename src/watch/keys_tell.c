/*
 * keys_tell: what the log learns of key records: one line for each event, with what was found and
 * what should stand there, and one for each new thing that is to be said against a record.
 */
#include "watch/keys_private.h"

#include <stdio.h>
#include <string.h>

#define SHOWN 160 /* of a record: enough to see which key it is */

/* The record that should stand there; "" without memory. */
static void print_expected(const struct key_look *look, struct buffer *out)
{
    if (!dkim_key_print_record(look->key, out)) {
        buffer_clear(out);
    }
}

static void tell_evidence(struct watch *watch, enum log_level level, const struct key_look *look,
                          const struct key_view *view, const char *what, const char *then)
{
    struct buffer expected = BUFFER_EMPTY;
    const struct dkim_published *published = &view->published;
    print_expected(look, &expected);
    watch_log(watch, level, "keys: %.*s: %s: %s%s%s; found \"%.*s\", expected \"%.*s\" for %s; %s",
              SPAN_ARG(look->name), what, key_seen_name(published->seen),
              published->why[0] != '\0' ? ": " : "", published->why, SHOWN, published->found, SHOWN,
              buffer_text(&expected), look->path, then);
    buffer_free(&expected);
}

void keys_tell_revoked(struct watch *watch, struct span name)
{
    watch_log(watch, LOG_LEVEL_INFO,
              "keys: %.*s: no mail signed with it is under way any more: its record may be removed "
              "from DNS, and its key",
              SPAN_ARG(name));
}

void keys_tell_event(struct watch *watch, const struct key_look *look, enum key_event event,
                     const struct key_record *record, const struct key_view *view)
{
    switch (event) {
    case KEY_EVENT_NONE:
        break;
    case KEY_EVENT_PUBLISHED:
        watch_log(watch, LOG_LEVEL_INFO,
                  "keys: %.*s: its record is there; a second look, at the servers of the zone, "
                  "proves it",
                  SPAN_ARG(look->name));
        break;
    case KEY_EVENT_PROVEN:
        watch_log(watch, LOG_LEVEL_INFO, "keys: %.*s: proven, it signs", SPAN_ARG(look->name));
        break;
    case KEY_EVENT_WITHDRAWN:
        tell_evidence(watch, LOG_LEVEL_WARNING, look, view, "seen, and gone before it was proven",
                      "it waits again");
        break;
    case KEY_EVENT_LOST:
        tell_evidence(watch, LOG_LEVEL_ERR, look, view, "nobody can verify it any more",
                      "publish that record again; until then it does not sign");
        break;
    case KEY_EVENT_BACK:
        watch_log(watch, LOG_LEVEL_INFO, "keys: %.*s: its record is back, it signs again",
                  SPAN_ARG(look->name));
        break;
    case KEY_EVENT_RETIRING:
        watch_log(watch, LOG_LEVEL_INFO,
                  "keys: %.*s: %s; its record has to stay while mail signed with it may be under "
                  "way, %d days",
                  SPAN_ARG(look->name), record->reason,
                  (int)((record->retire_s - record->since_s + 86399) / 86400));
        break;
    case KEY_EVENT_REVOKED:
        keys_tell_revoked(watch, look->name);
        break;
    }
}

/* New, and nothing is there: that is how keys begin. */
static void tell_unpublished(struct watch *watch, const struct key_look *look)
{
    struct buffer expected = BUFFER_EMPTY;
    print_expected(look, &expected);
    watch_log(watch, LOG_LEVEL_INFO, "keys: %.*s: not published yet; TXT \"%s\" for %s",
              SPAN_ARG(look->name), buffer_text(&expected), look->path);
    buffer_free(&expected);
}

void keys_tell_view(struct watch *watch, struct key_look *look, const struct key_record *record,
                    const struct key_view *view)
{
    const struct dkim_published *published = &view->published;
    char now[sizeof(look->told)];
    if (published->seen == KEY_SEEN_CANNOT) {
        return; /* the resolver tells of outages, once for all */
    }
    snprintf(now, sizeof(now), "%d %s", published->seen, published->why);
    if (strcmp(now, look->told) == 0) {
        return;
    }
    snprintf(look->told, sizeof(look->told), "%s", now);
    if (published->seen == KEY_SEEN_GOOD) {
        if (published->why[0] != '\0') {
            watch_log(watch, LOG_LEVEL_WARNING, "keys: %.*s: %s; found \"%.*s\"",
                      SPAN_ARG(look->name), published->why, SHOWN, published->found);
        }
    } else if (record->state == KEY_NEW && published->seen == KEY_SEEN_NOTHING) {
        tell_unpublished(watch, look);
    } else if (!record->is_lost) { /* the line about the loss has said it */
        tell_evidence(watch, LOG_LEVEL_WARNING, look, view, "its record is not what it should be",
                      record->state >= KEY_ACTIVE ? "another look will decide"
                                                  : "mend the record: the key waits for it");
    }
}
