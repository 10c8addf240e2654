/*
 * import_domains: what signs. The tables are read as `domains = "opendkim:..."` reads them, and
 * what came of each row is written as an entry, or the tables stay where they are (--live).
 *
 * An entry speaks of a domain, alone or with what is below it. Rows that speak of single addresses,
 * of subdomains without their parent, or of several domains of d= at once, are not carried over.
 */
#include <string.h>

#include "ctl/import.h"
#include "dkim/domains.h"
#include "util/domain.h"

static const struct opendkim_setting *get(const struct import *import, const char *name)
{
    return opendkim_conf_get(&import->conf, name);
}

/* What becomes of mail that cannot be signed: OpenDKIM's word for it in ours; NULL: the standard.
 */
static const char *failure_of(struct import *import)
{
    static const struct {
        char letter;
        const char *word;
    } words[] = { { 'a', "pass" }, { 't', "defer" }, { 'q', "hold" } };
    const struct opendkim_setting *setting = get(import, "On-SignatureError");
    if (setting == NULL) {
        setting = get(import, "On-Default");
    }
    for (size_t i = 0; setting != NULL && i < sizeof(words) / sizeof(words[0]); i++) {
        if (ascii_lower(setting->value[0]) == words[i].letter && !import->is_live) {
            return words[i].word;
        }
    }
    if (setting != NULL) {
        import_note(import, setting, true, "mail that cannot be signed is deferred");
    }
    return NULL;
}

/* --- an entry -------------------------------------------------------------------------------- */

static void add_text(struct import *import, const char *name, const char *text)
{
    buffer_printf(&import->out, "%s = ", name);
    import_quote(import, span_of(text));
    buffer_add_text(&import->out, "; ");
}

static void begin_entry(struct import *import, const char *name, bool *is_first_io)
{
    buffer_add_text(&import->out, *is_first_io ? "\ndomains = (\n  { " : ",\n  { ");
    *is_first_io = false;
    add_text(import, "name", name);
}

static void add_key(struct import *import, bool is_first, const char *selector, const char *path)
{
    buffer_add_text(&import->out, is_first ? "\n    keys = ( { " : ",\n             { ");
    add_text(import, "selector", selector);
    add_text(import, "file", path);
    buffer_add_text(&import->out, "}");
}

static void end_entry(struct import *import, const char *failure)
{
    buffer_add_text(&import->out, " );");
    if (failure != NULL) {
        buffer_printf(&import->out, "\n    on_failure = \"%s\";", failure);
    }
    buffer_add_text(&import->out, " }");
}

/* --- one key for some domains ---------------------------------------------------------------- */

static void add_domain(struct import *import, const struct opendkim_setting *item,
                       const char *failure, bool *is_first_io)
{
    char ascii[DOMAIN_MAX];
    struct span name = span_of(item->value);
    bool is_any = span_is_equal(name, SPAN("*"));
    if (!is_any && !domain_to_ascii(name, ascii)) {
        import_note(import, item, true, "no domain; patterns have no counterpart");
        return;
    }
    begin_entry(import, is_any ? "*" : ascii, is_first_io);
    if (!is_any && !opendkim_conf_is_true(&import->conf, "SubDomains")) {
        buffer_add_text(&import->out, "subdomains = false; ");
    }
    add_key(import, true, get(import, "Selector")->value,
            opendkim_conf_path(&import->conf, span_of(get(import, "KeyFile")->value)));
    end_entry(import, failure);
}

static void import_one_key(struct import *import)
{
    const struct opendkim_setting *domain = get(import, "Domain");
    const char *failure = failure_of(import);
    struct opendkim_conf items;
    struct error error;
    bool is_first = true;
    if (domain == NULL || get(import, "Selector") == NULL || get(import, "KeyFile") == NULL) {
        static const char *const names[] = { "Domain", "Selector", "KeyFile" };
        for (size_t i = 0; i < 3; i++) {
            if (get(import, names[i]) != NULL) {
                import_note(import, get(import, names[i]), true,
                            "Domain, Selector and KeyFile belong together");
            }
        }
        return;
    }
    if (!opendkim_conf_items(&import->conf, domain, &items, &error)) {
        import_note(import, domain, true, "%s", error.text);
        return;
    }
    for (size_t i = 0; i < items.count; i++) {
        add_domain(import, &items.at[i], failure, &is_first);
    }
    buffer_add_text(&import->out, is_first ? "" : "\n);\n");
}

/* --- tables ---------------------------------------------------------------------------------- */

static bool is_same_text(const char *a, const char *b)
{
    return a == b || (a != NULL && b != NULL && strcmp(a, b) == 0);
}

