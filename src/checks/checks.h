/*
 * checks: what the files of this room share: the definitions that table.c lists, and the repairs
 * checks propose.
 */
#ifndef EM_CHECKS_CHECKS_H
#define EM_CHECKS_CHECKS_H

#include "checks/check.h"

extern const struct check check_from_missing;
extern const struct check check_from_multiple;
extern const struct check check_from_invalid;
extern const struct check check_nul_byte;
extern const struct check check_header_duplicate;
extern const struct check check_header_malformed;
extern const struct check check_header_8bit;
extern const struct check check_date_missing;
extern const struct check check_date_invalid;
extern const struct check check_message_id_missing;
extern const struct check check_mime_version_missing;
extern const struct check check_line_too_long;
extern const struct check check_transit;
extern const struct check check_bare_newline;
extern const struct check check_size_exceeded;
extern const struct check check_private_header;
extern const struct check check_results_forged;

/* Octets of a field's name that a finding shows. */
#define CHECK_NAME_SHOWN 60

extern const struct check check_auth_required;
extern const struct check check_tls_required;
extern const struct check check_sender_not_owned;
extern const struct check check_from_not_owned;
extern const struct check check_calendar_on_behalf;
extern const struct check check_principal_suspended;
extern const struct check check_owners_unavailable;
extern const struct check check_domain_not_ours;
extern const struct check check_display_name_spoof;
extern const struct check check_attachment_dangerous;
extern const struct check check_spf_would_fail;
extern const struct check check_dmarc_would_fail;
extern const struct check check_from_at_provider;
extern const struct check check_unsubscribe_missing;
extern const struct check check_virus_found;
extern const struct check check_scan_unavailable;

extern const struct check check_recipient_null_mx;
extern const struct check check_recipient_domain_missing;
extern const struct check check_recipient_typo;
extern const struct check check_recipient_honeypot;
extern const struct check check_recipients_exceeded;
extern const struct check check_recipient_suppressed;
extern const struct check check_mail_loop;
extern const struct check check_auto_reply_astray;

/* The recipients that something is true of. */
struct check_recipients {
    const struct recipient *first; /* NULL: of none */
    size_t count;
};
typedef bool check_recipient_is(const struct recipient *recipient,
                                const struct recipient_facts *facts, const void *context);
void check_recipients_find(const struct evidence *evidence, check_recipient_is *is,
                           const void *context, struct check_recipients *found_r);
/*
 * The finding about them: "DOMAIN WHAT" of the first, and how many others there are. Where some
 * recipients can be reached, or the mail comes from a server that bounces by itself (relay, list,
 * forward), it spares the message.
 */
void check_recipients_add(const struct evidence *evidence, const struct check_recipients *found,
                          enum finding_id id, const char *what, const char *advice,
                          struct finding_list *findings);

/* Does what is found about these let the message go on? Where others are to get it, or a mail
 * server brings it that is told by bounces. */
bool check_recipients_spare(const struct evidence *evidence, const struct check_recipients *found);
extern const struct check check_link_listed;
extern const struct check check_client_listed;
extern const struct check check_domain_listed;

/* listed.c: a finding for each listing that is found as `id`; `what` to do about it. */
void listed_report(const struct evidence *evidence, enum finding_id id, const char *what,
                   struct finding_list *findings);

/* The claim of this place that the principal may not make; NULL: there is none. */
const struct claim *check_find_claim(const struct evidence *evidence, enum claim_place place);
void check_add_not_owned(const struct evidence *evidence, const struct claim *claim,
                         enum finding_id id, struct finding_list *findings);
/* A calendar item in another's name, sent by somebody who says who he is. */
bool check_is_on_behalf(const struct evidence *evidence);

/* An edit that appends "Name: text"; NULL when the arena is exhausted. It is nobody's until policy
 * takes it up. */
struct edit *check_repair_append(struct arena *arena, enum header_id id, const char *text);

/* A repair that takes fields away; all zero but the arena is empty. */
struct check_deletions {
    struct arena *arena;
    struct edit *first; /* the repair */
    size_t count;
};

/*
 * An MTA looks for every field from the top: thousands of deletions would keep it busy for minutes.
 * Fields beyond this many, from the top, stay.
 */
#define CHECK_DELETIONS_MAX 64

/* Adds the field. Called from the top to the bottom for the fields of one name, so that the highest
 * instance stands first. Adds nothing beyond the most, or when the arena is exhausted. */
void check_repair_delete(struct check_deletions *deletions, const struct header_field *field);

#endif
