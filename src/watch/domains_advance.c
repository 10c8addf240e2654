/*
 * domains_advance: from what was kept and a look to what is kept, and to what there is to tell.
 */
#include "watch/domains_record.h"

static const struct domains_fault *find_seen(const struct domains_look *look, struct span code)
{
    for (size_t i = 0; i < look->fault_count; i++) {
        if (span_is_equal(look->faults[i].code, code)) {
            return &look->faults[i];
        }
    }
    return NULL;
}

static bool is_kept(const struct domains_record *record, struct span code)
{
    for (size_t i = 0; i < record->fault_count; i++) {
        if (span_is_equal(record->faults[i].code, code)) {
            return true;
        }
    }
    return false;
}

/* What is over, was told long ago, and has no line to come. */
static bool is_done(const struct domains_kept *fault, int64_t now_s)
{
    return fault->is_over && (fault->told_s == 0 || now_s - fault->told_s >= DOMAINS_AGAIN_S);
}

/* Faults that are no more. */
static void drop_done(struct domains_record *record, int64_t now_s)
{
    size_t count = 0;
    for (size_t i = 0; i < record->fault_count; i++) {
        if (!is_done(&record->faults[i], now_s)) {
            record->faults[count++] = record->faults[i];
        }
    }
    record->fault_count = count;
}

/* A slot for one more that lasts. There always is one: at most DOMAINS_FAULTS_MAX last, and as many
 * ended now. */
static struct domains_kept *make_room(struct domains_record *record,
                                      const struct domains_event *event)
{
    if (record->fault_count < DOMAINS_KEPT_MAX) {
        return &record->faults[record->fault_count++];
    }
    for (size_t i = 0; i < record->fault_count; i++) {
        if (record->faults[i].is_over && !event->has_ended[i]) {
            return &record->faults[i];
        }
    }
    return NULL;
}

/* Marks each kept fault by what the look says of it; adds what is new. */
static void take_faults(struct domains_record *record, const struct domains_look *look,
                        int64_t now_s, struct domains_event *event)
{
    for (size_t i = 0; i < record->fault_count; i++) {
        struct domains_kept *fault = &record->faults[i];
        const struct domains_fault *seen = find_seen(look, fault->code);
        if (seen == NULL) {
            event->has_ended[i] = !fault->is_over && fault->is_told;
            event->ended += event->has_ended[i];
            fault->is_over = true;
            fault->is_told = false;
            continue;
        }
        fault->since_s = fault->is_over ? now_s : fault->since_s;
        fault->is_over = false;
        fault->weight = seen->weight;
        fault->text = seen->text;
    }
    for (size_t i = 0; i < look->fault_count; i++) {
        const struct domains_fault *seen = &look->faults[i];
        struct domains_kept *fault = is_kept(record, seen->code) ? NULL : make_room(record, event);
        if (fault != NULL) {
            *fault = (struct domains_kept){
                .weight = seen->weight, .since_s = now_s, .code = seen->code, .text = seen->text
            };
        }
    }
}

/* Which of the faults that last are to be told now. */
static void choose_told(struct domains_record *record, bool is_quiet, bool may_tell, int64_t now_s,
                        struct domains_event *event)
{
    for (size_t i = 0; i < record->fault_count; i++) {
        struct domains_kept *fault = &record->faults[i];
        bool is_due = fault->told_s == 0 || now_s - fault->told_s >= DOMAINS_AGAIN_S;
        if (fault->is_over || fault->weight == DOMAINS_NOTE || !is_due) {
            continue;
        }
        if (is_quiet) { /* its day begins all the same */
            fault->told_s = now_s;
            fault->is_told = true;
        } else if (may_tell) {
            event->has_new = event->has_new || !fault->is_told;
            event->has_again = event->has_again || fault->is_told;
            event->is_told[i] = true;
            event->told++;
            fault->told_s = now_s;
            fault->is_told = true;
        } else {
            event->put_off++;
        }
    }
}

static void take_text(struct domains_record *record, struct span text, int64_t now_s,
                      struct domains_event *event)
{
    event->is_first = !record->has_looked;
    if (event->is_first) {
        record->since_s = now_s;
    } else if (!span_is_equal(record->text, text)) {
        event->has_changed = true;
        record->old_text = record->text;
        record->old_since_s = record->since_s;
        record->old_until_s = record->looked_s;
        record->since_s = now_s;
    }
    record->text = text;
    record->has_looked = true;
}

bool domains_advance(struct domains_record *record, const struct domains_look *look, bool may_tell,
                     int64_t now_s, struct domains_event *event_r)
{
    *event_r = (struct domains_event){ .is_first = false };
    if (!look->is_text_known) {
        return false;
    }
    take_text(record, look->text, now_s, event_r);
    record->looked_s = now_s;
    if (look->are_faults_known) {
        drop_done(record, now_s);
        take_faults(record, look, now_s, event_r);
        choose_told(record, !record->has_judged, may_tell || event_r->has_changed, now_s, event_r);
        record->has_judged = true;
    }
    return true;
}
