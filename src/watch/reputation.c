/*
 * reputation: asks the lists of use "own" about the addresses our mail leaves from and the domains
 * it comes from, once in listings.own_every, a handful at a time; of a fleet one node does it.
 *
 * What a list could not tell changes nothing, and one that is off is not asked: a listing is over
 * when the list says so.
 */
#include "watch/watch_private.h"

#include <stdio.h>
#include <stdlib.h>

#include "auth/organization.h"
#include "limits/fleet.h"
#include "lists/ask.h"
#include "log/field.h"
#include "watch/domains_list.h"
#include "watch/reputation.h"

#define LEASE_NAME "reputation"
#define LEASE_MS 150000
#define LOOK_MS 60000 /* the lease is renewed so often */
#define HANDFUL 32    /* names; each asks every zone */
#define BETWEEN_MS 1000
#define UNTESTED_MS 5000 /* no list is on yet */
#define WAIT_MS 3000
#define ROUND_KEY "reputation-round"

struct reputation {
    struct domains_list *list; /* NULL: no round is under way */
    size_t next;
};

static void *reputation_begin(struct watch *watch)
{
    (void)watch;
    return calloc(1, sizeof(struct reputation));
}

static void reputation_end(void *state)
{
    struct reputation *reputation = state;
    domains_list_free(&reputation->list);
    free(reputation);
}

/* --- one name at one zone -------------------------------------------------------------------- */

struct look {
    struct watch *watch;
    const struct list_zone *zone;
    struct list_subject subject;
    struct span name; /* as in the store */
    struct list_judgement judgement;
    char text[REPUTATION_TEXT_MAX]; /* what the zone says of it in TXT */
};

/* False: answers are under way. */
static bool look(struct look *look, struct dns_questions *questions)
{
    char question[LIST_QUESTION_MAX];
    look->text[0] = '\0';
    look->judgement = (struct list_judgement){ .verdict = LIST_SILENT };
    if (!list_question(look->zone, &look->subject, question)) {
        return true;
    }
    const struct dns_answer *answer = dns_questions_ask(questions, span_of(question), DNS_A);
    if (answer == NULL) {
        return false;
    }
    list_judge(look->zone, LIST_USE_OWN, answer, &look->judgement);
    if (look->judgement.verdict != LIST_LISTED) {
        return true;
    }
    answer = dns_questions_ask(questions, span_of(question), DNS_TXT);
    if (answer != NULL && answer->result == DNS_FOUND &&
        list_is_fit_to_show(look->zone, answer->records[0].data)) {
        log_escape(answer->records[0].data, true, look->text, sizeof(look->text));
    }
    return answer != NULL;
}

static struct span key_of(const struct look *look, char room[static STORE_KEY_MAX])
{
    snprintf(room, STORE_KEY_MAX, REPUTATION_KEY_PREFIX "%s/%.*s", look->zone->name,
             SPAN_ARG(look->name));
    return span_of(room);
}

static bool get(const struct look *look, struct reputation_record *record_r)
{
    struct buffer kept = BUFFER_EMPTY;
    char room[STORE_KEY_MAX];
    struct store *store = watch_setup_of(look->watch)->store;
    bool is_there = store_get(store, STORE_WATCH, key_of(look, room), &kept) == STORE_FOUND &&
                    reputation_record_read(buffer_span(&kept), record_r);
    buffer_free(&kept);
    return is_there;
}

static void tell_listing(const struct look *look)
{
    const char *page = look->zone->removal;
    watch_log(look->watch, LOG_LEVEL_WARNING, "reputation: %.*s is listed by %s: %s, %s%s%s%s%s%s",
              SPAN_ARG(look->name), look->zone->name, look->judgement.code,
              look->judgement.what->means, look->text[0] != '\0' ? " (\"" : "", look->text,
              look->text[0] != '\0' ? "\")" : "", page != NULL ? "; removal: " : "",
              page != NULL ? page : "");
}

static void keep(const struct look *look, const struct reputation_record *record)
{
    struct buffer value = BUFFER_EMPTY;
    char room[STORE_KEY_MAX];
    reputation_record_write(record, &value);
    store_put(watch_setup_of(look->watch)->store, STORE_WATCH, key_of(look, room),
              buffer_span(&value), STORE_SOON);
    buffer_free(&value);
}

/* Kept before it is told, so that a line may be lost and is never said twice. */
static void take_listing(const struct look *look, int64_t now_s)
{
    struct reputation_record record;
    bool is_known = get(look, &record) && strcmp(record.code, look->judgement.code) == 0;
    if (!is_known) {
        record = (struct reputation_record){ .since_s = now_s };
    }
    record.looked_s = now_s;
    snprintf(record.code, sizeof(record.code), "%s", look->judgement.code);
    snprintf(record.means, sizeof(record.means), "%s", look->judgement.what->means);
    snprintf(record.page, sizeof(record.page), "%s",
             look->zone->removal != NULL ? look->zone->removal : "");
    snprintf(record.text, sizeof(record.text), "%s", look->text);
    keep(look, &record);
    if (!is_known) {
        tell_listing(look);
    }
}

