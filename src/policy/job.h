/*
 * job: one message on its way through the house. Intake functions collect, in the order an MTA
 * tells things; they decide nothing. pipeline_run() decides, pipeline_finish() ends.
 *
 *   job_new → job_mail → pipeline_run(MAIL) → [job_recipient → pipeline_run(RECIPIENT)]… →
 * [job_header]… → pipeline_run(HEADERS) → [job_body]… → pipeline_run(END) → pipeline_finish →
 * job_free
 *
 * The same way is walked by the milter, by `egressctl explain` and by the scenario tests.
 */
#ifndef EM_POLICY_JOB_H
#define EM_POLICY_JOB_H

#include <semaphore.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "behaviour/ladder.h"
#include "checks/evidence.h"
#include "dkim/hash.h"
#include "dkim/proof.h"
#include "dns/questions.h"
#include "dns/resolver.h"
#include "feedback/report_sink.h"
#include "finding/finding.h"
#include "limits/books.h"
#include "lists/ask.h"
#include "log/log.h"
#include "message/content.h"
#include "message/gist.h"
#include "message/links.h"
#include "message/message.h"
#include "message/mime.h"
#include "notice/notice.h"
#include "policy/login_census.h"
#include "policy/reply_memory.h"
#include "policy/verdict.h"
#include "scan/clamd.h"
#include "site/site.h"
#include "state/store.h"
#include "util/clock.h"
#include "util/waiting.h"

/* What the pipeline knows of the world beside the message; handed in, so that tests are exact. */
struct world {
    const struct clock *clock;
    struct log_sink *log;
    struct dns_resolver *resolver; /* NULL: DNS is not asked, and nothing is said about receivers */
    /* Has who is suspended, and which addresses are suppressed, and is only read; NULL: nobody. */
    struct store *records;
    struct report_sink *reports; /* of bounces and complaints that come in; NULL: nobody listens,
                                    and they are not read */
    /* From here on NULL where a message has the process to itself (tests, explain). */
    struct waiting *waits; /* around whatever is waited for; the milter provides it */
    sem_t *sign_gate; /* as many as may sign at once: one for each core; the milter provides it */
    struct store *store;               /* what is held, and what is told; see hold.c */
    struct notices *notices;           /* whom to tell */
    struct key_proofs *proofs;         /* which keys the world can verify with */
    struct list_board *lists;          /* which DNS lists may be believed; NULL: none is asked */
    struct login_census *census;       /* which logins own an address; the milter provides it */
    struct forecast_memory *forecasts; /* what DNS said lately; the milter provides it */
    struct reply_memory *replies;      /* who answered whom lately; the milter provides it */
    struct arena_account *memory;      /* what all messages take together; the milter provides it */
    struct books books; /* what was used of limits; all NULL: that is not looked at */
};

enum { SIGNATURES_MAX = 16 };

/* What signing can come to, as far as keys are concerned. */
enum signing_outcome {
    SIGNING_NOT_ASKED,
    SIGNING_POSSIBLE,
    SIGNING_BROKEN,      /* too few of the keys can be used */
    SIGNING_UNPUBLISHED, /* the world can verify with none of them */
    SIGNING_STARVED      /* memory is out */
};

/* Who signs, and what came of it. */
struct signing {
    /* From STAGE_HEADERS on: all that sign for the author, here or behind a filter; more than one
     * where OpenDKIM's tables want several. */
    const struct dkim_domain *entries[SIGNATURES_MAX];
    size_t entry_count;
    const struct dkim_domain *domain; /* the first of them if it signs here; NULL: nobody does */
    /* From STAGE_END on. */
    enum signing_outcome outcome;
    const bool *uses[SIGNATURES_MAX]; /* which keys of the entry sign; NULL: none */
    const char *reason; /* why there is no signature (log: reason=); NULL: signed or not asked */
    struct span names[SIGNATURES_MAX]; /* "d/selector" of each signature made */
    size_t count;
};

/* What it costs, and what came of that. */
struct charging {
    struct charge *charge; /* NULL: nothing was asked */
    enum charge_answer answer;
    struct charge_recipient *recipients; /* on the heap */
    struct fleet_receipt receipt;
    bool is_charged; /* and not given back */
};

