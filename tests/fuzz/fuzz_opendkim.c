/*
 * fuzz_opendkim: any bytes as an OpenDKIM KeyTable, a SigningTable and an address, a NUL between
 * them; the first byte says of which types they are. What signs is what the rows, tried one after
 * the other, say; a domain with an entry for all its mail is one of ours.
 */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include "dkim/domains_opendkim_private.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { FOUND_MOST = 16, ADDRESS_MOST = 600 };

static void demand(bool is_true, const char *what)
{
    if (!is_true) {
        fprintf(stderr, "fuzz_opendkim: %s\n", what);
        abort();
    }
}

/* The row of an entry, "*@DOMAIN" where it is for all of it. */
static struct span pattern_of(const struct dkim_domain *entry, char out[static 512])
{
    if (entry->sender != NULL) {
        return span_of(entry->sender);
    }
    snprintf(out, 512, "*@%s", entry->name);
    return span_of(out);
}

static bool matches(const struct dkim_domain *entry, struct span address)
{
    char text[512];
    return opendkim_matches(pattern_of(entry, text), address);
}

/* Of a table of patterns without templates: is `found` the first row that matches? */
static void compare(const struct dkim_domains *domains, const struct dkim_domain *found,
                    struct span address)
{
    for (size_t i = 0; i < dkim_domains_count(domains); i++) {
        const struct dkim_domain *entry = dkim_domains_at(domains, i);
        if (entry == found) {
            demand(matches(entry, address), "found without a match");
            return;
        }
        demand(!matches(entry, address), "an earlier row matches");
    }
    demand(found == NULL, "found what is not there");
}

static void ask(const struct dkim_domains *domains, const struct opendkim_spec *spec,
                struct span text)
{
    const struct dkim_domain *found[FOUND_MOST];
    char folded[ADDRESS_MOST], domain[DOMAIN_MAX];
    ptrdiff_t at = span_find_last(text, '@');
    if (at < 0 || text.size > ADDRESS_MOST / 3 ||
        !domain_to_ascii(span_from(text, (size_t)at + 1), domain)) {
        return;
    }
    for (ptrdiff_t i = 0; i < at; i++) { /* a NUL may be in it */
        folded[i] = ascii_lower(text.at[i]);
    }
    size_t folded_size =
        (size_t)at + (size_t)snprintf(folded + at, sizeof(folded) - (size_t)at, "@%s", domain);
    size_t count = dkim_domains_find_address(domains, span_first(text, (size_t)at), span_of(domain),
                                             found, FOUND_MOST);
    demand(count <= FOUND_MOST && (spec->is_multiple || count <= 1), "too many");
    bool is_ours = dkim_domains_has(domains, span_of(domain));
    demand(count == 0 || is_ours || found[0]->name[0] == '*', "signs for what is not ours");
    demand(!is_ours || dkim_domains_find(domains, span_of(domain)) != NULL, "ours without entry");
    if (spec->signing.is_pattern && !spec->is_multiple && domains->opendkim->owned == NULL) {
        compare(domains, count > 0 ? found[0] : NULL, (struct span){ folded, folded_size });
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct span text = { size > 1 ? (const char *)data + 1 : "", size > 1 ? size - 1 : 0 };
    struct span keys = { NULL, 0 }, signing = { NULL, 0 };
    unsigned flags = size > 0 ? data[0] : 0;
    struct opendkim_spec spec = { .keys = { SPAN("/K"), (flags & 1) != 0 },
                                  .signing = { SPAN("/S"), (flags & 2) != 0 },
                                  .is_multiple = (flags & 4) != 0 };
    if (!span_cut(&text, '\0', &keys) || !span_cut(&text, '\0', &signing)) {
        return 0;
    }
    struct config_report *report = config_report_new();
    struct dkim_domains *domains = domains_new(report);
    bool is_good = domains_read_opendkim_texts(domains, &spec, keys, signing, report);
    demand(is_good == (config_report_count(report, CONFIG_ERROR) == 0), "an error without a word");
    if (is_good) {
        ask(domains, &spec, text);
    }
    dkim_domains_free(&domains);
    config_report_free(&report);
    return 0;
}
