/*
 * judge: see judge.h. All records of an answer are looked at: one that is out of order makes the
 * whole answer so, and of several listings the gravest counts.
 */
#include "lists/judge.h"

#include <stdio.h>

#define REFUSED_FIRST 0x7fffff00u /* 127.255.255.0 */
#define REFUSED_LAST 0x7fffffffu
#define NO_LISTING 0x7f000001u /* 127.0.0.1, RFC 5782 5 */

static uint32_t number_of(const struct dns_record *record)
{
    const unsigned char *at = (const unsigned char *)record->data.at;
    return record->data.size == 4
               ? (uint32_t)at[0] << 24 | (uint32_t)at[1] << 16 | (uint32_t)at[2] << 8 | at[3]
               : 0;
}

static bool fits(const struct list_code *code, uint32_t number)
{
    if (code->bit != 0) {
        return number >> 8 == 0x7f0000 && (number & code->bit) != 0;
    }
    return number >= code->first && number <= code->last;
}

static const struct list_code *find(const struct list_code *codes, size_t count, uint32_t number)
{
    for (size_t i = 0; i < count; i++) {
        if (fits(&codes[i], number)) {
            return &codes[i];
        }
    }
    return NULL;
}

/* Several bits are several listings. */
static const struct list_code *gravest(const struct list_zone *zone, uint32_t number)
{
    const struct list_code *found = NULL;
    for (size_t i = 0; i < zone->code_count; i++) {
        const struct list_code *code = &zone->codes[i];
        if (fits(code, number) && (found == NULL || (code->is_certain && !found->is_certain))) {
            found = code;
        }
    }
    return found;
}

static const char *refusal_of(uint32_t number)
{
    switch (number) {
    case 0x7ffffffc:
        return "it says that its name is written wrongly";
    case 0x7ffffffe:
        return "it answers nobody who asks through a public or open resolver: use a resolver of "
               "your own, or a key";
    case 0x7fffffff:
        return "it says that too many questions came from here, or that we are not registered";
    default:
        return "it says that it does not answer us";
    }
}

/* Why this is no answer of a list in order; NULL: it is one. */
static const char *fault_of(const struct list_zone *zone, uint32_t number)
{
    const struct list_code *error = find(zone->errors, zone->error_count, number);
    if (number >> 24 != 127) {
        return "no list answers that: somebody answers in its place";
    }
    if (number >= REFUSED_FIRST && number <= REFUSED_LAST) {
        return refusal_of(number);
    }
    if (error != NULL) {
        return error->means;
    }
    if (number == NO_LISTING) {
        return "which is no listing: it refuses, or somebody answers in its place";
    }
    return gravest(zone, number) == NULL ? "which is none of its codes: see lists.codes" : NULL;
}

static void print_code(uint32_t number, char out[static LIST_CODE_TEXT_MAX])
{
    snprintf(out, LIST_CODE_TEXT_MAX, "%u.%u.%u.%u", number >> 24 & 255, number >> 16 & 255,
             number >> 8 & 255, number & 255);
}

static void judge_silence(const struct dns_answer *answer, struct list_judgement *judgement)
{
    judgement->verdict = LIST_SILENT;
    snprintf(judgement->why, sizeof(judgement->why), "%s",
             answer->result == DNS_SERVFAIL ? "its servers fail or refuse to answer"
             : answer->result == DNS_BOGUS  ? "DNSSEC says that its answers are forged"
                                            : "it does not answer in time");
}

static void judge_number(const struct list_zone *zone, enum list_use use, uint32_t number,
                         struct list_judgement *judgement)
{
    const char *fault = fault_of(zone, number);
    if (fault != NULL) {
        judgement->verdict = LIST_ERROR;
        print_code(number, judgement->code);
        snprintf(judgement->why, sizeof(judgement->why), "it answers %s: %s", judgement->code,
                 fault);
        return;
    }
    const struct list_code *what = gravest(zone, number);
    bool is_graver = judgement->what == NULL || (what->is_certain && !judgement->what->is_certain);
    if ((what->is_policy && use == LIST_USE_CLIENT) || !is_graver) {
        return;
    }
    judgement->verdict = LIST_LISTED;
    judgement->what = what;
    print_code(number, judgement->code);
}

void list_judge(const struct list_zone *zone, enum list_use use, const struct dns_answer *answer,
                struct list_judgement *judgement_r)
{
    *judgement_r = (struct list_judgement){ .verdict = LIST_CLEAN };
    if (!dns_is_known(answer)) {
        judge_silence(answer, judgement_r);
        return;
    }
    for (size_t i = 0; answer->result == DNS_FOUND && i < answer->count; i++) {
        if (judgement_r->verdict != LIST_ERROR) {
            judge_number(zone, use, number_of(&answer->records[i]), judgement_r);
        }
    }
}

bool list_is_fit_to_show(const struct list_zone *zone, struct span text)
{
    struct span key = span_of(zone->key);
    for (size_t i = 0; key.size > 0 && i + key.size <= text.size; i++) {
        if (span_has_prefix_nocase(span_from(text, i), key)) {
            return false;
        }
    }
    return true;
}
