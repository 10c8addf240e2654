/*
 * fuzz_config: any text as a configuration. It is refused with at least one line that says why, or
 * it is loaded, and then what config_print() shows of it loads again and is shown the same.
 */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include "../unit/test_config_schema.h"
#include "util/buffer.h"
#include "util/span.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void demand(bool is_true, const char *what, const struct buffer *text)
{
    if (!is_true) {
        fprintf(stderr, "fuzz_config: %s\n%s\n", what, buffer_text(text));
        abort();
    }
}

/* Each fault is one printable line, in UTF-8 or not: no byte of a control. */
static void check_faults(const struct config_report *report, const struct buffer *text)
{
    for (size_t i = 0; i < config_report_size(report); i++) {
        const char *fault = config_report_fault(report, i)->text;
        demand(fault[0] != '\0', "an empty fault", text);
        /* A fault of the file as a whole is libconfig's own: our grammar let it pass. */
        demand(strncmp(fault, "fuzz: ", 6) != 0, fault, text);
        for (const char *at = fault; *at != '\0'; at++) {
            demand((unsigned char)*at >= 0x20 && *at != 0x7F, "a fault of two lines", text);
        }
    }
}

/* Shows what the text means in `printed`; false: it was refused. */
static bool print_meaning(struct span text, struct buffer *printed)
{
    struct config_report *report = config_report_new();
    if (report == NULL) {
        abort();
    }
    struct config *config = config_load_text("fuzz", text, schema_tables, report);
    check_faults(report, printed);
    bool has_errors = config_report_count(report, CONFIG_ERROR) > 0;
    demand((config == NULL) == has_errors, "refused without a fault, or loaded with one", printed);
    if (config != NULL) {
        config_print(config, printed);
        demand(!buffer_has_failed(printed), "could not be printed", printed);
    }
    bool is_loaded = config != NULL;
    config_free(&config);
    config_report_free(&report);
    return is_loaded;
}

/* Takes the marks of defaults off the ends of lines. */
static void remove_marks(struct buffer *text)
{
    static const char mark[] = ";  # default\n";
    char *to = text->at;
    for (const char *from = text->at; from != NULL && *from != '\0';) {
        if (strncmp(from, mark, sizeof(mark) - 1) == 0) {
            *to++ = ';';
            from += sizeof(mark) - 2; /* to the newline */
        } else {
            *to++ = *from++;
        }
    }
    if (to != NULL) {
        *to = '\0';
    }
    text->size = (size_t)(to - text->at);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct buffer first = BUFFER_EMPTY, second = BUFFER_EMPTY;
    if (print_meaning((struct span){ (const char *)data, size }, &first)) {
        demand(print_meaning(buffer_span(&first), &second), "what was printed is refused", &first);
        remove_marks(&first);
        demand(strcmp(buffer_text(&first), buffer_text(&second)) == 0, "printed differently",
               &first);
    }
    buffer_free(&first);
    buffer_free(&second);
    return 0;
}