static void take_clean(const struct look *look)
{
    struct reputation_record record;
    char room[STORE_KEY_MAX];
    if (get(look, &record)) {
        store_remove(watch_setup_of(look->watch)->store, STORE_WATCH, key_of(look, room));
        watch_log(look->watch, LOG_LEVEL_WARNING,
                  "reputation: %.*s is no more listed by %s (%s, %s)", SPAN_ARG(look->name),
                  look->zone->name, record.code, record.means);
    }
}

static void take(const struct look *look)
{
    const struct watch_setup *setup = watch_setup_of(look->watch);
    struct dns_state dns;
    dns_resolver_state(setup->resolver, &dns);
    if (look->judgement.verdict == LIST_SILENT && dns.is_out) {
        return;
    }
    list_board_note(setup->lists, look->zone, &look->judgement);
    /* What a list says beside an answer out of order may be as wrong. */
    if (!list_board_is_on(setup->lists, look->zone)) {
        return;
    }
    if (look->judgement.verdict == LIST_LISTED) {
        take_listing(look, clock_wall_s(setup->clock));
    } else if (look->judgement.verdict == LIST_CLEAN) {
        take_clean(look);
    }
}

/* --- a handful ------------------------------------------------------------------------------- */

static bool make_subject(const struct domains_thing *thing, struct list_subject *subject_r)
{
    *subject_r = (struct list_subject){ .use = LIST_USE_OWN };
    if (thing->kind == DOMAINS_PTR) {
        subject_r->ip = thing->subject.egress->addresses[0];
        return true;
    }
    subject_r->name = thing->subject.domain;
    subject_r->organization = organization_of(thing->subject.domain);
    return thing->kind == DOMAINS_SPF;
}

/* All looks of a handful of names into `looks`. */
static size_t gather(struct watch *watch, struct reputation *reputation,
                     const struct list_zones *zones, struct look *looks)
{
    size_t count = 0, names = 0;
    while (reputation->next < domains_list_count(reputation->list) && names < HANDFUL) {
        const struct domains_thing *thing = domains_list_at(reputation->list, reputation->next++);
        struct list_subject subject;
        if (!make_subject(thing, &subject)) {
            continue;
        }
        names++;
        for (size_t i = 0; i < zones->count; i++) {
            if (list_wants(&zones->at[i], &subject) &&
                list_board_is_on(watch_setup_of(watch)->lists, &zones->at[i])) {
                looks[count++] = (struct look){ .watch = watch,
                                                .zone = &zones->at[i],
                                                .subject = subject,
                                                .name = thing->subject.domain };
            }
        }
    }
    return count;
}

static void handful(struct watch *watch, struct reputation *reputation,
                    const struct list_zones *zones)
{
    const struct watch_setup *setup = watch_setup_of(watch);
    struct look *looks = calloc(HANDFUL * (zones->count + 1), sizeof(*looks));
    size_t count = looks != NULL ? gather(watch, reputation, zones, looks) : 0;
    struct dns_questions *questions = dns_questions_new(setup->resolver, (unsigned)(2 * count));
    uint64_t end_ns = clock_mono_ns(setup->clock) + WAIT_MS * UINT64_C(1000000);
    bool is_under_way = true;
    while (is_under_way) {
        is_under_way = false;
        for (size_t i = 0; i < count; i++) {
            is_under_way |= !look(&looks[i], questions);
        }
        is_under_way = is_under_way && dns_questions_wait(questions, end_ns);
    }
    for (size_t i = 0; i < count; i++) {
        take(&looks[i]);
    }
    dns_questions_free(&questions);
    free(looks);
}

/* --- rounds ---------------------------------------------------------------------------------- */

static int64_t last_round_s(struct watch *watch)
{
    struct buffer value = BUFFER_EMPTY;
    long long last_s = 0;
    if (store_get(watch_setup_of(watch)->store, STORE_WATCH, SPAN(ROUND_KEY), &value) ==
        STORE_FOUND) {
        last_s = strtoll(buffer_text(&value), NULL, 10);
    }
    buffer_free(&value);
    return last_s;
}

static void note_round(struct watch *watch, int64_t now_s)
{
    char text[24];
    snprintf(text, sizeof(text), "%lld", (long long)now_s);
    store_put(watch_setup_of(watch)->store, STORE_WATCH, SPAN(ROUND_KEY), span_of(text),
              STORE_SOON);
}

/* Records of what is asked about no more. */
struct pruning {
    const struct list_zones *zones; /* NULL: of everything */
    struct domains_list *list;
    struct buffer keys; /* each ended by LF */
};

