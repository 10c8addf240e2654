/*
 * domains: what it costs to start and to reload with many domains, each with an RSA-2048 key in a
 * file of its own: listed in the configuration, in a folder, in OpenDKIM's tables.
 *
 *     domains FOLDER COUNT...     FOLDER is empty, and filled
 *
 * One line for each form and count: seconds of a start, of a reload without a change and of one
 * with a domain more, what of the first two was CPU, milliseconds of a look for changes and of its
 * CPU, nanoseconds of the question what signs. Keys are made once and copied: as many files, fewer
 * numbers.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>

#include "control/settings.h"
#include "dkim/domains.h"
#include "dkim/key.h"
#include "site/site.h"
#include "tests/bench/cpu_clock.h"
#include "util/buffer.h"
#include "util/file.h"

enum { KEYS_MADE = 24, QUESTIONS = 200000, PATH_ROOM = 512, LOOKS = 5 };

enum form { FORM_LIST, FORM_FOLDER, FORM_OPENDKIM };
static const char *const form_names[] = { "list", "dir", "opendkim" };

struct stage {
    const char *folder;
    unsigned count; /* of domains */
    struct buffer pem[KEYS_MADE];
};

static _Noreturn void fail(const char *what)
{
    fprintf(stderr, "domains: %s: %s\n", what, strerror(errno));
    exit(2);
}

static double now_s(void)
{
    return clock_s(CLOCK_MONOTONIC);
}

static void write_text(const char *path, const struct buffer *text, mode_t mode)
{
    FILE *file = fopen(path, "w");
    if (file == NULL || fwrite(text->at, 1, text->size, file) != text->size || fclose(file) != 0 ||
        chmod(path, mode) != 0) {
        fail(path);
    }
}

static void make_keys(struct stage *stage)
{
    struct error error;
    for (unsigned i = 0; i < KEYS_MADE; i++) {
        struct dkim_key *key = dkim_key_generate(DKIM_RSA_SHA256, 2048, &error);
        if (key == NULL || !dkim_key_print_private(key, &stage->pem[i])) {
            fail("a key cannot be made");
        }
        dkim_key_unref(&key);
    }
}

static void write_domain(const struct stage *stage, unsigned number)
{
    char path[PATH_ROOM];
    snprintf(path, sizeof(path), "%s/keys%u/d%u.example", stage->folder, stage->count, number);
    if (mkdir(path, 0700) != 0) {
        fail(path);
    }
    snprintf(path, sizeof(path), "%s/keys%u/d%u.example/s1.pem", stage->folder, stage->count,
             number);
    write_text(path, &stage->pem[number % KEYS_MADE], 0600);
}

static void add_row(const struct stage *stage, unsigned number, struct buffer *keys,
                    struct buffer *signing)
{
    buffer_printf(keys, "k%u d%u.example:s1:%s/keys%u/d%u.example/s1.pem\n", number, number,
                  stage->folder, stage->count, number);
    buffer_printf(signing, "*@d%u.example k%u\n", number, number);
}

static void write_tables(const struct stage *stage, unsigned count)
{
    char path[PATH_ROOM];
    struct buffer keys = BUFFER_EMPTY, signing = BUFFER_EMPTY;
    for (unsigned i = 0; i < count; i++) {
        add_row(stage, i, &keys, &signing);
    }
    snprintf(path, sizeof(path), "%s/KeyTable%u", stage->folder, stage->count);
    write_text(path, &keys, 0600);
    snprintf(path, sizeof(path), "%s/SigningTable%u", stage->folder, stage->count);
    write_text(path, &signing, 0600);
    buffer_free(&keys);
    buffer_free(&signing);
}

static void add_list(const struct stage *stage, unsigned count, struct buffer *out)
{
    for (unsigned i = 0; i < count; i++) {
        buffer_printf(out,
                      "%s{ name = \"d%u.example\"; keys = ( { selector = \"s1\"; "
                      "file = \"%s/keys%u/{d}/s1.pem\"; } ); }",
                      i == 0 ? "domains = (\n" : ",\n", i, stage->folder, stage->count);
    }
    buffer_add_text(out, ");\n");
}

