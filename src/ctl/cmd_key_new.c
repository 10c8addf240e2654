/*
 * key new: makes a signing key, and says what is left to do: publish the record, name the key in
 * the configuration.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "ctl/args.h"
#include "ctl/commands.h"
#include "ctl/key_make.h"
#include "ctl/key_row.h"
#include "ctl/key_set.h"
#include "ctl/load.h"
#include "ctl/print.h"
#include "ctl/record_text.h"

static bool algorithm_read(struct ctl *ctl, const struct ctl_args *args, struct key_making *making)
{
    const char *bits = args_value(args, "bits");
    char *end = NULL;
    unsigned long number;

    making->algorithm = DKIM_RSA_SHA256;
    making->bits = KEY_RSA_BITS_DEFAULT;
    if (!key_algorithm_read(ctl, args_value(args, "algorithm"), &making->algorithm))
        return false;
    if (bits == NULL)
        return true;
    errno = 0;
    number = strtoul(bits, &end, 10);
    if (errno != 0 || *end != '\0' || number < KEY_RSA_BITS_MIN || number > KEY_RSA_BITS_MAX ||
        making->algorithm != DKIM_RSA_SHA256) {
        ctl_fail(ctl, CTL_USAGE, "--bits is %d to %d, for rsa only", KEY_RSA_BITS_MIN,
                 KEY_RSA_BITS_MAX);
        return false;
    }
    making->bits = (unsigned)number;
    return true;
}

static void print_text(struct ctl *ctl, const struct key_making *making, const struct dkim_key *key,
                       const struct record_text *record, const struct buffer *row,
                       const struct buffer *where)
{
    struct buffer *out = &ctl->out;

    print_escaped(out, buffer_span(&making->path), 4096);
    buffer_printf(out, "\n%s, %u bits\n", dkim_algorithm_name(making->algorithm),
                  dkim_key_bits(key));
    if (making->hint.size > 0)
        buffer_printf(out, "note: %s\n", buffer_text(&making->hint));
    buffer_add_text(out, "\n1. publish this record (\"egressctl key show\" has other forms):\n\n");
    record_text_print_zone(record, out);
    if (row->size > 0) {
        buffer_printf(out, "\n2. add to %s in %s:\n\n    ", buffer_text(where), ctl->config_path);
        print_escaped(out, buffer_span(row), row->size);
        buffer_add_char(out, '\n');
    } else {
        buffer_printf(out, "\n2. %s finds it already\n", ctl->config_path);
    }
    buffer_add_text(out, "\n3. egressctl check && egressctl reload\n");
}

static void print_json(struct ctl *ctl, const struct key_making *making, const struct dkim_key *key,
                       const struct record_text *record, const struct buffer *row)
{
    struct json json = json_new(&ctl->out);

    json_open(&json, NULL, '{');
    json_number(&json, "schema", 1);
    json_text(&json, "domain", span_of(making->domain));
    json_text(&json, "selector", span_of(making->selector));
    json_text(&json, "algorithm", span_of(dkim_algorithm_name(making->algorithm)));
    json_number(&json, "bits", dkim_key_bits(key));
    json_text(&json, "file", buffer_span(&making->path));
    if (row->size > 0)
        json_text(&json, "row", buffer_span(row));
    if (making->hint.size > 0)
        json_text(&json, "note", buffer_span(&making->hint));
    record_text_json(record, &json);
    json_close(&json, '}');
    buffer_add_char(&ctl->out, '\n');
}

static enum ctl_exit tell(struct ctl *ctl, const struct key_making *making,
                          const struct dkim_key *key)
{
    struct key_place place = { making->domain, making->selector, buffer_text(&making->directory),
                               buffer_text(&making->path) };
    struct record_text record;
    struct buffer row = BUFFER_EMPTY, where = BUFFER_EMPTY;
    enum ctl_exit code = CTL_GOOD;

    key_row_make(ctl, &place, &row, &where);
    if (!record_text_make(&record, key, span_of(making->selector), span_of(making->domain)))
        code = ctl_fail(ctl, CTL_INTERNAL, "out of memory");
    else if (ctl->is_json)
        print_json(ctl, making, key, &record, &row);
    else
        print_text(ctl, making, key, &record, &row, &where);
    record_text_free(&record);
    buffer_free(&row);
    buffer_free(&where);
    return code;
}

/* The directory, and the keys that the configuration has for the domain already. */
static bool place_find(struct ctl *ctl, const char *given, struct key_making *making,
                       struct key_set *used)
{
    struct site *site = load_site_quietly(ctl);
    struct buffer directory = BUFFER_EMPTY;
    bool is_done = site == NULL || key_set_add_domain(used, site, span_of(making->domain));

    if (given != NULL)
        buffer_add_text(&directory, given);
    else
        load_key_directory(ctl, site, &directory);
    key_making_place(making, buffer_span(&directory));
    buffer_free(&directory);
    site_unref(&site);
    return is_done;
}

static enum ctl_exit key_new_run(struct ctl *ctl, const struct ctl_args *args)
{
    const char *selector = args_value(args, "selector");
    struct key_making making = { .domain = "" };
    struct key_set used = { NULL, 0, 0 };
    enum ctl_exit code = CTL_CANNOT_WRITE;
    struct dkim_key *key = NULL;

    if (!key_domain_read(ctl, args->operands[0], making.domain) ||
        !algorithm_read(ctl, args, &making) || !key_selector_accept(ctl, selector))
        return CTL_USAGE;
    if (!place_find(ctl, args_value(args, "directory"), &making, &used))
        code = ctl_fail(ctl, CTL_INTERNAL, "out of memory");
    else if (selector != NULL ? key_making_name(ctl, &making, selector, &used)
                              : key_making_choose_name(ctl, &making, &used))
        key = key_make(ctl, &making, &code);
    if (key != NULL)
        code = tell(ctl, &making, key);
    dkim_key_unref(&key);
    key_set_free(&used);
    key_making_free(&making);
    return code;
}

static const struct ctl_option key_new_options[] = {
    { .name = "selector",
      .argument = "S",
      .brief = "selector (s2026a, s2026b, ...; e2026a for ed25519)" },
    { .name = "algorithm", .argument = "ALGORITHM", .brief = "rsa (default) or ed25519" },
    { .name = "bits", .argument = "N", .brief = "bits of an RSA key, 1024 to 8192 (2048)" },
    { .name = "directory",
      .argument = "DIR",
      .brief = "where keys lie (as configured, or keys beside FILE)" },
    CTL_OPTIONS_END,
};

const struct ctl_command cmd_key_new = {
    .name = "key new",
    .operands = "DOMAIN",
    .operands_min = 1,
    .operands_max = 1,
    .options = key_new_options,
    .brief = "make a signing key",
    .details =
        "Writes DIR/DOMAIN/SELECTOR.pem, never over a file that is there, and prints the DNS\n"
        "record to publish and the row to add to the configuration.",
    .run = key_new_run,
};
