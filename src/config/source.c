/*
 * source: one configuration file, read and parsed into libconfig's tree. Leaves the meaning of the
 * settings to bind.c. Fails with a report: the file cannot be read, or has a fault of grammar.
 */
#include "config/source_private.h"

#include <stdint.h>

#include "config/kept_private.h"
#include "config/syntax_private.h"
#include "util/file.h"

/* Ten thousand domains with two keys each, generously indented, are 6 MiB. */
#define FILE_BYTES_MAX ((size_t)16 << 20)

/*
 * Hands each node its line, in the order of their beginnings, which is the order of syntax.lines.
 * libconfig itself notes the line of the token after an entry that is a text.
 */
static void assign_lines(config_setting_t *parent, const struct syntax *syntax, size_t *next_io)
{
    for (int i = 0; i < config_setting_length(parent); i++) {
        config_setting_t *node = config_setting_get_elem(parent, (unsigned)i);
        unsigned line = *next_io < syntax->line_count ? syntax->lines[*next_io] : 0;
        (*next_io)++;
        config_setting_set_hook(node, (void *)(uintptr_t)line);
        if (config_setting_is_aggregate(node)) {
            assign_lines(node, syntax, next_io);
        }
    }
}

struct config_place source_place(const struct source *source, const config_setting_t *node)
{
    /* The root is the file: its first line. */
    unsigned line = config_setting_is_root(node) ? 1 : (unsigned)(uintptr_t)node->hook;
    return (struct config_place){ source->file, line };
}

bool source_parse(struct source *source_r, const char *file, struct span text,
                  struct config_report *report)
{
    struct syntax syntax;
    source_r->file = file;
    if (!syntax_read(file, text, report, &syntax)) {
        syntax_free(&syntax);
        return false;
    }
    config_init(&source_r->tree);
    bool is_good =
        config_read_string(&source_r->tree, buffer_text(&syntax.prepared)) == CONFIG_TRUE;
    if (is_good) {
        size_t next = 0;
        assign_lines(config_root_setting(&source_r->tree), &syntax, &next);
    } else { /* syntax_read() leaves nothing but lack of memory; whatever it is, it must be told */
        const char *why = config_error_text(&source_r->tree);
        config_complain(report, CONFIG_ERROR, NULL, file, "%s",
                        why != NULL ? why : "out of memory");
        config_destroy(&source_r->tree);
    }
    syntax_free(&syntax);
    return is_good;
}

bool source_read(struct source *source_r, const char *file, struct buffer *kept,
                 struct config_report *report)
{
    struct buffer text = BUFFER_EMPTY;
    struct error error;
    bool is_good = file_read(file, FILE_BYTES_MAX, &text, &error);
    if (is_good) {
        kept_add(kept, file, buffer_span(&text));
        is_good = source_parse(source_r, file, buffer_span(&text), report);
    } else {
        config_complain(report, CONFIG_ERROR, NULL, NULL, "%s", error.text);
    }
    buffer_free(&text);
    return is_good;
}

void source_free(struct source *source)
{
    config_destroy(&source->tree);
}
