/*
 * settings: the rows of `lists` and of `listings`, and what is wrong with them as a whole.
 */
#include "lists/settings.h"

#include <stdio.h>

#include "lists/known.h"
#include "util/domain.h"
#include "util/error.h"
#include "util/ip.h"

enum { BIT_MAX = 128, LOOKUPS_MAX = 500 };

const char *const list_use_names[] = { "client", "links", "sender-domain", "own", NULL };
static const char *const kind_names[] = { "address", "domain", NULL };
static const char *const level_names[] = { "host", "organization", NULL };
const char *const list_rule_names[] = { "link-listed", "client-listed", "domain-listed", NULL };
const int list_rule_findings[] = { FINDING_LINK_LISTED, FINDING_CLIENT_LISTED,
                                   FINDING_DOMAIN_LISTED };

static bool accepts_domain(const char *value, struct error *error)
{
    char name[DOMAIN_MAX];
    if (domain_to_ascii(span_of(value), name)) {
        return true;
    }
    error_set(error, "no domain name");
    return false;
}

static int use_of(const char *text)
{
    int use = 0;
    while (list_use_names[use] != NULL && strcmp(list_use_names[use], text) != 0) {
        use++;
    }
    return list_use_names[use] != NULL ? use : -1;
}

static bool accepts_use(const char *value, struct error *error)
{
    if (use_of(value) >= 0) {
        return true;
    }
    error_set(error, "no use; valid: client, links, sender-domain, own");
    return false;
}

static bool accepts_code(const char *value, struct error *error)
{
    struct list_code code;
    if (list_code_read(span_of(value), &code)) {
        return true;
    }
    error_set(error, "no code; valid: an address like 127.0.1.4, or a range of them like "
                     "127.0.1.102-127.0.1.106, within 127.0.0.0/8");
    return false;
}

static bool accepts_page(const char *value, struct error *error)
{
    if (span_has_prefix_nocase(span_of(value), SPAN("https://")) ||
        span_has_prefix_nocase(span_of(value), SPAN("http://"))) {
        return true;
    }
    error_set(error, "no address of a page; valid: https://...");
    return false;
}

static bool read_octets(struct span text, uint32_t *code_r)
{
    struct ip ip;
    if (!ip_parse(text, &ip) || ip.family != 4 || ip.bytes[0] != 127) {
        return false;
    }
    *code_r = (uint32_t)ip.bytes[0] << 24 | (uint32_t)ip.bytes[1] << 16 |
              (uint32_t)ip.bytes[2] << 8 | ip.bytes[3];
    return true;
}

bool list_code_read(struct span text, struct list_code *code_r)
{
    ptrdiff_t dash = span_find(text, '-');
    struct span first = dash < 0 ? text : span_first(text, (size_t)dash);
    struct span last = dash < 0 ? text : span_from(text, (size_t)dash + 1);
    *code_r = (struct list_code){ .bit = 0 };
    return read_octets(span_trim(first), &code_r->first) &&
           read_octets(span_trim(last), &code_r->last) && code_r->first <= code_r->last;
}

unsigned list_uses_read(const struct config_texts *texts)
{
    unsigned uses = 0;
    for (size_t i = 0; i < texts->count; i++) {
        int use = use_of(texts->at[i]);
        uses |= use >= 0 ? 1u << use : 0;
    }
    return uses;
}

static const struct config_row code_rows[] = {
    { .name = "code",
      .type = CONFIG_TEXT,
      .offset = offsetof(struct list_code_settings, code),
      .accepts = accepts_code,
      .brief = "the address the zone answers, or a range of them" },
    { .name = "bit",
      .type = CONFIG_INT,
      .offset = offsetof(struct list_code_settings, bit),
      .fallback = "0",
      .min = 0,
      .max = BIT_MAX,
      .brief = "in place of code: a bit of the last octet, where these add up" },
    { .name = "means",
      .type = CONFIG_TEXT,
      .offset = offsetof(struct list_code_settings, means),
      .fallback = "listed",
      .brief = "what it says, for log and reply" },
    { .name = "certain",
      .type = CONFIG_BOOL,
      .offset = offsetof(struct list_code_settings, certain),
      .fallback = "false",
      .brief = "it alone is reason enough to stop a message" },
    { .name = "policy",
      .type = CONFIG_BOOL,
      .offset = offsetof(struct list_code_settings, policy),
      .fallback = "false",
      .brief = "it says what an address is (dynamic, no mail server): nothing against a login" },
    CONFIG_ROWS_END,
};

