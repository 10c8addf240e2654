/*
 * key rotate: begins to replace a domain's proven keys by new ones, and says what is left to do and
 * what then happens by itself.
 */
#include <string.h>
#include <unistd.h>

#include "config/units.h"
#include "ctl/args.h"
#include "ctl/ask.h"
#include "ctl/audit.h"
#include "ctl/commands.h"
#include "ctl/key_rotation.h"
#include "ctl/load.h"
#include "util/json.h"

static const enum dkim_algorithm algorithms[] = { DKIM_RSA_SHA256, DKIM_ED25519_SHA256 };
#define ALGORITHMS (sizeof(algorithms) / sizeof(algorithms[0]))

/* One call of the command. */
struct rotating {
    struct ctl *ctl;
    const struct site *site;
    struct key_states states;
    struct key_set set;
    struct rotation_wish wish;
    bool is_all, has_algorithm;
    enum dkim_algorithm algorithm;
    struct json json;
    size_t done, unproven, young; /* rotations by outcome; done: begun or under way */
    bool has_changed;
    enum ctl_exit code;
};

static void tell(struct rotating *rotating, const struct rotation *rotation)
{
    if (!key_rotation_tell(rotating->ctl, &rotating->json, rotation))
        rotating->code = ctl_fail(rotating->ctl, CTL_INTERNAL, "out of memory");
}

static void rotate_one(struct rotating *rotating, const char *domain, enum dkim_algorithm algorithm)
{
    struct rotation rotation = { .domain = domain, .algorithm = algorithm };

    key_rotate(rotating->ctl, rotating->site, &rotating->states, &rotating->set, &rotating->wish,
               &rotation);
    switch (rotation.state) {
    case ROTATION_BEGUN:
    case ROTATION_ADOPTED:
        audit_tell(rotating->ctl, rotating->site, "key: rotation of %s begun by uid %u: %s -> %s",
                   domain, (unsigned)getuid(), buffer_text(&rotation.old),
                   rotation.making.selector);
        rotating->has_changed = true;
        /* fall through */
    case ROTATION_UNDER_WAY:
        rotating->done++;
        tell(rotating, &rotation);
        break;
    case ROTATION_UNPROVEN:
        rotating->unproven++;
        tell(rotating, &rotation);
        break;
    case ROTATION_YOUNG:
        rotating->young++;
        tell(rotating, &rotation);
        break;
    case ROTATION_FAILED:
        rotating->code = rotation.code;
        break;
    }
    key_rotation_free(&rotation);
}

/* Has the domain a key of this algorithm in the configuration? */
static bool has_key(const struct key_set *set, const char *domain, enum dkim_algorithm algorithm)
{
    for (size_t i = 0; i < set->count; i++) {
        const struct key_entry *entry = &set->at[i];

        if (entry->is_configured && entry->key != NULL && strcmp(entry->domain, domain) == 0 &&
            dkim_key_algorithm(entry->key) == algorithm)
            return true;
    }
    return false;
}

/* How many algorithms there were to rotate. */
static size_t rotate_domain(struct rotating *rotating, const char *domain)
{
    size_t count = 0;

    for (size_t i = 0; i < ALGORITHMS; i++) {
        if ((rotating->has_algorithm && algorithms[i] != rotating->algorithm) ||
            !has_key(&rotating->set, domain, algorithms[i]))
            continue;
        count++;
        rotate_one(rotating, domain, algorithms[i]);
    }
    return count;
}

static bool is_first_of_domain(const struct key_set *set, size_t index)
{
    for (size_t i = 0; i < index; i++) {
        if (strcmp(set->at[i].domain, set->at[index].domain) == 0)
            return false;
    }
    return set->at[index].is_configured && set->at[index].domain[0] != '\0';
}

static void rotate_all(struct rotating *rotating)
{
    for (size_t i = 0; i < rotating->set.count; i++) {
        if (is_first_of_domain(&rotating->set, i))
            rotate_domain(rotating, rotating->set.at[i].domain);
    }
}

/* Keys lie elsewhere than in a list or a folder: what names them is not ours to word. */
static bool is_opendkim(const struct site *site)
{
    return dkim_domains_mark(site->domains) != 0 && dkim_domains_folder(site->domains) == NULL;
}

static void rotate_named(struct rotating *rotating, const char *name)
{
    struct ctl *ctl = rotating->ctl;
    const struct dkim_domain *row = dkim_domains_find(rotating->site->domains, span_of(name));

    if (row != NULL && row->d == NULL) {
        rotating->code =
            ctl_fail(ctl, CTL_NO,
                     "the keys of \"%s\" sign for whatever From domain comes, and each "
                     "has a record of its own: make one (egressctl key new), publish "
                     "it everywhere, then egressctl key retire",
                     row->name);
        return;
    }
    if (row != NULL && rotate_domain(rotating, row->d) > 0)
        return;
    rotating->code =
        ctl_fail(ctl, CTL_INPUT, "%s has no%s key in %s; \"egressctl key new %s\" makes one", name,
                 !rotating->has_algorithm                 ? ""
                 : rotating->algorithm == DKIM_RSA_SHA256 ? " rsa"
                                                          : " ed25519",
                 ctl->config_path, name);
}

