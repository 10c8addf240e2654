/*
 * fuzz_spf_record: any bytes as an SPF record. What is read has bounds and lies within the record,
 * what is said of a fault is one printable line, and every target expands to something that fits a
 * question or can be none.
 */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include "auth/spf_macro.h"
#include "auth/spf_name.h"
#include "auth/spf_record.h"

#define ARENA_BYTES ((size_t)64 << 20)

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void demand(bool is_true, const char *what)
{
    if (!is_true) {
        fprintf(stderr, "fuzz_spf_record: %s\n", what);
        abort();
    }
}

static void check_line(const char *line)
{
    demand(strlen(line) < 600, "a long line");
    for (; *line != '\0'; line++) {
        demand(*line >= 0x20 && *line < 0x7f, "a line that is not printable");
    }
}

static bool is_inside(struct span part, struct span whole)
{
    return part.at >= whole.at && part.at + part.size <= whole.at + whole.size;
}

static void check_target(const struct spf_term *term, struct span record, struct arena *arena)
{
    static const char local[] = "a.very+odd/local=part..\x80";
    const struct spf_macro_values values = { .local = { local, sizeof(local) - 1 },
                                             .sender_domain = SPAN("sender.example"),
                                             .domain = SPAN("d.example.org"),
                                             .helo = SPAN("helo"),
                                             .validated = SPAN("unknown"),
                                             .client = { 6, { 0x20, 1, 0xd, 0xb8 } } };
    struct spf_macro_use use = { 0 };
    demand(is_inside(term->target, record), "a target from elsewhere");
    demand(spf_macro_check(term->target, true, &use) == NULL, "a target that is none");
    demand(use.letters == term->letters, "other macros");
    struct span name = spf_macro_expand(term->target, &values, arena);
    demand(name.at != NULL, "memory");
    demand(name.size <= 253 || span_find(name, '.') < 0, "a name that was not cut");
    demand(!spf_name_is_plain(name) || spf_name_is_askable(name), "plain, and cannot be asked");
    demand(!spf_name_is_askable(name) || spf_name_is_within(name, name), "not within itself");
}

static void check_term(const struct spf_term *term, struct span record, struct arena *arena)
{
    demand(term->text.size > 0 && is_inside(term->text, record), "a term from elsewhere");
    demand(strchr("+-~?", term->qualifier) != NULL, "a qualifier");
    demand(term->prefix[0] <= 32 && term->prefix[1] <= 128, "a prefix");
    demand((term->kind == SPF_IP4) == (term->address.family == 4), "a network of IPv4");
    demand((term->kind == SPF_IP6) == (term->address.family == 6), "a network of IPv6");
    if (term->target.at != NULL) {
        check_target(term, record, arena);
    } else {
        demand(term->kind != SPF_INCLUDE && term->kind != SPF_REDIRECT && term->kind != SPF_EXISTS,
               "no target");
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct arena *arena = arena_new(ARENA_BYTES);
    struct span text = { (const char *)data, size };
    struct dns_record published = { .data = text };
    struct dns_answer answer = { .result = DNS_FOUND, .count = 1, .records = &published };
    struct spf_record record;
    demand(arena != NULL, "memory");
    check_line(spf_shown(text, arena));
    if (spf_record_select(&answer, &text) == SPF_SELECTED) {
        demand(spf_record_parse(text, arena, &record), "memory");
        if (record.fault != NULL) {
            check_line(record.fault);
        } else {
            demand(text.size <= SPF_RECORD_MAX, "too long");
            demand(record.count <= text.size / 2, "more terms than there can be");
        }
        for (size_t i = 0; record.fault == NULL && i < record.count; i++) {
            check_term(&record.terms[i], text, arena);
        }
    }
    arena_free(&arena);
    return 0;
}
