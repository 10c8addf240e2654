/*
 * policy_private: the steps of the pipeline, one file each. Not for other rooms.
 */
#ifndef EM_POLICY_POLICY_PRIVATE_H
#define EM_POLICY_POLICY_PRIVATE_H

#include "policy/job.h"

/* class.c: the shape at MAIL; then the final word, once the header is known. */
void class_guess(struct job *job);
void class_settle(struct job *job);
/* Was this message handed over without SMTP, or (Sendmail) perhaps so? Then refusals become
 * bounces, see disposition.c. */
bool class_is_handed_over(const struct job *job);

/* The two addresses an MTA itself and what runs beside it come from. */
bool class_is_loopback(const struct session *session);
/* Does the listener demand TLS, and the session has none? */
bool class_lacks_tls(const struct job *job);

/* content.c: who reads the content of the parts, before the first begins; NULL: nobody. */
const struct mime_handler *content_open(struct job *job);

/* identity.c: fills the claims of the evidence, and the plan. May wait. */
void identity_judge(struct job *job);
/* The plan alone, of a principal that is settled, where a rule or a limit asks for it. May wait. */
void identity_find_plan(struct job *job);

/*
 * outlook.c: what receivers will conclude. begin: asks DNS, once the header is known, without
 * waiting; settle: fills the forecast of the evidence, may wait; complain: a line about a finding
 * that was only observed, rate-bounded.
 */
void outlook_begin(struct job *job);
void outlook_settle(struct job *job);
void outlook_complain(struct job *job);

/* complaint.c: a line for the first of these findings, where it was only observed. */
void complaint_observed(struct job *job, const enum finding_id *ids, size_t count,
                        enum site_complaint about);

/*
 * listings.c: what DNS lists say. begin: asks about client and senders, once the header is known;
 * ask: puts the questions about links under way; settle: waits within the budget; complain: a line
 * for listings that were only observed.
 */
void listings_begin(struct job *job);
void listings_ask(struct job *job);
void listings_settle(struct job *job);
void listings_complain(struct job *job);

/*
 * incoming.c: inbound mail that may be a report. begin: needs the final class; add: false: no more
 * of the body is wanted; read: at the end; end: tells who listens, of a message that was taken in.
 */
void incoming_begin(struct job *job);
bool incoming_add(struct job *job, const void *bytes, size_t size);
void incoming_read(struct job *job);
void incoming_end(struct job *job, enum outcome outcome);
void incoming_free(struct job *job);

/* open_relay.c: raises an alarm where strangers send to strangers; needs the final class. */
void open_relay_watch(struct job *job);

/* principal.c: whom the message is accounted to; needs the final class. */
void principal_settle(struct job *job);

/*
 * ticket.c: between the listener roles check and sign. take: class and principal from a valid
 * ticket (role sign; else the message is inbound). is_due: will this be signed behind a filter
 * (role check)? leave: a ticket on such a message if it goes on, over the edited view. remove: the
 * edits that take every ticket away. complain: a line about a ticket that is there and worth
 * nothing, rate-bounded.
 */
void ticket_take(struct job *job);
/* Is it signed or not? Not to be told now, so the message must wait. */
bool ticket_is_unclear(const struct job *job);
bool ticket_is_due(const struct job *job);
void ticket_leave(struct job *job);
void ticket_remove(struct job *job);
void ticket_complain(struct job *job);
/* As the log says it; NULL for TICKET_NONE. */
const char *ticket_state_name(enum ticket_state state);

/* recipient.c: inside, outside or unknown. */
enum recipient_side recipient_side_of(const struct site *site, struct span domain,
                                      struct span mailer);
bool recipient_leaves_by_smtp(const struct session *session, struct span mailer);
/* Does the MTA ask DNS where the recipient's domain takes mail? `host`: its next hop. */
bool recipient_is_looked_up(const struct recipient *recipient, struct span mailer,
                            struct span host);
size_t recipient_external_count(const struct envelope *envelope);

/*
 * recipient_dns.c: what DNS says of the domains of recipients. ask: about the one that came last,
 * go_on: about all, and what answers say to ask next, without waiting; settle: waits for all;
 * state: what is known by now.
 */
void recipient_dns_ask(struct job *job);
void recipient_dns_go_on(struct job *job);
void recipient_dns_settle(struct job *job);
enum recipient_domain recipient_dns_state(struct job *job, const struct recipient *recipient);

/*
 * recipient_judge.c: gather: the facts about each recipient, for the evidence; judge: about the one
 * that came last, alone: is he refused? Then he is no part of the message. is_none_left: nobody is
 * left, for we refused all there were. complain: a line about what was only observed, rate-bounded.
 */
void recipient_gather(struct job *job);
void recipient_judge(struct job *job);
bool recipient_is_none_left(const struct job *job);
void recipient_complain(struct job *job);

/* suppression.c: why mail is not to go to this recipient any more, in the message's memory; NULL:
 * it may. */
const char *suppression_reason(struct job *job, const struct recipient *recipient);

