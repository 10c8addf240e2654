/*
 * dmarc_library: libopendmarc as a second reader of records, and as what applies p and sp.
 *
 * It is handed clean names and one record each time, in a context of its own, because storing twice
 * leaks. It leaves p set behind an error, so every status is looked at. It takes relaxed alignment
 * for given where it is not (one-letter labels, public suffixes, strict mode), so it is told the
 * verdict: the From domain itself passed, or failed. Its functions that ask DNS are never called.
 */
#include "auth/dmarc_private.h"

#include <sys/types.h>

#include <opendmarc/dmarc.h>

#include "util/domain.h"

/* The library takes u_char *, not const, and copies what it keeps. */
struct c_text {
    u_char text[DMARC_RECORD_MAX + 1];
};

/* False: too long, or there is a NUL inside, behind which the library would see nothing. */
static bool make_c_text(struct span from, struct c_text *text_r)
{
    if (from.size == 0 || from.size > DMARC_RECORD_MAX || span_find(from, '\0') >= 0) {
        return false;
    }
    memcpy(text_r->text, from.at, from.size);
    text_r->text[from.size] = '\0';
    return true;
}

/* A context with the record in it; NULL: it is not taken, or memory is out. */
static DMARC_POLICY_T *open_record(struct span text, struct span from_domain,
                                   struct span organization)
{
    static const u_char address[] = "127.0.0.1"; /* it wants one, and uses it for its log */
    struct c_text record, domain, top;
    if (!make_c_text(text, &record) || !make_c_text(from_domain, &domain) ||
        (organization.size > 0 && !make_c_text(organization, &top))) {
        return NULL;
    }
    u_char client[sizeof(address)];
    memcpy(client, address, sizeof(address));
    DMARC_POLICY_T *context = opendmarc_policy_connect_init(client, DMARC_POLICY_IP_TYPE_IPV4);
    if (context == NULL) {
        return NULL;
    }
    if (opendmarc_policy_store_from_domain(context, domain.text) != DMARC_PARSE_OKAY ||
        opendmarc_policy_store_dmarc(context, record.text, domain.text,
                                     organization.size > 0 ? top.text : NULL) != DMARC_PARSE_OKAY) {
        opendmarc_policy_connect_shutdown(context);
        return NULL;
    }
    return context;
}

/* The letter that stands for a request of ours. */
static int letter_of(const struct dmarc_request *request)
{
    static const int letters[] = {
        [DMARC_ACTION_NONE] = DMARC_RECORD_P_NONE,
        [DMARC_ACTION_QUARANTINE] = DMARC_RECORD_P_QUARANTINE,
        [DMARC_ACTION_REJECT] = DMARC_RECORD_P_REJECT,
    };
    return request->state == DMARC_TAG_GOOD ? letters[request->action] : DMARC_RECORD_P_UNSPECIFIED;
}

static bool is_same_policy(DMARC_POLICY_T *context, const struct dmarc_record *record)
{
    int p, sp;
    return opendmarc_policy_fetch_p(context, &p) == DMARC_PARSE_OKAY &&
           opendmarc_policy_fetch_sp(context, &sp) == DMARC_PARSE_OKAY &&
           p == letter_of(&record->p) && sp == letter_of(&record->sp);
}

static bool is_same_mode(DMARC_POLICY_T *context, const struct dmarc_record *record)
{
    int adkim, aspf;
    return opendmarc_policy_fetch_adkim(context, &adkim) == DMARC_PARSE_OKAY &&
           opendmarc_policy_fetch_aspf(context, &aspf) == DMARC_PARSE_OKAY &&
           (adkim == DMARC_RECORD_A_STRICT) == record->is_strict_dkim &&
           (aspf == DMARC_RECORD_A_STRICT) == record->is_strict_spf;
}

void dmarc_library_compare(struct span text, struct dmarc_record *record)
{
    if (record->trouble != NULL || record->p.state == DMARC_TAG_ABSENT) {
        return; /* it never takes a record without p= */
    }
    DMARC_POLICY_T *context = open_record(text, SPAN("example.org"), (struct span){ NULL, 0 });
    if (context == NULL) {
        if (record->note == NULL) {
            record->note = "receivers with OpenDMARC cannot read it and apply nothing";
        }
        return;
    }
    if (!is_same_policy(context, record)) {
        record->trouble = "receivers with OpenDMARC read another policy in it";
    } else if (!is_same_mode(context, record) && record->note == NULL) {
        record->trouble = "receivers with OpenDMARC read another alignment mode in it";
    }
    opendmarc_policy_connect_shutdown(context);
}

static enum dmarc_library_says says_of(OPENDMARC_STATUS_T status)
{
    switch (status) {
    case DMARC_POLICY_PASS:
        return DMARC_LIBRARY_PASSES;
    case DMARC_POLICY_NONE:
        return DMARC_LIBRARY_NONE;
    case DMARC_POLICY_QUARANTINE:
        return DMARC_LIBRARY_QUARANTINE;
    case DMARC_POLICY_REJECT:
        return DMARC_LIBRARY_REJECT;
    default:
        return DMARC_LIBRARY_CANNOT;
    }
}

enum dmarc_library_says dmarc_library_apply(struct span text, struct span from_domain,
                                            struct span organization, bool is_aligned)
{
    enum dmarc_library_says says = DMARC_LIBRARY_CANNOT;
    u_char nothing[1] = "";
    u_char domain[DOMAIN_MAX];
    DMARC_POLICY_T *context = open_record(text, from_domain, organization);
    if (context == NULL || from_domain.size >= sizeof(domain)) {
        goto end;
    }
    memcpy(domain, from_domain.at, from_domain.size);
    domain[from_domain.size] = '\0';
    if (opendmarc_policy_store_dkim(context, domain, nothing,
                                    is_aligned ? DMARC_POLICY_DKIM_OUTCOME_PASS
                                               : DMARC_POLICY_DKIM_OUTCOME_FAIL,
                                    nothing) == DMARC_PARSE_OKAY) {
        says = says_of(opendmarc_get_policy_to_enforce(context));
    }
end:
    if (context != NULL) {
        opendmarc_policy_connect_shutdown(context);
    }
    return says;
}
