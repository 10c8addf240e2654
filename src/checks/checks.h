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
extern const struct check check_owners_unavailable;
extern const struct check check_domain_not_ours;
extern const struct check check_display_name_spoof;
extern const struct check check_spf_would_fail;
extern const struct check check_dmarc_would_fail;

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