static const struct config_row list_rows[] = {
    { .name = "zone",
      .type = CONFIG_TEXT,
      .offset = offsetof(struct list_settings, zone),
      .accepts = accepts_domain,
      .required = true,
      .brief =
          "the list; of one that is known only use and, if it wants one, key_file are needed" },
    { .name = "use",
      .type = CONFIG_TEXTS,
      .offset = offsetof(struct list_settings, use),
      .accepts = accepts_use,
      .required = true,
      .brief = "what it is asked about: client, links, sender-domain, own" },
    { .name = "kind",
      .type = CONFIG_CHOICE,
      .offset = offsetof(struct list_settings, kind),
      .choices = kind_names,
      .brief = "what it lists" },
    { .name = "codes",
      .type = CONFIG_LIST,
      .offset = offsetof(struct list_settings, codes),
      .rows = code_rows,
      .element_size = sizeof(struct list_code_settings),
      .brief = "all its codes; any other answer is an error of the zone" },
    { .name = "errors",
      .type = CONFIG_TEXTS,
      .offset = offsetof(struct list_settings, errors),
      .accepts = accepts_code,
      .brief = "codes with which it says that it does not answer; 127.0.0.1 and 127.255.255.x "
               "always are" },
    { .name = "rule",
      .type = CONFIG_CHOICE,
      .offset = offsetof(struct list_settings, rule),
      .choices = list_rule_names,
      .brief = "the finding that a listing becomes" },
    { .name = "key_file",
      .type = CONFIG_TEXT,
      .offset = offsetof(struct list_settings, key_file),
      .brief = "file with the key of a paid feed, which goes before the zone in each question" },
    { .name = "removal",
      .type = CONFIG_TEXT,
      .offset = offsetof(struct list_settings, removal),
      .accepts = accepts_page,
      .brief = "page where a listing can be ended" },
    { .name = "level",
      .type = CONFIG_CHOICE,
      .offset = offsetof(struct list_settings, level),
      .choices = level_names,
      .brief = "which part of a name it wants: all of it, or what is registered" },
    CONFIG_ROWS_END,
};

static const struct config_row rows[] = {
    { .name = "lists",
      .type = CONFIG_LIST,
      .offset = offsetof(struct lists_settings, rows),
      .rows = list_rows,
      .element_size = sizeof(struct list_settings),
      .key = "zone",
      .place_offset = offsetof(struct list_settings, place),
      .brief = "DNS lists that are asked" },
    CONFIG_ROWS_END,
};

static const struct config_row listing_rows[] = {
    { .name = "never",
      .type = CONFIG_TEXTS,
      .offset = offsetof(struct listing_settings, never),
      .accepts = accepts_domain,
      .brief = "domains in links that no list is asked about, and all below them" },
    { .name = "lookups",
      .type = CONFIG_INT,
      .offset = offsetof(struct listing_settings, lookups),
      .fallback = "40",
      .min = 1,
      .max = LOOKUPS_MAX,
      .brief = "questions to lists for one message, at most" },
    { .name = "own_every",
      .type = CONFIG_DURATION,
      .offset = offsetof(struct listing_settings, own_every_s),
      .fallback = "1h",
      .min = 0,
      .max = 7 * 86400,
      .brief = "how often lists of use \"own\" are asked about our addresses and domains; 0s: "
               "never" },
    CONFIG_ROWS_END,
};

/* --- what is wrong with a row as a whole ----------------------------------------------------- */

struct row_report {
    struct config_report *report;
    const struct list_settings *row;
    size_t at;
};

static void complain(const struct row_report *to, enum config_severity severity, const char *member,
                     const char *text)
{
    char setting[64];
    snprintf(setting, sizeof(setting), "lists[%zu].%s", to->at, member);
    config_complain(to->report, severity, &to->row->place, setting, "%s", text);
}

/* A code that says "I do not answer you" is never a listing. */
static bool is_reserved(const struct list_code *code)
{
    return code->first <= 0x7f000001 || (code->last >= 0x7fffff00 && code->first <= 0x7fffffff);
}

static void check_code(const struct row_report *to, const struct list_code_settings *settings)
{
    struct list_code code;
    if ((settings->code != NULL) == (settings->bit != 0)) {
        complain(to, CONFIG_ERROR, "codes", "each has either code or bit");
    } else if (settings->bit != 0 && (settings->bit & (settings->bit - 1)) != 0) {
        complain(to, CONFIG_ERROR, "codes", "bit is one bit; valid: 2, 4, 8, 16, 32, 64, 128");
    } else if (settings->bit == 1 ||
               (settings->code != NULL && list_code_read(span_of(settings->code), &code) &&
                is_reserved(&code))) {
        complain(to, CONFIG_ERROR, "codes",
                 "holds 127.0.0.1 or 127.255.255.x, with which lists say that they do not answer");
    }
}