static bool is_wanted(const struct pruning *pruning, struct span zone, struct span name)
{
    const struct list_zone *row =
        pruning->zones != NULL ? list_zones_find(pruning->zones, zone) : NULL;
    if (row == NULL || (row->uses & 1u << LIST_USE_OWN) == 0) {
        return false;
    }
    for (size_t i = 0; i < domains_list_count(pruning->list); i++) {
        if (span_is_equal(domains_list_at(pruning->list, i)->subject.domain, name)) {
            return true;
        }
    }
    return false;
}

static bool note_unwanted(struct span key, struct span value, void *context)
{
    struct pruning *pruning = context;
    struct span zone, name;
    (void)value;
    if (!reputation_key_read(key, &zone, &name) || !is_wanted(pruning, zone, name)) {
        buffer_add_span(&pruning->keys, key);
        buffer_add_char(&pruning->keys, '\n');
    }
    return true;
}

static void prune(struct watch *watch, const struct list_zones *zones, struct domains_list *list)
{
    struct store *store = watch_setup_of(watch)->store;
    struct pruning pruning = { zones, list, BUFFER_EMPTY };
    struct span rest, key;
    store_walk(store, STORE_WATCH, SPAN(REPUTATION_KEY_PREFIX), note_unwanted, &pruning);
    rest = buffer_span(&pruning.keys);
    while (span_cut(&rest, '\n', &key)) {
        if (key.size > 0) {
            store_remove(store, STORE_WATCH, key);
        }
    }
    buffer_free(&pruning.keys);
}

static void begin_round(struct watch *watch, struct reputation *reputation, const struct site *site)
{
    domains_list_free(&reputation->list);
    reputation->list = domains_list_new(site);
    reputation->next = 0;
    if (reputation->list != NULL) {
        prune(watch, site->lists, reputation->list);
        note_round(watch, clock_wall_s(watch_setup_of(watch)->clock));
    }
}

/* Is it this node's to look? Where nobody knows it does no harm twice. */
static bool has_lease(struct watch *watch)
{
    struct fleet *fleet = watch_setup_of(watch)->books.fleet;
    return fleet == NULL || fleet_lease(fleet, LEASE_NAME, LEASE_MS) != FLEET_ABSENT;
}

/* A round waits for the lists' first tests. */
static bool has_some_on(struct watch *watch, const struct list_zones *zones)
{
    bool is_some = false;
    for (size_t i = 0; i < zones->count; i++) {
        is_some |= (zones->at[i].uses & 1u << LIST_USE_OWN) != 0 &&
                   list_board_is_on(watch_setup_of(watch)->lists, &zones->at[i]);
    }
    return is_some;
}

/* Until the next round, or the lease is to be renewed. */
static unsigned rest_ms(int64_t every_s)
{
    return every_s < LOOK_MS / 1000 ? (unsigned)every_s * 1000 : LOOK_MS;
}

static unsigned work(struct watch *watch, struct reputation *reputation, const struct site *site,
                     bool is_hurried)
{
    int64_t every_s = site->lists->settings->own_every_s;
    int64_t now_s = clock_wall_s(watch_setup_of(watch)->clock), last_s = last_round_s(watch);
    bool is_due = is_hurried || now_s - last_s >= every_s || last_s > now_s;
    if (every_s == 0 || !list_zones_use(site->lists, LIST_USE_OWN)) {
        prune(watch, NULL, NULL);
        return LOOK_MS;
    }
    if (!has_lease(watch)) {
        prune(watch, NULL, NULL); /* another node tells */
        return rest_ms(every_s);
    }
    bool begins = reputation->list == NULL ? is_due : is_hurried;
    if (begins && has_some_on(watch, site->lists)) {
        begin_round(watch, reputation, site);
    }
    if (reputation->list == NULL) {
        return is_due ? UNTESTED_MS : rest_ms(every_s);
    }
    handful(watch, reputation, site->lists);
    if (reputation->next < domains_list_count(reputation->list)) {
        return BETWEEN_MS;
    }
    domains_list_free(&reputation->list);
    return rest_ms(every_s);
}

static unsigned reputation_run(struct watch *watch, void *state, bool is_hurried)
{
    const struct watch_setup *setup = watch_setup_of(watch);
    if (setup->lists == NULL || setup->resolver == NULL) {
        return LOOK_MS;
    }
    struct site *site = site_holder_get(setup->holder);
    unsigned pause_ms = work(watch, state, site, is_hurried);
    site_unref(&site);
    return pause_ms;
}

const struct watch_job watch_reputation_job = { .name = "reputation",
                                                .begin = reputation_begin,
                                                .end = reputation_end,
                                                .run = reputation_run,
                                                .is_for_leader = true };