/* What there was to say about tickets. */
enum ticket_state {
    TICKET_NONE,    /* nothing */
    TICKET_REMOVED, /* role full or check: there was one, whatever it was worth */
    TICKET_VALID,   /* role sign, from here on */
    TICKET_MISSING,
    TICKET_FORGED, /* no ticket of ours, or that of another message */
    TICKET_EXPIRED,
    TICKET_FUTURE, /* from later than a ticket is valid */
    TICKET_UNKNOWN /* memory is out, OpenSSL failed, or part of the header was not kept */
};

struct job {
    struct arena *arena;
    struct site *site; /* one reference */
    const struct world *world;
    struct message message;

    /* From STAGE_MAIL on; final after STAGE_HEADERS. */
    enum listener_role role;     /* of the listener it came in by */
    bool is_off;                 /* role off: untouched, unlogged */
    uint64_t refused_recipients; /* by the MTA; known where a limit counts them */
    enum mail_class mail_class;
    bool lacks_login; /* submission by the listener's word alone, which demands a login */
    const struct network_settings *network; /* the row that made it relay, list or forward */
    struct span principal;                  /* absent for inbound */
    struct ladder_pardon pardon;            /* known when it was looked whether he is suspended */
    struct span plan;                       /* absent: none, or no rule asks for it */

    struct body_scan body;
    struct mime_scan mime;     /* of mail that is judged, from the end of its header on */
    struct arena *links_arena; /* NULL: there was none */
    struct links *links;       /* NULL: nobody looks for links */
    struct attachment_reader *attachments;     /* NULL: not read */
    struct gist *gist;                         /* of what it says; NULL: nobody asks */
    struct content_tap content;                /* of the parts that mime walks; see content.c */
    struct dkim_body_hash *body_hash;          /* NULL: nothing to sign */
    struct dns_questions *questions;           /* NULL: none are asked */
    struct dns_questions *recipient_questions; /* likewise, about domains of recipients */
    uint64_t dns_end_ns;       /* no answer is waited for beyond; 0: nobody has waited yet */
    struct forecast forecast;  /* see evidence.forecast */
    struct spool *spool;       /* NULL: it is not to be scanned */
    struct incoming *incoming; /* inbound mail that may be a report; NULL: it is not read */
    struct scan_result scan;   /* see evidence.scan */
    struct dns_questions *list_questions; /* to DNS lists; NULL: none are asked */
    struct list_subject *list_subjects;   /* what they are asked about */
    size_t list_subject_count;
    struct list_hits list_hits; /* see evidence.listings */
    struct evidence evidence;
    struct finding_list findings;
    struct verdict verdict;
    struct verdict recipient_verdict; /* about the recipient that came last */
    uint64_t turned_away;             /* recipients that we refused; no part of the message */
    struct charging charging;
    struct signing signing;
    bool has_score; /* its principal's behaviour was looked at */
    uint32_t score; /* tenths; see behaviour.c */
    enum ticket_state ticket;
    int64_t ticket_ahead_s; /* a valid one from later than clocks differ; else 0 */

    bool is_held;       /* noted among what is held; see hold.c */
    bool is_own_notice; /* mail of ours to the administrator: never stopped, never charged */
    bool is_starved;    /* what did not fit was refused for the sake of others, not for its size */
    bool is_header_over;
    bool is_finished;
    uint64_t began_ns;
    uint64_t spent_ns; /* within pipeline_run */
};

/* Takes a reference of site. `session` must outlive the job. NULL: out of memory. */
struct job *job_new(struct site *site, const struct world *world, const struct session *session);
/* Gives everything back, the reference too; clears the pointer. */
void job_free(struct job **job);

/* MAIL: the path as the MTA wrote it, and its parameters ("SIZE=123", "BODY=8BITMIME", "SMTPUTF8").
 */
void job_mail(struct job *job, struct span path, const struct span *parameters, size_t count);
void job_login(struct job *job, struct span login, struct span auth_type);
/* RCPT; mailer is {rcpt_mailer}, host is {rcpt_host}, absent when the MTA told none. */
void job_recipient(struct job *job, struct span path, struct span mailer, struct span host);
/* One that the MTA refused. */
void job_refused_recipient(struct job *job);
void job_header(struct job *job, struct span name, struct span value);
/* False: nothing in the rest of the body matters (the MTA may skip it). */
bool job_body(struct job *job, const void *bytes, size_t size);
/* The queue id, whenever it becomes known; later calls change nothing. */
void job_queue_id(struct job *job, struct span queue_id);

#endif
