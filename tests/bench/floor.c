/*
 * floor: what a message costs that is signed by a filter which does nothing else. Two halves that
 * are added up: floor filter   a null filter on libmilter, driven by mtaload as any other filter
 *   floor work     the cryptography and canonicalisation of one message, measured in process
 */
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "floor_filter.h"
#include "floor_work.h"

static const char usage[] =
    "floor filter --socket SOCKET [--steps BITS] [--actions BITS] [--macros STAGE=NAMES]... "
    "[--burn-us N] [--insert N]\n"
    "  STAGE: connect, helo, mail, rcpt, data, eom, eoh. --no-lists leaves all to the MTA\n"
    "floor work [--size BYTES] [--body text|base64|spaces] [--canonicalization HEADER/BODY]\n"
    "  [--rsa-key FILE] [--ed25519-key FILE]: nanoseconds of CPU for each part, key=value\n";

/* What egress-milter asks for; numbers are those of mfdef.h. */
#define STEPS_OURS                                                                                 \
    (0x100ul /* no unknown */ | 0x400ul /* skip */ | 0x1000ul /* no reply: connect */ |            \
     0x2000ul /* helo */ | 0x10000ul /* data */ | 0x80ul /* header */ | 0x40000ul /* eoh */ |      \
     0x100000ul /* leading space */)
#define ACTIONS_OURS                                                                               \
    (0x1ul /* add header */ | 0x10ul /* change header */ | 0x20ul /* quarantine */ |               \
     0x100ul /* macro lists */)

static const char *const stage_names[FLOOR_STAGES] = { "connect", "helo", "mail", "rcpt",
                                                       "data",    "eom",  "eoh" };

static bool set_list(struct floor_filter *filter, const char *text)
{
    const char *equals = strchr(text, '=');

    for (int stage = 0; equals && stage < FLOOR_STAGES; stage++)
        if (strlen(stage_names[stage]) == (size_t)(equals - text) &&
            strncmp(stage_names[stage], text, (size_t)(equals - text)) == 0) {
            filter->list[stage] = equals + 1;
            return true;
        }
    return false;
}

static bool set_body(struct floor_work *work, const char *text)
{
    work->body = strcmp(text, "base64") == 0   ? LOAD_BODY_BASE64
                 : strcmp(text, "spaces") == 0 ? LOAD_BODY_SPACES
                                               : LOAD_BODY_TEXT;
    return work->body != LOAD_BODY_TEXT || strcmp(text, "text") == 0;
}

static bool set_forms(struct floor_work *work, const char *text)
{
    work->is_header_relaxed = strncmp(text, "relaxed/", 8) == 0;
    work->is_body_relaxed = strstr(text, "/relaxed") != NULL;
    return (work->is_header_relaxed || strncmp(text, "simple/", 7) == 0) &&
           (work->is_body_relaxed || strstr(text, "/simple"));
}

static bool set_option(struct floor_filter *filter, struct floor_work *work, int letter,
                       const char *text)
{
    switch (letter) {
    case 's':
        filter->socket = text;
        return true;
    case 'p':
        filter->steps = strtoul(text, NULL, 0);
        return true;
    case 'a':
        filter->actions = strtoul(text, NULL, 0);
        return true;
    case 'm':
        return set_list(filter, text);
    case 'n':
        memset(filter->list, 0, sizeof filter->list);
        return true;
    case 'u':
        filter->burn_ns = (uint64_t)(atof(text) * 1000);
        return true;
    case 'i':
        filter->inserts = (unsigned)strtoul(text, NULL, 0);
        return true;
    case 'k':
        work->size = strtoul(text, NULL, 0);
        return work->size > 0;
    case 'b':
        return set_body(work, text);
    case 'c':
        return set_forms(work, text);
    case 'r':
        work->rsa_key = text;
        return true;
    case 'e':
        work->ed25519_key = text;
        return true;
    default:
        return false;
    }
}

static int report_work(const struct floor_work *work)
{
    struct floor_figures figures;

    if (!floor_work_measure(work, &figures))
        return EXIT_FAILURE;
    printf("rsa_sign_ns=%.0f\nrsa_verify_ns=%.0f\ned25519_sign_ns=%.0f\nheader_ns=%.0f\n"
           "body_ns=%.0f\nbody_hash_ns=%.0f\n",
           figures.rsa_sign_ns, figures.rsa_verify_ns, figures.ed25519_sign_ns, figures.header_ns,
           figures.body_ns, figures.body_hash_ns);
    return EXIT_SUCCESS;
}

int main(int argc, char **argv)
{
    static const struct option options[] = {
        { "socket", 1, NULL, 's' },
        { "steps", 1, NULL, 'p' },
        { "actions", 1, NULL, 'a' },
        { "macros", 1, NULL, 'm' },
        { "no-lists", 0, NULL, 'n' },
        { "burn-us", 1, NULL, 'u' },
        { "insert", 1, NULL, 'i' },
        { "size", 1, NULL, 'k' },
        { "body", 1, NULL, 'b' },
        { "rsa-key", 1, NULL, 'r' },
        { "canonicalization", 1, NULL, 'c' },
        { "ed25519-key", 1, NULL, 'e' },
        { NULL, 0, NULL, 0 },
    };
    struct floor_filter filter = {
        .steps = STEPS_OURS,
        .actions = ACTIONS_OURS,
        .list = { "j {daemon_name} {daemon_addr} {client_addr} {client_port} v _",
                  "{tls_version} {cipher} {cert_subject} {cert_issuer}",
                  "i {auth_authen} {auth_type} {cert_subject} {cert_issuer}",
                  "i {rcpt_mailer} {rcpt_addr} {rcpt_host}", "i", "i", "i" },
    };
    struct floor_work work = { .size = 10240, .is_header_relaxed = true, .is_body_relaxed = true };
    const char *half = argc > 1 ? argv[1] : "";
    int letter;

    optind = 2;
    while ((letter = getopt_long(argc, argv, "", options, NULL)) != -1)
        if (!set_option(&filter, &work, letter, optarg ? optarg : ""))
            half = "";
    if (strcmp(half, "work") == 0)
        return report_work(&work);
    if (strcmp(half, "filter") == 0 && filter.socket)
        return floor_filter_run(&filter);
    fputs(usage, stderr);
    return 64;
}