static void check_codes(const struct row_report *to, const struct list_known *known)
{
    const struct list_code_settings *codes = to->row->codes.at;
    for (size_t i = 0; i < to->row->codes.count; i++) {
        check_code(to, &codes[i]);
    }
    if (to->row->codes.count > LIST_CODES_MAX || to->row->errors.count > LIST_CODES_MAX) {
        complain(to, CONFIG_ERROR, "codes", "too many; valid: up to 64");
    }
    if (known == NULL && to->row->codes.count == 0) {
        complain(to, CONFIG_ERROR, "codes",
                 "missing: nothing is known of this zone, so say what its answers mean");
    }
}

static void check_key(const struct row_report *to, const struct list_known *known)
{
    char text[200];
    if (known == NULL) {
        return;
    }
    if (known->has_key && to->row->key_file == NULL) {
        complain(to, CONFIG_ERROR, "key_file", "missing: this zone answers nobody without a key");
    } else if (!known->has_key && to->row->key_file != NULL) {
        snprintf(text, sizeof(text), "this zone takes no key%s%s",
                 known->with_key != NULL ? "; with one ask " : "",
                 known->with_key != NULL ? known->with_key : "");
        complain(to, CONFIG_ERROR, "key_file", text);
    }
}

static void check_uses(const struct row_report *to, enum list_kind kind)
{
    unsigned uses = list_uses_read(&to->row->use);
    if (kind == LIST_OF_DOMAINS && (uses & 1u << LIST_USE_CLIENT) != 0) {
        complain(to, CONFIG_ERROR, "use", "clients have addresses, and this zone lists domains");
    }
    if (kind == LIST_OF_ADDRESSES && (uses & 1u << LIST_USE_SENDER_DOMAIN) != 0) {
        complain(to, CONFIG_ERROR, "use", "this zone lists addresses, not domains");
    }
    if (uses == 1u << LIST_USE_OWN && to->row->rule >= 0) {
        complain(to, CONFIG_WARNING, "rule", "has no effect: no message is judged by this zone");
    }
    if (kind == LIST_OF_ADDRESSES && to->row->level >= 0) {
        complain(to, CONFIG_WARNING, "level", "has no effect: this zone lists addresses");
    }
}

static void check_row(const struct row_report *to)
{
    const char *refusal = list_known_refusal(span_of(to->row->zone));
    const struct list_known *known = list_known_find(span_of(to->row->zone));
    if (refusal != NULL) {
        complain(to, CONFIG_ERROR, "zone", refusal);
        return;
    }
    if (known == NULL && to->row->kind < 0) {
        complain(to, CONFIG_ERROR, "kind",
                 "missing: nothing is known of this zone; valid: \"address\", \"domain\"");
        return;
    }
    if (known != NULL && to->row->kind >= 0 && to->row->kind != (int)known->kind) {
        complain(to, CONFIG_ERROR, "kind",
                 known->kind == LIST_OF_DOMAINS ? "this zone lists domains"
                                                : "this zone lists addresses");
        return;
    }
    check_uses(to, known != NULL ? known->kind : (enum list_kind)to->row->kind);
    check_codes(to, known);
    check_key(to, known);
}

static void check_lists(const struct config *config, const void *settings,
                        struct config_report *report)
{
    const struct lists_settings *lists = settings;
    const struct list_settings *at = lists->rows.at;
    (void)config;
    for (size_t i = 0; i < lists->rows.count; i++) {
        struct row_report to = { report, &at[i], i };
        check_row(&to);
    }
    if (lists->rows.count > LIST_ZONES_MAX) {
        struct row_report to = { report, &at[LIST_ZONES_MAX], LIST_ZONES_MAX };
        complain(&to, CONFIG_ERROR, "zone", "too many lists; valid: up to 64");
    }
}

static void check_listings(const struct config *config, const void *settings,
                           struct config_report *report)
{
    const struct lists_settings *lists = config_settings(config, &lists_table);
    (void)settings;
    for (const struct config_row *row = listing_rows; row->name != NULL; row++) {
        char setting[64];
        struct config_place place = config_where(config, &listings_table, row->name);
        if (lists->rows.count == 0 && config_is_set(config, &listings_table, row->name)) {
            snprintf(setting, sizeof(setting), "listings.%s", row->name);
            config_complain(report, CONFIG_WARNING, &place, setting,
                            "has no effect: no list is asked, see lists");
        }
    }
}

const struct config_table lists_table = {
    .path = "", .rows = rows, .size = sizeof(struct lists_settings), .check = check_lists
};
const struct config_table listings_table = { .path = "listings",
                                             .rows = listing_rows,
                                             .size = sizeof(struct listing_settings),
                                             .check = check_listings };