/* The configuration for so many domains; its path. */
static const char *configure(const struct stage *stage, enum form form, unsigned count)
{
    static char path[PATH_ROOM];
    struct buffer text = BUFFER_EMPTY;
    buffer_printf(&text, "socket = \"unix:%s/s.sock\";\nmode = \"enforce\";\n", stage->folder);
    if (form == FORM_LIST) {
        add_list(stage, count, &text);
    } else if (form == FORM_FOLDER) {
        buffer_printf(&text, "domains = \"dir:%s/keys%u\";\n", stage->folder, stage->count);
    } else {
        write_tables(stage, count);
        buffer_printf(&text, "domains = \"opendkim:%s/KeyTable%u,refile:%s/SigningTable%u\";\n",
                      stage->folder, stage->count, stage->folder, stage->count);
    }
    snprintf(path, sizeof(path), "%s/%s%u.conf", stage->folder, form_names[form], stage->count);
    write_text(path, &text, 0600);
    buffer_free(&text);
    return path;
}

struct cost {
    double seconds, cpu_s;
};

static struct site *load(const char *path, const struct site *previous, struct cost *cost_r)
{
    struct config_report *report = config_report_new();
    double began_s = now_s(), began_cpu_s = cpu_s();
    struct site *site = site_reload(path, all_config_tables(), previous, report);
    *cost_r = (struct cost){ now_s() - began_s, cpu_s() - began_cpu_s };
    if (site == NULL) {
        fprintf(stderr, "domains: %s\n", config_report_fault(report, 0)->text);
        exit(2);
    }
    config_report_free(&report);
    return site;
}

static struct cost look(const struct site *site)
{
    double began_s = now_s(), began_cpu_s = cpu_s();
    for (unsigned i = 0; i < LOOKS; i++) {
        site_is_stale(site);
    }
    return (struct cost){ (now_s() - began_s) / LOOKS, (cpu_s() - began_cpu_s) / LOOKS };
}

static double question_s(const struct site *site, unsigned count)
{
    const struct dkim_domain *found[1];
    size_t hits = 0;
    double began_s = now_s();
    for (unsigned i = 0; i < QUESTIONS; i++) {
        char name[32];
        int size = snprintf(name, sizeof(name), "d%u.example", i * 7919 % count);
        struct span domain = { name, (size_t)size };
        hits += dkim_domains_find_address(site->domains, SPAN("alice"), domain, found, 1);
    }
    if (hits != QUESTIONS) {
        fail("a domain does not sign");
    }
    return (now_s() - began_s) / QUESTIONS;
}

static void measure(const struct stage *stage, enum form form)
{
    struct cost start, unchanged, more;
    unsigned count = stage->count;
    const char *path = configure(stage, form, count);
    struct site *first = load(path, NULL, &start);
    struct site *second = load(path, first, &unchanged);
    site_unref(&first);
    struct cost looked = look(second);
    double question = question_s(second, count);
    if (form == FORM_FOLDER) {
        write_domain(stage, count); /* the others have the folder already */
    }
    path = configure(stage, form, count + 1);
    struct site *third = load(path, second, &more);
    if (dkim_domains_count(third->domains) != count + 1) {
        fail("a domain more is not there");
    }
    site_unref(&second);
    site_unref(&third);
    printf("%s %u start_s %.3f reload_s %.3f more_s %.3f start_cpu_s %.3f reload_cpu_s %.3f "
           "look_ms %.2f look_cpu_ms %.2f question_ns %.0f\n",
           form_names[form], count, start.seconds, unchanged.seconds, more.seconds, start.cpu_s,
           unchanged.cpu_s, looked.seconds * 1e3, looked.cpu_s * 1e3, question * 1e9);
    fflush(stdout);
}

int main(int argc, char **argv)
{
    struct stage stage = { .folder = argc > 1 ? argv[1] : "" };
    if (argc < 3) {
        fprintf(stderr, "usage: domains FOLDER COUNT...\n");
        return 64;
    }
    make_keys(&stage);
    for (int i = 2; i < argc; i++) {
        char path[PATH_ROOM];
        stage.count = (unsigned)strtoul(argv[i], NULL, 10);
        snprintf(path, sizeof(path), "%s/keys%u", stage.folder, stage.count);
        if (mkdir(path, 0700) != 0) {
            fail(path);
        }
        for (unsigned k = 0; k < stage.count; k++) {
            write_domain(&stage, k);
        }
        measure(&stage, FORM_FOLDER);
        measure(&stage, FORM_LIST);
        measure(&stage, FORM_OPENDKIM);
    }
    for (unsigned i = 0; i < KEYS_MADE; i++) {
        buffer_free(&stage.pem[i]);
    }
    return 0;
}