/* Do both sign with the same keys as the same domain? */
static bool is_twin(const struct dkim_domain *a, const struct dkim_domain *b)
{
    bool is_same = is_same_text(a->d, b->d) && a->key_count == b->key_count;
    for (size_t i = 0; is_same && i < a->key_count; i++) {
        is_same = is_same_text(a->keys[i].selector, b->keys[i].selector) &&
                  is_same_text(a->keys[i].path, b->keys[i].path);
    }
    return is_same;
}

static bool is_any(const struct dkim_domain *entry)
{
    return strcmp(entry->name, "*") == 0;
}

/* Of all the domain, or of all that is below it? Single addresses and odd patterns are neither. */
static bool speaks_of_domain(const struct dkim_domain *entry)
{
    return entry->sender == NULL || strcmp(entry->sender, "*") == 0 ||
           strcmp(entry->sender, "*@*") == 0;
}

static bool speaks_of_below(const struct dkim_domain *entry)
{
    if (entry->sender == NULL || is_any(entry)) {
        return false;
    }
    struct span sender = span_of(entry->sender);
    bool has_name = span_has_suffix_nocase(sender, span_of(entry->name));
    struct span head = span_first(sender, sender.size - strlen(entry->name));
    return has_name && (span_is_equal(head, SPAN(".")) || span_is_equal(head, SPAN("*@*.")) ||
                        span_is_equal(head, SPAN("*.")));
}

/* What is written of the rows. */
struct rows {
    struct import *import;
    const struct dkim_domains *domains;
    const char *keys_path;
    const char *signing_path;
    const char *failure;
    bool is_multiple;
    bool is_first;
};

/* The entry for all of the same domain, or for what is below it. NULL: none. */
static const struct dkim_domain *partner(const struct rows *rows, const struct dkim_domain *entry)
{
    bool wants_below = speaks_of_domain(entry);
    for (size_t i = 0; i < dkim_domains_count(rows->domains); i++) {
        const struct dkim_domain *other = dkim_domains_at(rows->domains, i);
        if (other != entry && strcmp(other->name, entry->name) == 0 &&
            (wants_below ? speaks_of_below(other) : other->sender == NULL)) {
            return other;
        }
    }
    return NULL;
}

/* The first entry for every domain. */
static const struct dkim_domain *first_any(const struct rows *rows)
{
    for (size_t i = 0; i < dkim_domains_count(rows->domains); i++) {
        const struct dkim_domain *entry = dkim_domains_at(rows->domains, i);
        if (is_any(entry) && speaks_of_domain(entry)) {
            return entry;
        }
    }
    return NULL;
}

/* Why it has no counterpart; NULL: it has one. */
static const char *obstacle(const struct rows *rows, const struct dkim_domain *entry)
{
    const struct dkim_domain *first[1];
    struct span keys = span_of(rows->keys_path);
    if (speaks_of_below(entry)) {
        const struct dkim_domain *other = partner(rows, entry);
        return other != NULL && is_twin(entry, other)
                   ? ""
                   : "an entry of domains covers subdomains only with their parent; --live keeps "
                     "the row";
    }
    if (!speaks_of_domain(entry)) {
        return "entries of domains are for domains, not for addresses; --live keeps the row";
    }
    if (entry->key_count == 0) {
        return "it has no key that could be named";
    }
    for (size_t i = 0; i < entry->key_count; i++) {
        struct span path = span_of(entry->keys[i].path);
        if (path.size > keys.size && span_is_equal(span_first(path, keys.size), keys) &&
            path.at[keys.size] == ':') {
            return "the key stands in the table; keys are files, or --live keeps it";
        }
    }
    first[0] = first_any(rows);
    if ((is_any(entry) ||
         dkim_domains_find_address(rows->domains, SPAN(""), span_of(entry->name), first, 1) == 1) &&
        first[0] != entry) {
        return rows->is_multiple ? "one entry signs as one domain; --live keeps the row"
                                 : "an earlier row counts for its mail";
    }
    return NULL;
}

static void add_entry(struct rows *rows, const struct dkim_domain *entry)
{
    struct import *import = rows->import;
    const struct dkim_domain *below = partner(rows, entry);
    begin_entry(import, entry->name, &rows->is_first);
    if (entry->d == NULL && !is_any(entry)) {
        add_text(import, "d", "{from}");
    } else if (entry->d != NULL && strcmp(entry->d, entry->name) != 0) {
        add_text(import, "d", entry->d);
        bool is_aligned = domain_is_below(span_of(entry->d), span_of(entry->name)) ||
                          domain_is_below(span_of(entry->name), span_of(entry->d));
        buffer_add_text(&import->out, is_aligned ? "" : "third_party = true; ");
    }
    if (!is_any(entry) && (below == NULL || !is_twin(entry, below))) {
        buffer_add_text(&import->out, "subdomains = false; ");
    }
    for (size_t i = 0; i < entry->key_count; i++) {
        add_key(import, i == 0, entry->keys[i].selector, entry->keys[i].path);
    }
    end_entry(import, rows->failure);
}

