/*
 * table: every check, in the order they run and their findings stand in the log line.
 */
#include "checks/checks.h"

const struct check *const check_table[] = {
    &check_auth_required,        &check_tls_required,       &check_from_missing,
    &check_from_multiple,        &check_from_invalid,       &check_nul_byte,
    &check_header_duplicate,     &check_header_malformed,   &check_header_8bit,
    &check_date_missing,         &check_date_invalid,       &check_message_id_missing,
    &check_mime_version_missing, &check_line_too_long,      &check_transit,
    &check_bare_newline,         &check_size_exceeded,      &check_private_header,
    &check_results_forged,       &check_owners_unavailable, &check_sender_not_owned,
    &check_from_not_owned,       &check_calendar_on_behalf, &check_domain_not_ours,
    &check_display_name_spoof,   &check_spf_would_fail,     &check_dmarc_would_fail,
};

const size_t check_count = sizeof(check_table) / sizeof(check_table[0]);
