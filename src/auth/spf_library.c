/*
 * spf_library: libspf2, judging the records of a walk in the form of spf_normal.c. Its macro
 * compiler, which a record can make write past its buffer (CVE-2023-42118), thus has nothing to do,
 * and no text of a stranger reaches it but plain names.
 *
 * Each evaluation has a server of its own, as the hook of its DNS layer is the only way to tell a
 * look-up which evaluation it belongs to. Limits are the walk's: the library's are put out of
 * reach.
 */
#include <netinet/in.h>
#include <spf2/spf.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "auth/spf_normal.h"
#include "util/domain.h"

#define LIBRARY_LOOKUPS 200

struct judge {
    const struct spf_walk *walk;
    const struct spf_normal *records;
    bool has_strayed; /* it asked for what the walk has not seen */
};

static struct span find_text(const struct judge *judge, struct span name)
{
    for (const struct spf_normal *text = judge->records; text != NULL; text = text->older) {
        if (span_is_equal_nocase(text->name, name)) {
            return (struct span){ text->at, text->size };
        }
    }
    return (struct span){ NULL, 0 };
}

static const struct dns_answer *find_known(const struct judge *judge, struct span name,
                                           enum dns_type type)
{
    for (const struct spf_known *known = judge->walk->known; known != NULL; known = known->older) {
        if (known->type == type && span_is_equal_nocase(known->name, name)) {
            return known->answer;
        }
    }
    return NULL;
}

/* --- the library's DNS layer -------------------------------------------------------------------
 */

/* Room for one more record of `size` octets; NULL: memory. */
static SPF_dns_rr_data_t *record_add(SPF_dns_rr_t *rr, size_t size)
{
    int index = rr->num_rr;
    if (SPF_dns_rr_buf_realloc(rr, index, size) != SPF_E_SUCCESS) {
        rr->herrno = TRY_AGAIN;
        return NULL;
    }
    rr->num_rr = index + 1;
    return rr->rr[index];
}

static void add_text(SPF_dns_rr_t *rr, struct span text)
{
    SPF_dns_rr_data_t *data = record_add(rr, text.size + 1);
    if (data != NULL) {
        memcpy(data->txt, text.at, text.size); /* txt, mx and ptr are one place */
        data->txt[text.size] = '\0';
    }
}

static void add_address(SPF_dns_rr_t *rr, struct span address)
{
    SPF_dns_rr_data_t *data = record_add(rr, sizeof(*data));
    if (data != NULL) {
        memset(data, 0, sizeof(*data));
        memcpy(data, address.at, address.size);
    }
}

static void add_answer(SPF_dns_rr_t *rr, const struct dns_answer *answer, enum dns_type type)
{
    size_t address_size = type == DNS_A ? 4 : 16;
    bool is_address = type == DNS_A || type == DNS_AAAA;
    rr->herrno = !dns_is_known(answer)            ? TRY_AGAIN
                 : answer->result == DNS_NXDOMAIN ? HOST_NOT_FOUND
                 : answer->result == DNS_NODATA   ? NO_DATA
                                                  : NETDB_SUCCESS;
    for (size_t i = 0; i < answer->count; i++) {
        struct span data = answer->records[i].data;
        if (is_address && data.size == address_size) {
            add_address(rr, data);
        } else if (!is_address && data.size <= 253 && span_find(data, '\0') < 0) {
            add_text(rr, data);
        }
    }
}

static SPF_dns_rr_t *library_lookup(SPF_dns_server_t *server, const char *domain, ns_type type,
                                    int should_cache)
{
    struct judge *judge = server->hook;
    struct span name = span_of(domain);
    SPF_dns_rr_t *rr = SPF_dns_rr_new_init(server, domain, type, 0, NO_DATA);
    (void)should_cache;
    if (rr == NULL) {
        return NULL; /* out of memory: the library ends the process; it knows nothing else to do */
    }
    if (type == ns_t_txt) {
        struct span text = find_text(judge, name);
        judge->has_strayed = judge->has_strayed || text.at == NULL;
        if (text.at != NULL) {
            rr->herrno = NETDB_SUCCESS;
            add_text(rr, text);
        }
    } else if (type == ns_t_a || type == ns_t_aaaa || type == ns_t_mx || type == ns_t_ptr) {
        const struct dns_answer *answer = find_known(judge, name, (enum dns_type)type);
        judge->has_strayed = judge->has_strayed || answer == NULL;
        if (answer != NULL) {
            add_answer(rr, answer, (enum dns_type)type);
        }
    }
    return rr; /* type SPF of RFC 4408: there is none */
}

