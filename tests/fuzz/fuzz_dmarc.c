/*
 * fuzz_dmarc: any bytes as DMARC records at the names above two domains.
 *
 * The first line is the From domain, a blank, an authenticated domain. Each further line is where a
 * record stands, and its text: '1' to '9' is that many of the last labels of the From domain, 'a'
 * to 'i' of the other one, '-' says that nobody answers for the letter behind it. What is found is
 * an end of the domain it was found for, never asks more than eight names, and libopendmarc applies
 * the same policy where old and new rules are one.
 */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include "auth/dmarc_private.h"
#include "dns/scripted.h"
#include "util/buffer.h"
#include "util/domain.h"

#define CEILING_BYTES ((size_t)1 << 20)

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void demand(bool is_true, const char *what)
{
    if (!is_true) {
        fprintf(stderr, "fuzz_dmarc: %s\n", what);
        abort();
    }
}

static bool is_end_of(struct span end, struct span whole)
{
    return end.size > 0 && span_has_suffix_nocase(whole, end) &&
           (end.size == whole.size || whole.at[whole.size - end.size - 1] == '.');
}

static void check_record(struct span text)
{
    struct dmarc_record record, again;
    if (!dmarc_record_read(text, &record)) {
        return;
    }
    demand(dmarc_record_read(text, &again) && again.p.action == record.p.action &&
               again.psd == record.psd && again.trouble == record.trouble,
           "read in two ways");
    demand(record.p.state == DMARC_TAG_GOOD || record.p.action == DMARC_ACTION_NONE,
           "a policy out of nothing");
    demand(record.trouble != NULL || record.p.state != DMARC_TAG_BAD,
           "a bad policy without a word");
    dmarc_library_compare(text, &record);
}

/* The last `count` labels, or all. */
static struct span last_labels(struct span domain, size_t count)
{
    size_t from = domain.size;
    while (from > 0 && (domain.at[from - 1] != '.' || --count > 0)) {
        from--;
    }
    return span_from(domain, from);
}

static struct span place_of(char letter, struct span from_domain, struct span authenticated)
{
    if (letter >= '1' && letter <= '9') {
        return last_labels(from_domain, (size_t)(letter - '0'));
    }
    if (letter >= 'a' && letter <= 'i') {
        return last_labels(authenticated, (size_t)(letter - 'a' + 1));
    }
    return (struct span){ NULL, 0 };
}

static void print_line(struct buffer *script, struct span line, struct span from_domain,
                       struct span authenticated)
{
    bool is_dead = line.size > 1 && line.at[0] == '-';
    struct span place =
        line.size == 0 ? line : place_of(line.at[is_dead], from_domain, authenticated);
    if (place.size == 0) {
        return;
    }
    buffer_printf(script, "_dmarc.%.*s TXT ", SPAN_ARG(place));
    if (is_dead) {
        buffer_add_text(script, "TIMEOUT\n");
        return;
    }
    buffer_add_char(script, '"');
    for (size_t i = 1; i < line.size; i++) {
        buffer_printf(script, "\\%03u", (unsigned char)line.at[i]);
    }
    buffer_add_text(script, "\"\n");
}

static void wait_for(struct dns_questions *questions)
{
    demand(dns_questions_wait(questions, 0), "nothing comes any more");
}

/* Where RFC 7489 and RFC 9989 ask for the same. */
static void check_action(struct span from_domain, const struct dmarc_policy *policy)
{
    struct dmarc_record record;
    demand(dmarc_record_read(policy->record, &record), "a policy of no record");
    if (record.p.state != DMARC_TAG_GOOD || record.np.state != DMARC_TAG_ABSENT ||
        record.is_testing || record.psd == DMARC_PSD_YES) {
        return;
    }
    bool is_own = policy->domain.size == from_domain.size;
    enum dmarc_library_says says = dmarc_library_apply(
        policy->record, from_domain, is_own ? (struct span){ NULL, 0 } : policy->domain, false);
    demand(says == DMARC_LIBRARY_CANNOT ||
               (int)says - DMARC_LIBRARY_NONE == (int)policy->action - DMARC_ACTION_NONE,
           "OpenDMARC applies another policy");
}

static void check_policy(struct span from_domain, const struct dmarc_policy *policy)
{
    bool is_found = policy->state == DMARC_PUBLISHED || policy->state == DMARC_DEFECTIVE;
    demand(policy->queries <= DMARC_WALK_MAX, "too many names");
    demand(policy->organization.at == NULL || is_end_of(policy->organization, from_domain),
           "another's organization");
    demand(is_found ? is_end_of(policy->domain, from_domain) : policy->domain.at == NULL,
           "a record of another");
    demand(policy->state == DMARC_PUBLISHED || policy->action == DMARC_ACTION_NONE,
           "a policy without a record");
    demand(policy->state < DMARC_UNKNOWN || policy->why != NULL, "no word");
    if (policy->state == DMARC_PUBLISHED) {
        check_action(from_domain, policy);
    }
}

static void check_alignment(struct span from_domain, struct span authenticated,
                            const struct dmarc_policy *policy, struct dns_questions *questions)
{
    bool is_equal = span_is_equal(from_domain, authenticated);
    for (int is_strict = 0; is_strict <= 1; is_strict++) {
        enum dmarc_alignment alignment;
        while (!dmarc_align(policy, from_domain, authenticated, is_strict, questions, &alignment)) {
            wait_for(questions);
        }
        demand(!is_equal || alignment == DMARC_ALIGNED, "equal and not aligned");
        demand(!is_strict || is_equal || alignment == DMARC_NOT_ALIGNED, "strict and aligned");
        demand(alignment != DMARC_ALIGNED || is_equal ||
                   is_end_of(policy->organization, authenticated),
               "aligned without an organization in common");
    }
}

static void check_zone(struct span from_domain, struct span authenticated, struct span lines)
{
    struct buffer script = BUFFER_EMPTY;
    struct error error;
    struct span line;
    while (span_cut(&lines, '\n', &line)) {
        print_line(&script, line, from_domain, authenticated);
    }
    struct arena *arena = arena_new(CEILING_BYTES);
    struct dns_resolver *resolver = dns_scripted_new(buffer_span(&script), &clock_system, &error);
    if (resolver != NULL && arena != NULL) {
        struct dns_questions *questions = dns_questions_new(resolver, 100);
        struct dmarc_policy policy;
        while (!dmarc_discover(from_domain, questions, arena, &policy)) {
            wait_for(questions);
        }
        check_policy(from_domain, &policy);
        check_alignment(from_domain, authenticated, &policy, questions);
        dns_questions_free(&questions);
        dns_resolver_free(&resolver);
    }
    arena_free(&arena);
    buffer_free(&script);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct span rest = { size > 0 ? (const char *)data : "", size };
    struct span line, from;
    char from_domain[DOMAIN_MAX], authenticated[DOMAIN_MAX];
    check_record(rest);
    if (!span_cut(&rest, '\n', &line)) {
        return 0;
    }
    check_record(rest);
    if (span_cut(&line, ' ', &from) && domain_to_ascii(from, from_domain) &&
        domain_to_ascii(line, authenticated)) {
        check_zone(span_of(from_domain), span_of(authenticated), rest);
    }
    return 0;
}
