/*
 * spf_zone: two forms of DNS data, "zonedata" of the public suites and "records" of suite
 * mail-auth, as one script.
 */
#include "tests/corpus/spf_zone.h"

#include <stdio.h>

#include "dns/answer_private.h"
#include "util/ip.h"

static bool can_be_name(struct span name)
{
    char normal[DNS_NAME_MAX];
    return dns_name_normal(name, normal) && span_find(name, ' ') < 0;
}

static void add_quoted(struct buffer *script, struct span text)
{
    buffer_add_char(script, '"');
    for (size_t i = 0; i < text.size; i++) {
        unsigned octet = (unsigned char)text.at[i];
        if (octet < 0x20 || octet > 0x7e || octet == '"' || octet == '\\') {
            buffer_printf(script, "\\%03u", octet);
        } else {
            buffer_add_char(script, text.at[i]);
        }
    }
    buffer_add_text(script, "\" ");
}

/* A text, or a list of strings that are one. */
static void add_txt(struct buffer *script, struct span name, const struct jsonl *value)
{
    if (value->kind == JSONL_TEXT && span_is_equal(value->text, SPAN("NONE"))) {
        return;
    }
    buffer_printf(script, "%.*s TXT ", SPAN_ARG(name));
    if (value->kind == JSONL_TEXT || value->first == NULL) {
        add_quoted(script, value->text);
    }
    for (const struct jsonl *piece = value->first; piece != NULL; piece = piece->next) {
        add_quoted(script, piece->text);
    }
    buffer_add_char(script, '\n');
}

static void add_mx(struct buffer *script, struct span name, const struct jsonl *value)
{
    const struct jsonl *host = value->first != NULL ? value->first->next : NULL;
    if (host != NULL && (host->text.size == 0 || can_be_name(host->text))) {
        buffer_printf(script, "%.*s MX %.*s %.*s\n", SPAN_ARG(name), SPAN_ARG(value->first->text),
                      SPAN_ARG(host->text.size > 0 ? host->text : SPAN(".")));
    }
}

static bool has_txt(const struct jsonl *entries)
{
    for (const struct jsonl *entry = entries->first; entry != NULL; entry = entry->next) {
        if (jsonl_get(entry, "TXT") != NULL) {
            return true;
        }
    }
    return false;
}

static void add_record(struct buffer *script, struct span name, const struct jsonl *record,
                       bool has_other_txt)
{
    if (span_is_equal(record->name, SPAN("SPF"))) {
        if (!has_other_txt) {
            add_txt(script, name, record);
        }
    } else if (span_is_equal(record->name, SPAN("TXT"))) {
        add_txt(script, name, record);
    } else if (span_is_equal(record->name, SPAN("MX"))) {
        add_mx(script, name, record);
    } else if (span_is_equal(record->name, SPAN("SERVFAIL"))) {
        buffer_printf(script, "%.*s * SERVFAIL\n", SPAN_ARG(name));
    } else if (record->name.at[0] == 'A' || can_be_name(record->text)) { /* A, AAAA, CNAME, PTR */
        buffer_printf(script, "%.*s %.*s %.*s\n", SPAN_ARG(name), SPAN_ARG(record->name),
                      SPAN_ARG(record->text));
    }
}

static void add_zone(struct buffer *script, const struct jsonl *zone)
{
    for (const struct jsonl *name = zone->first; name != NULL; name = name->next) {
        for (const struct jsonl *entry = name->first; entry != NULL && can_be_name(name->name);
             entry = entry->next) {
            if (entry->kind == JSONL_TEXT) { /* "TIMEOUT": of all that is not here */
                buffer_printf(script, "%.*s * %.*s\n", SPAN_ARG(name->name), SPAN_ARG(entry->text));
            } else if (entry->first != NULL) {
                add_record(script, name->name, entry->first, has_txt(name));
            }
        }
    }
}

static void add_address(struct buffer *script, struct span name, struct span address)
{
    struct ip ip;
    if (ip_parse(address, &ip)) {
        buffer_printf(script, "%.*s %s %.*s\n", SPAN_ARG(name), ip.family == 4 ? "A" : "AAAA",
                      SPAN_ARG(address));
    }
}

/* "name address, address, ...", for PTR "address name, name, ...". MX hosts are told by address. */
static void add_list(struct buffer *script, struct span type, struct span name, struct span data)
{
    struct span piece;
    char reverse[DNS_REVERSE_MAX], host[64];
    struct ip ip;
    for (unsigned number = 0; span_cut(&data, ',', &piece); number++) {
        piece = span_trim(piece);
        if (span_is_equal(type, SPAN("ptr")) && ip_parse(name, &ip)) {
            dns_reverse_name(&ip, reverse);
            buffer_printf(script, "%s PTR %.*s\n", reverse, SPAN_ARG(piece));
        } else if (span_is_equal(type, SPAN("mx"))) {
            snprintf(host, sizeof(host), "h%u-%zu.made.example", number, script->size);
            buffer_printf(script, "%.*s MX 10 %s\n", SPAN_ARG(name), host);
            add_address(script, span_of(host), piece);
        } else {
            add_address(script, name, piece);
        }
    }
}

static void add_pair(struct buffer *script, struct span type, struct span data)
{
    struct span name;
    if (!span_cut(&data, ' ', &name) || !can_be_name(name)) {
        return;
    }
    if (span_is_equal(type, SPAN("spf")) || span_is_equal(type, SPAN("exp"))) {
        buffer_printf(script, "%.*s TXT ", SPAN_ARG(name));
        add_quoted(script, data);
        buffer_add_char(script, '\n');
    } else {
        add_list(script, type, name, data);
    }
}

void spf_zone_write(const struct jsonl *scenario, struct buffer *script)
{
    const struct jsonl *zone = jsonl_get(scenario, "zonedata");
    const struct jsonl *records = jsonl_get(scenario, "records");
    if (zone != NULL) {
        add_zone(script, zone);
    }
    for (const struct jsonl *pair = records != NULL ? records->first : NULL; pair != NULL;
         pair = pair->next) {
        add_pair(script, pair->first->text, pair->first->next->text);
    }
}

void spf_zone_write_own(const struct jsonl *test, struct buffer *script)
{
    static const char *const types[] = { "spf", "a", "ptr" };
    for (size_t i = 0; i < sizeof(types) / sizeof(types[0]); i++) {
        struct span data = jsonl_text(test, types[i]);
        if (data.size > 0) {
            add_pair(script, span_of(types[i]), data);
        }
    }
}