static void rotate(struct rotating *rotating, const char *name)
{
    struct ctl *ctl = rotating->ctl;

    rotating->json = json_new(&ctl->out);
    if (ctl->is_json) {
        json_open(&rotating->json, NULL, '{');
        json_number(&rotating->json, "schema", 1);
        json_open(&rotating->json, "rotations", '[');
    }
    if (is_opendkim(rotating->site))
        rotating->code = ctl_fail(ctl, CTL_NO,
                                  "OpenDKIM's tables name the keys: make one (egressctl key new), "
                                  "publish it, change the KeyTable, then egressctl key retire");
    else if (rotating->is_all)
        rotate_all(rotating);
    else
        rotate_named(rotating, name);
    if (!ctl->is_json && rotating->code == CTL_GOOD && rotating->done + rotating->unproven == 0)
        buffer_add_text(&ctl->out,
                        rotating->young > 0 ? "no key is that old\n" : "no domain has a key\n");
    if (ctl->is_json) {
        json_close(&rotating->json, ']');
        json_close(&rotating->json, '}');
        buffer_add_char(&ctl->out, '\n');
    }
    if (rotating->code == CTL_GOOD && rotating->unproven > 0 &&
        (rotating->is_all || rotating->done == 0))
        rotating->code = CTL_NO;
}

/* --- the command ----------------------------------------------------------------------------- */

static bool wish_read(struct ctl *ctl, const struct ctl_args *args, struct rotating *rotating)
{
    const char *age = args_value(args, "older-than"), *algorithm = args_value(args, "algorithm");
    const char *selector = args_value(args, "selector");

    rotating->is_all = args_has(args, "all");
    rotating->has_algorithm = algorithm != NULL;
    rotating->wish.selector = selector;
    if (rotating->is_all == (args->operand_count > 0))
        ctl_fail(ctl, CTL_USAGE, "key rotate wants DOMAIN or --all");
    else if (selector != NULL && (rotating->is_all || algorithm == NULL))
        ctl_fail(ctl, CTL_USAGE, "--selector is for one domain, with --algorithm");
    else if (selector != NULL && strlen(selector) >= KEY_SELECTOR_ROOM)
        ctl_fail(ctl, CTL_USAGE, "--selector: at most %d characters", KEY_SELECTOR_ROOM - 1);
    else if (age != NULL && !units_parse_duration(span_of(age), &rotating->wish.older_than_s))
        ctl_fail(ctl, CTL_USAGE, "--older-than %s: valid: 12h, 90d", age);
    else
        return key_selector_accept(ctl, selector) &&
               key_algorithm_read(ctl, algorithm, &rotating->algorithm);
    return false;
}

static enum ctl_exit key_rotate_run(struct ctl *ctl, const struct ctl_args *args)
{
    struct rotating rotating = { .ctl = ctl, .code = CTL_GOOD };
    char domain[DOMAIN_MAX] = "";
    struct site *site;

    if (!wish_read(ctl, args, &rotating) ||
        (!rotating.is_all && !key_domain_read(ctl, args->operands[0], domain)))
        return CTL_USAGE;
    site = load_site(ctl);
    if (site == NULL)
        return CTL_CONFIG;
    rotating.site = site;
    if (!key_states_open(ctl, site, &rotating.states))
        rotating.code = CTL_CANNOT_WRITE;
    else if (!key_states_gather(ctl, site, &rotating.states, &rotating.set))
        rotating.code = ctl_fail(ctl, CTL_INTERNAL, "out of memory");
    else
        rotate(&rotating, domain);
    key_states_close(&rotating.states);
    if (rotating.has_changed)
        ask_in_passing(ctl, args, "prove");
    key_set_free(&rotating.set);
    site_unref(&site);
    return rotating.code;
}

static const struct ctl_option key_rotate_options[] = {
    { .name = "all", .brief = "of every domain, instead of DOMAIN" },
    { .name = "older-than",
      .argument = "DURATION",
      .brief = "only keys that are at least so old: 90d" },
    { .name = "algorithm",
      .argument = "ALGORITHM",
      .brief = "only keys of this algorithm: rsa or ed25519" },
    { .name = "selector", .argument = "S", .brief = "selector of the new key (the next one)" },
    { .name = "socket",
      .argument = "PATH",
      .brief = "control socket of the daemon (control.socket of FILE)" },
    CTL_OPTIONS_END,
};

const struct ctl_command cmd_key_rotate = {
    .name = "key rotate",
    .operands = "DOMAIN|--all",
    .operands_max = 1,
    .options = key_rotate_options,
    .brief = "begin to replace proven keys by new ones",
    .details =
        "Makes a key for each algorithm the domain signs with, and prints what to publish. The\n"
        "old key signs until the new one is proven. Repeated, it tells how far that has come;\n"
        "no second key is made. Ends 1 when there is no proven key to replace.",
    .run = key_rotate_run,
};
