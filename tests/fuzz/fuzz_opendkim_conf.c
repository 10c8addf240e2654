/*
 * fuzz_opendkim_conf: any bytes as opendkim.conf. What was read and written down again is read as
 * the same settings, and each as a data set of names.
 */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "ctl/opendkim_conf.h"
#include "util/buffer.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void demand(bool is_true, const char *what)
{
    if (!is_true) {
        fprintf(stderr, "fuzz_opendkim_conf: %s\n", what);
        abort();
    }
}

/* Nothing of it is to touch the disk. */
static bool names_a_file(const char *value)
{
    return strchr(value, '/') != NULL || strchr(value, ':') != NULL;
}

static void check_items(const struct opendkim_conf *conf, const struct opendkim_setting *setting)
{
    struct opendkim_conf items;
    struct error error = { "" };
    if (names_a_file(setting->value)) {
        return;
    }
    demand(opendkim_conf_items(conf, setting, &items, &error), error.text);
    for (size_t i = 0; i < items.count; i++) {
        demand(items.at[i].value[0] != '\0' && strchr(items.at[i].value, ',') == NULL, "no item");
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct span text = { size > 0 ? (const char *)data : "", size };
    struct error error = { "" };
    struct buffer again = BUFFER_EMPTY;
    struct opendkim_conf conf = { .arena = arena_new((size_t)64 << 20) };
    struct opendkim_conf second = { .arena = conf.arena };
    if (!opendkim_conf_parse(&conf, "conf", text, false, &error)) {
        demand(error.text[0] != '\0', "refused without a word");
    } else {
        for (size_t i = 0; i < conf.count; i++) {
            buffer_printf(&again, "%s\t%s\n", conf.at[i].name, conf.at[i].value);
            check_items(&conf, &conf.at[i]);
            demand(opendkim_conf_get(&conf, conf.at[i].name) != NULL, "not found");
        }
        demand(opendkim_conf_parse(&second, "conf", buffer_span(&again), false, &error),
               error.text);
        demand(second.count == conf.count, "read in two ways");
        for (size_t i = 0; i < conf.count; i++) {
            demand(strcmp(conf.at[i].name, second.at[i].name) == 0 &&
                       strcmp(conf.at[i].value, second.at[i].value) == 0,
                   "another setting");
        }
    }
    buffer_free(&again);
    arena_free(&conf.arena);
    return 0;
}
