/*
 * unsubscribe_missing: does mail of a list lack the one click that large receivers want to
 * unsubscribe by (RFC 8058): one https URI in List-Unsubscribe, List-Unsubscribe-Post, and a
 * signature over both? Cannot tell about the signature where nothing is signed here, or somebody
 * else has signed both.
 */
#include "checks/checks.h"

#include "bulk/list_mail.h"
#include "bulk/unsubscribe.h"
#include "dkim/sign.h"
#include "dkim/verify.h"

static bool names_field(struct span h, enum header_id id)
{
    struct span name;
    while (span_cut(&h, ':', &name)) {
        if (span_is_equal_nocase(span_trim(name), header_name(id))) {
            return true;
        }
    }
    return false;
}

static bool has_foreign_cover(const struct header_list *headers)
{
    const struct header_field *field = header_first(headers, HEADER_DKIM_SIGNATURE);
    for (; field != NULL; field = header_next(headers, field)) {
        struct dkim_tags tags;
        if (dkim_tags_parse(field->value, &tags) &&
            names_field(tags.signed_names, HEADER_LIST_UNSUBSCRIBE) &&
            names_field(tags.signed_names, HEADER_LIST_UNSUBSCRIBE_POST)) {
            return true;
        }
    }
    return false;
}

/* Ours covers both wherever it is made. */
static bool lacks_signature(const struct evidence *evidence)
{
    bool covers = evidence->signature.size > 0 && dkim_signs(HEADER_LIST_UNSUBSCRIBE) &&
                  dkim_signs(HEADER_LIST_UNSUBSCRIBE_POST);
    return evidence->signs_here && !covers && !has_foreign_cover(&evidence->message->headers);
}

static void run(const struct evidence *evidence, const void *settings,
                struct finding_list *findings)
{
    const char *sign = list_mail_sign(evidence->message, evidence->mail_class);
    (void)settings;
    if (sign == NULL || evidence->external_count == 0) {
        return;
    }
    enum one_click one_click = one_click_of(&evidence->message->headers);
    if (one_click != ONE_CLICK_OFFERED) {
        finding_add(findings, FINDING_UNSUBSCRIBE_MISSING,
                    "give it List-Unsubscribe with one https URI, and List-Unsubscribe-Post: "
                    "List-Unsubscribe=One-Click (RFC 8058)",
                    "mail of a list (%s) without one-click unsubscribe: %s", sign,
                    one_click_missing(one_click));
    } else if (lacks_signature(evidence)) {
        finding_add(findings, FINDING_UNSUBSCRIBE_MISSING,
                    "give the domain of From a key in `domains`: without a signature over both "
                    "fields receivers do not count them",
                    "mail of a list (%s) without one-click unsubscribe: no signature covers it",
                    sign);
    }
}

const struct check check_unsubscribe_missing = { .name = "unsubscribe_missing", .run = run };