/* suspended.c: since when the principal may send nothing outside, in the message's memory; NULL: he
 * may. */
const char *suspended_since(struct job *job);

/* sent.c: what goes out is remembered, so that reports about it can be told from forged ones. */
void sent_remember(struct job *job);

/* behaviour.c: judge: is the message like the principal it comes from? After the charge, before it
 * is signed. end: what the MTA refused is told of him; before limits_end(). */
void behaviour_judge(struct job *job);
void behaviour_end(struct job *job);

/* honeypot.c: raises an alarm where somebody writes to an address that nobody was ever given; needs
 * the final verdict. */
void honeypot_watch(struct job *job);

/* dns_budget.c: until when a message waits for answers of DNS, whoever asks first (clock_mono). */
uint64_t dns_budget_end(struct job *job);

/*
 * signing_keys.c: plan: whose keys sign and which forms of the body are hashed, before the body
 * comes; choose: which of their keys, by what DNS showed; expected: the d= of the signature that
 * the message will carry if it goes on, here or behind a filter, absent: none.
 */
void signing_plan(struct job *job);
void signing_choose(struct job *job);
struct span signing_expected(const struct job *job);
struct span signing_domain_of(const struct job *job, const struct dkim_domain *entry);

/* signing.c: the signatures, over the edited view. */
void signing_make(struct job *job);
/* It cannot be done: a finding with this action, weighed; `seen` is for the client. Where there is
 * no memory even for that, the message is deferred. */
void signing_fail(struct job *job, enum action action, const char *seen);
/* May signing change messages: mode enforce, or signing.in_observe? */
bool signing_is_wanted(const struct job *job);

/* engine.c: fills each finding's action and the verdict. May run again when a finding was added. */
void engine_weigh(struct job *job);
/* What rules and exceptions make of a finding here. */
enum action engine_action(const struct job *job, const struct finding *finding);
/* The verdict where memory fails that is not the message's own to spend: 451, whatever was found,
 * in every mode. Needs no memory. */
void engine_defer(struct job *job);

/*
 * limits.c: charge: tests and charges what the message costs, once it is to go or be held; a
 * finding where it does not fit, weighed. May wait for a fleet's store. settle: gives back what was
 * charged for a message that does not go after all.
 */
void limits_charge(struct job *job);
void limits_settle(struct job *job);
void limits_give_back(struct job *job);
/* Recipients that the MTA refused are counted, whatever became of the message. */
void limits_end(struct job *job);
/*
 * limits_cost.c: what the message costs, ready to be asked for; false: no memory. finding: what is
 * found where a limit does not fit, with the limit's own action.
 */
bool limits_cost(struct job *job);
void limits_forget_cost(struct job *job);
struct finding limits_finding(const struct limit *limit, bool is_acting, bool never_fits);
/* backscatter.c: note: how often an automatic reply was made lately, for the evidence. cost: adds
 * what an automatic answer or a bounce costs beside that; false: no memory. find: what is found
 * where there were too many, weighed. */
void backscatter_note(struct job *job);
bool backscatter_cost(struct job *job);
void backscatter_find(struct job *job);
/* limits_tell.c: limits that were reached, or nearly. */
void limits_tell(struct job *job);
/* What it was charged, to be kept while it is held (limits/receipt.h), in the message's arena;
 * absent: nothing. */
struct span limits_receipt(struct job *job);
/* "default:12/500" for the log line, in the message's arena; how many. */
size_t limits_list(struct job *job, struct span *items_r, size_t max);

/* scan.c: begin: keeps the message from its header on, where it is to be scanned; settle: has that
 * done, and fills evidence.scan, may wait. name: of the outcome for the log line, in the message's
 * arena; NULL: it was not to be scanned. */
void scan_begin(struct job *job);
void scan_settle(struct job *job);
const char *scan_name(const struct job *job);

/* repair.c: may at least one edit of the finding's repair be made? Then: those edits of all
 * findings whose action is repair, into the verdict. */
bool repair_is_possible(const struct job *job, const struct finding *finding);
void repair_take(struct job *job);

/*
 * hold.c: settle: notes a message that is to be held, or makes its verdict a deferral where too
 * many are; may run again when another finding was weighed. end: takes that back where it did not
 * come to a hold, else tells of it.
 */
void hold_settle(struct job *job);
void hold_end(struct job *job, enum outcome outcome);

/* bulk.c: counts it for its author's organization if it has gone on or is held; tells once when
 * that comes near to being a bulk sender. */
void bulk_note(struct job *job);

/* own_notice.c: settle: is it mail of ours to the administrator? Needs the final class. end: it has
 * gone on, and no other like it is ours. */
void own_notice_settle(struct job *job);
void own_notice_end(struct job *job, enum outcome outcome);

/* disposition.c: what a strongest action becomes for this message. */
enum disposition disposition_of(const struct job *job, const struct finding *strongest);

/* report.c: the line and the counters. */
void report_message(struct job *job, enum outcome outcome);

#endif
