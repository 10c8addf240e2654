/*
 * house: what tests need to run a message through the house: a site from text, a clock that stands
 * still, a log that keeps its lines, and an MTA in the same process.
 */
#ifndef EM_TESTS_SUPPORT_HOUSE_H
#define EM_TESTS_SUPPORT_HOUSE_H

#include "config/config.h"
#include "log/log.h"
#include "milter/connection.h"
#include "policy/job.h"
#include "site/site.h"
#include "util/buffer.h"
#include "util/clock.h"

/* 2026-03-01 12:00:00 UTC */
#define HOUSE_NOW_S 1772366400

struct house {
    struct log_sink sink; /* first: the sink's context is the house */
    struct clock_fixed clock;
    struct world world;
    struct site *site;
    struct store *store;  /* in memory */
    struct buffer log;    /* all lines, each ended by LF, without level */
    struct buffer tested; /* DNS lists that failed their tests, "NAME: WHY" each, ended by LF */
};

/* Builds the site; prints every fault and ends the program when there is an error. */
void house_open(struct house *house, const char *config_text);
/* Answers of DNS from here on, as dns/scripted.h writes them; ends the program when a line is
 * wrong. DNS lists are tested with them. */
void house_script_dns(struct house *house, const char *script);
void house_test_lists(struct house *house);
/* What is known of keys, a line NAME STATE each, "selector._domainkey.domain active"; STATE may be
 * "lost" too. Ends the program when a line is wrong. */
void house_script_keys(struct house *house, const char *script);
/* A ledger, where this was used of limits, a line each: ACCOUNT COUNT TO PER AMOUNT [AGO], PER and
 * AGO in seconds: "principal/submission/alice recipients external 3600 495 600". Ends the program
 * when a line is wrong. */
void house_script_used(struct house *house, const char *script);
/* What is on the suppression list, a line "ADDRESS DOMAIN SOURCE [CODE [BECAUSE ...]]" each, since
 * 2026-02-01; SOURCE: bounce, complaint, command, or watched. Ends the program when a line is
 * wrong. */
void house_script_suppressed(struct house *house, const char *script);
/* Who is suspended, a line "PRINCIPAL STATE [BECAUSE ...]" each, by root, since two hours; STATE:
 * suspended, released, or over. Ends the program when a line is wrong. */
void house_script_suspended(struct house *house, const char *script);
void house_close(struct house *house);

/* An MTA that notes what it is asked to do, one line a call, and gives the macros it was told. */
struct fake_mta {
    struct {
        const char *name, *value;
    } macros[16];
    size_t macro_count;
    struct buffer calls;
    bool refuses_edits;
};
extern const struct mta fake_mta_calls; /* `session` is a struct fake_mta * */
void fake_mta_set(struct fake_mta *mta, const char *name, const char *value);
void fake_mta_free(struct fake_mta *mta);

#endif
