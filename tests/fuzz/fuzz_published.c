/*
 * fuzz_published: any bytes as the TXT records where a key of ours should be, split at NUL. Spans
 * stay within the record, texts for people are printable, a record is judged the same twice, and
 * nothing is our key that does not hold its letters.
 */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include "dkim/published.h"

#define RECORDS_MAX 8
#define NAME SPAN("s._domainkey.example.org")

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void demand(bool is_true, const char *what)
{
    if (!is_true) {
        fprintf(stderr, "fuzz_published: %s\n", what);
        abort();
    }
}

/* Fixed ones, so that seeds can hold their records; they guard nothing. */
static const char pem[2][400] = {
    "-----BEGIN PRIVATE KEY-----\n"
    "MC4CAQAwBQYDK2VwBCIEIP2j/QAUgZ/wN2Kw+lT+wsMIshLXK4Z7OmPDtFOEMSJF\n"
    "-----END PRIVATE KEY-----\n",
    "-----BEGIN PRIVATE KEY-----\n"
    "MC4CAQAwBQYDK2VwBCIEIB7ar0fGnMHDLWB6RCuo7t9KPzyF+W0d9Vovt7bGdlcA\n"
    "-----END PRIVATE KEY-----\n",
};
static struct dkim_key *keys[3];

static void make_keys(void)
{
    struct error error;
    for (int i = 0; i < 2; i++) {
        keys[i] = keys[i] != NULL ? keys[i] : dkim_key_parse(span_of(pem[i]), "fuzz", &error);
    }
    keys[2] = keys[2] != NULL ? keys[2] : dkim_key_generate(DKIM_RSA_SHA256, 1024, &error);
    demand(keys[0] != NULL && keys[1] != NULL && keys[2] != NULL, "no key");
}

static void demand_inside(struct span record, struct span part)
{
    demand(part.at == NULL ||
               (part.at >= record.at && part.at + part.size <= record.at + record.size),
           "a part outside the record");
}

static void check_text(struct span record)
{
    struct dkim_key_text text;
    dkim_key_text_parse(record, &text);
    demand_inside(record, text.type);
    demand_inside(record, text.hashes);
    demand_inside(record, text.services);
    demand_inside(record, text.flags);
    demand_inside(record, text.key);
    demand(text.is_well_formed == (text.defect == NULL), "a defect without a word");
}

static void demand_printable(const char *text)
{
    for (; *text != '\0'; text++) {
        demand(*text >= ' ' && *text <= '~', "not printable");
    }
}

static void check_answer(const struct dns_answer *answer)
{
    struct dkim_published one, again;
    bool is_ours[3];
    for (int i = 0; i < 3; i++) {
        dkim_published_judge(answer, NAME, keys[i], &one);
        dkim_published_judge(answer, NAME, keys[i], &again);
        demand(one.seen == again.seen && strcmp(one.why, again.why) == 0, "judged in two ways");
        demand(one.seen == KEY_SEEN_GOOD || one.why[0] != '\0' || one.seen == KEY_SEEN_OTHER,
               "refused without a word");
        demand(one.seen != KEY_SEEN_CANNOT, "an answer is no answer");
        demand_printable(one.why);
        demand_printable(one.found);
        is_ours[i] = one.seen == KEY_SEEN_GOOD || one.seen == KEY_SEEN_UNFIT;
    }
    demand(answer->count > 1 || is_ours[0] + is_ours[1] + is_ours[2] <= 1, "one record, two keys");
    demand(!is_ours[2], "nobody knows that key");
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct span rest = { size > 0 ? (const char *)data : "", size }, record;
    struct dns_record records[RECORDS_MAX];
    struct dns_answer answer = { .result = DNS_NODATA, .records = records };
    make_keys();
    while (answer.count < RECORDS_MAX && span_cut(&rest, '\0', &record)) {
        check_text(record);
        records[answer.count++] = (struct dns_record){ .data = record };
        answer.result = DNS_FOUND;
    }
    check_answer(&answer);
    return 0;
}
