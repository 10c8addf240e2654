/*
 * ask_table SPEC: a table of ours for the live suite. Each line of standard input is keys with
 * blanks between, asked at once; answered by a line each of "FOUND value", "ABSENT" or
 * "UNAVAILABLE why". Ends 0 at the end of the input, 78 when the table cannot be opened.
 */
#include <stdio.h>
#include <stdlib.h>

#include "tables/table.h"

#define KEYS_MAX 100
#define LINE_MAX_BYTES 65536

static void ask_line(struct table *table, char *line)
{
    struct arena *arena = arena_new((size_t)16 << 20);
    struct span keys[KEYS_MAX];
    struct table_answer answers[KEYS_MAX];
    size_t count = 0;
    char *rest = NULL;
    for (char *key = strtok_r(line, " \n", &rest); key != NULL && count < KEYS_MAX;
         key = strtok_r(NULL, " \n", &rest)) {
        keys[count++] = span_of(key);
    }
    table_ask_several(table, keys, count, answers, arena);
    for (size_t i = 0; i < count; i++) {
        switch (answers[i].result) {
        case TABLE_FOUND:
            printf("FOUND %s\n", answers[i].value.at);
            break;
        case TABLE_ABSENT:
            printf("ABSENT\n");
            break;
        case TABLE_UNAVAILABLE:
            printf("UNAVAILABLE %s\n", answers[i].why);
            break;
        }
    }
    fflush(stdout);
    arena_free(&arena);
}

int main(int argc, char **argv)
{
    static char line[LINE_MAX_BYTES];
    struct table_options options = { .deadline_ms = 3000, .no_cache = true };
    struct error error;
    if (argc != 2) {
        fprintf(stderr, "usage: ask_table SPEC\n");
        return 64;
    }
    struct table *table = table_open(argv[1], &options, &error);
    if (table == NULL) {
        fprintf(stderr, "%s\n", error.text);
        return 78;
    }
    while (fgets(line, sizeof(line), stdin) != NULL) {
        ask_line(table, line);
    }
    table_free(&table);
    return 0;
}