static SPF_errcode_t library_explanation(SPF_server_t *server, const char *domain, char **text,
                                         size_t *size)
{
    (void)server;
    (void)domain;
    if (*text == NULL || *size < 2) {
        char *room = realloc(*text, 2);
        if (room == NULL) {
            return SPF_E_NO_MEMORY;
        }
        *text = room;
        *size = 2;
    }
    memcpy(*text, "-", 2);
    return SPF_E_SUCCESS;
}

static enum spf_says says_of(SPF_response_t *response)
{
    SPF_errcode_t error = SPF_response_errcode(response);
    switch (SPF_response_result(response)) {
    case SPF_RESULT_NEUTRAL:
        return SPF_SAYS_NEUTRAL;
    case SPF_RESULT_PASS:
        return SPF_SAYS_PASS;
    case SPF_RESULT_FAIL:
        return SPF_SAYS_FAIL;
    case SPF_RESULT_SOFTFAIL:
        return SPF_SAYS_SOFTFAIL;
    case SPF_RESULT_NONE:
        return SPF_SAYS_NONE;
    case SPF_RESULT_TEMPERROR:
        return SPF_SAYS_TEMPERROR;
    case SPF_RESULT_PERMERROR:
        return SPF_SAYS_PERMERROR;
    case SPF_RESULT_INVALID: /* it did not come so far */
        break;
    }
    return error == SPF_E_DNS_ERROR || error == SPF_E_NO_MEMORY ? SPF_SAYS_TEMPERROR
                                                                : SPF_SAYS_PERMERROR;
}

/* False: memory. */
static bool prepare_request(const struct judge *judge, struct span domain, SPF_request_t *request)
{
    const struct ip *client = &judge->walk->query->client;
    char sender[sizeof("postmaster@") + DOMAIN_MAX];
    struct in_addr v4;
    struct in6_addr v6;
    snprintf(sender, sizeof(sender), "postmaster@%.*s", SPAN_ARG(domain));
    memcpy(&v4, client->bytes, sizeof(v4));
    memcpy(&v6, client->bytes, sizeof(v6));
    return (client->family == 4 ? SPF_request_set_ipv4(request, v4)
                                : SPF_request_set_ipv6(request, v6)) == SPF_E_SUCCESS &&
           SPF_request_set_helo_dom(request, "helo.invalid") == SPF_E_SUCCESS &&
           SPF_request_set_env_from(request, sender) == SPF_E_SUCCESS;
}

static bool ask_library(struct judge *judge, struct span domain, enum spf_says *says_r)
{
    SPF_dns_server_t layer = {
        .lookup = library_lookup, .get_exp = library_explanation, .name = "closed", .hook = judge
    };
    SPF_server_t *server = SPF_server_new_dns(&layer, 0);
    SPF_request_t *request = NULL;
    SPF_response_t *response = NULL, *ignored = NULL;
    bool is_asked = false;
    if (server == NULL || SPF_server_set_rec_dom(server, "receiver.invalid") != SPF_E_SUCCESS ||
        SPF_server_set_explanation(server, "-", &ignored) != SPF_E_SUCCESS) {
        goto done;
    }
    SPF_server_set_max_dns_mech(server, LIBRARY_LOOKUPS);
    request = SPF_request_new(server);
    if (request != NULL && prepare_request(judge, domain, request)) {
        SPF_request_query_mailfrom(request, &response);
        is_asked = response != NULL;
    }
    if (is_asked) {
        *says_r = says_of(response);
    }
done:
    if (response != NULL) {
        SPF_response_free(response);
    }
    if (ignored != NULL) {
        SPF_response_free(ignored);
    }
    if (request != NULL) {
        SPF_request_free(request);
    }
    if (server != NULL) {
        SPF_server_free(server);
    }
    return is_asked;
}

bool spf_library_judge(const struct spf_walk *walk, enum spf_says *says_r)
{
    const struct spf_visit *first = walk->visits;
    if (walk->query->client.family == 0 || ip_is_loopback(&walk->query->client)) {
        return false;
    }
    while (first != NULL && first->older != NULL) {
        first = first->older;
    }
    struct judge judge = { .walk = walk, .records = spf_normal_write(walk) };
    if (judge.records == NULL || !spf_name_is_plain(first->domain)) {
        return false;
    }
    return ask_library(&judge, first->domain, says_r) && !judge.has_strayed;
}