static void add_entries(struct rows *rows)
{
    for (size_t i = 0; i < dkim_domains_count(rows->domains); i++) {
        const struct dkim_domain *entry = dkim_domains_at(rows->domains, i);
        const char *why = obstacle(rows, entry);
        if (why == NULL) {
            add_entry(rows, entry);
        } else if (why[0] != '\0') {
            struct opendkim_setting place = { entry->sender != NULL ? entry->sender : entry->name,
                                              "", rows->signing_path, entry->line };
            import_note(rows->import, &place, true, "%s", why);
        }
    }
    buffer_add_text(&rows->import->out, rows->is_first ? "" : "\n);\n");
}

/* "refile:/path" with the path made absolute; .at == NULL: a type that cannot be read, noted. */
static const char *table_spec(struct import *import, const struct opendkim_setting *setting,
                              const char **path_r)
{
    struct span value = span_of(setting->value);
    bool is_pattern = span_has_prefix_nocase(value, SPAN("refile:"));
    if (is_pattern || span_has_prefix_nocase(value, SPAN("file:"))) {
        value = span_from(value, is_pattern ? 7 : 5);
    } else if (value.at[0] != '/') {
        import_note(import, setting, true, "only tables of type file: and refile: can be read");
        return NULL;
    }
    *path_r = opendkim_conf_path(&import->conf, value);
    return *path_r != NULL
               ? arena_printf(import->conf.arena, "%s%s", is_pattern ? "refile:" : "", *path_r)
               : NULL;
}

static void add_faults(struct import *import, const struct config_report *report)
{
    for (size_t i = 0; i < config_report_size(report); i++) {
        buffer_add_text(&import->faults, config_report_fault(report, i)->text);
        buffer_add_char(&import->faults, '\n');
    }
}

/* The tables as the daemon would have them, out of the setting alone. */
static void list_tables(struct rows *rows, const char *setting)
{
    static const struct config_table *const tables[] = { &dkim_domains_table, NULL };
    struct import *import = rows->import;
    struct config_report *report = config_report_new();
    struct config *config =
        report != NULL ? config_load_text("domains", span_of(setting), tables, report) : NULL;
    struct dkim_domains *domains = config != NULL ? dkim_domains_build(config, report) : NULL;
    rows->domains = domains;
    if (report != NULL) {
        add_faults(import, report);
    }
    if (domains != NULL) {
        add_entries(rows);
    } else {
        import->has_failed = true;
    }
    dkim_domains_free(&domains);
    config_free(&config);
    config_report_free(&report);
}

static void import_tables(struct import *import, const struct opendkim_setting *keys,
                          const struct opendkim_setting *signing)
{
    struct rows rows = { .import = import,
                         .is_first = true,
                         .is_multiple =
                             opendkim_conf_is_true(&import->conf, "MultipleSignatures") };
    struct buffer setting = import->out; /* import_quote() writes there */
    const char *key_spec = table_spec(import, keys, &rows.keys_path);
    const char *signing_spec = table_spec(import, signing, &rows.signing_path);
    if (key_spec == NULL || signing_spec == NULL) {
        return;
    }
    const char *spec = arena_printf(import->conf.arena, "opendkim:%s,%s%s", key_spec, signing_spec,
                                    rows.is_multiple ? ",MultipleSignatures" : "");
    rows.failure = failure_of(import);
    import->out = BUFFER_EMPTY;
    buffer_add_text(&import->out, "domains = ");
    import_quote(import, span_of(spec));
    buffer_add_text(&import->out, ";\n");
    struct buffer line = import->out;
    import->out = setting;
    if (import->is_live) {
        buffer_add_char(&import->out, '\n');
        buffer_add_span(&import->out, buffer_span(&line));
    } else {
        list_tables(&rows, buffer_text(&line));
    }
    buffer_free(&line);
}

void import_domains(struct import *import)
{
    const struct opendkim_setting *keys = get(import, "KeyTable");
    const struct opendkim_setting *signing = get(import, "SigningTable");
    static const char *const alone[] = { "Domain", "Selector", "KeyFile" };
    if (keys == NULL && signing == NULL) {
        import_one_key(import);
        return;
    }
    if (keys == NULL || signing == NULL) {
        import_note(import, keys != NULL ? keys : signing, true,
                    "KeyTable and SigningTable belong together");
        return;
    }
    for (size_t i = 0; i < 3; i++) {
        if (get(import, alone[i]) != NULL) {
            import_note(import, get(import, alone[i]), false, "KeyTable counts, as in OpenDKIM");
        }
    }
    import_tables(import, keys, signing);
}
