/*
 * recipient_typo: is a recipient's domain a well-known misspelling of a mailbox provider's, or one
 * that the site lists (recipients.typos)? Such domains take mail as traps, or nobody does. What is
 * inside or ours is never one. The answer names the domain that was probably meant.
 */
#include "checks/checks.h"
#include "checks/typo_domains.h"
#include "util/domain.h"

struct typo_setting {
    const char *domain, *meant;
};

struct settings {
    struct config_list typos; /* of struct typo_setting */
};

static bool accepts_domain(const char *value, struct error *error)
{
    char ascii[DOMAIN_MAX];
    if (domain_to_ascii(span_of(value), ascii) && span_find(span_of(value), '.') > 0) {
        return true;
    }
    error_set(error, "not a domain name; valid: \"exmaple.org\"");
    return false;
}

static const struct config_row typo_rows[] = {
    { .name = "domain",
      .type = CONFIG_TEXT,
      .offset = offsetof(struct typo_setting, domain),
      .required = true,
      .accepts = accepts_domain,
      .brief = "the misspelled domain" },
    { .name = "meant",
      .type = CONFIG_TEXT,
      .offset = offsetof(struct typo_setting, meant),
      .required = true,
      .accepts = accepts_domain,
      .brief = "the domain that was meant" },
    CONFIG_ROWS_END,
};

static const struct config_row rows[] = {
    { .name = "typos",
      .type = CONFIG_LIST,
      .offset = offsetof(struct settings, typos),
      .rows = typo_rows,
      .element_size = sizeof(struct typo_setting),
      .key = "domain",
      .brief = "misspelled domains besides those that are known anyway" },
    CONFIG_ROWS_END,
};

static const struct config_table table = { .path = "recipients",
                                           .rows = rows,
                                           .size = sizeof(struct settings) };

static bool is_same(const char *setting, struct span domain)
{
    char ascii[DOMAIN_MAX];
    return span_is_equal_nocase(span_of(setting), domain) ||
           (domain_to_ascii(span_of(setting), ascii) && span_is_equal(span_of(ascii), domain));
}

/* NULL: none that anybody knows. */
static const char *meant_by(const struct settings *settings, struct span domain)
{
    const struct typo_setting *own = settings->typos.at;
    for (size_t i = 0; i < settings->typos.count; i++) {
        if (is_same(own[i].domain, domain)) {
            return own[i].meant;
        }
    }
    return typo_domain_meant(domain);
}

static bool is_typo(const struct recipient *recipient, const struct recipient_facts *facts,
                    const void *context)
{
    return recipient->side != RECIPIENT_INTERNAL && !facts->is_ours &&
           meant_by(context, recipient->domain) != NULL;
}

static void run(const struct evidence *evidence, const void *settings,
                struct finding_list *findings)
{
    struct check_recipients found;
    check_recipients_find(evidence, is_typo, settings, &found);
    if (found.count > 0) {
        const char *meant = meant_by(settings, found.first->domain);
        const char *advice = arena_printf(findings->arena, "did you mean %s?", meant);
        check_recipients_add(evidence, &found, FINDING_RECIPIENT_TYPO, "is a common misspelling",
                             advice, findings);
    }
}

const struct check check_recipient_typo = {
    .name = "recipient_typo",
    .is_about_recipients = true,
    .settings = &table,
    .run = run,
};
