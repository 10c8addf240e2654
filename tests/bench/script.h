/*
 * Drives a filter by a script, for tests: every command is sent as written, every answer is
 * printed.
 *
 * A script is lines of words; a word in double quotes may hold blanks and the escapes \n \r \t \0
 * \\ \" \xNN.
 * '#' starts a comment. The connection and the negotiation happen with the first command that needs
 * them.
 *
 *   macro NAME [VALUE]           one macro for all stages from now on; without a value it is no
 * longer sent negotiate ACTIONS STEPS [VERSION]   another offer than Postfix 3.7 makes (0x1ff
 * 0x1fffff 6) connect HOST [ADDRESS [PORT]]       without an address: family unknown helo NAME mail
 * ADDRESS [ARGUMENT]...   as on the SMTP wire, <> included rcpt ADDRESS [ARGUMENT]... rcpts COUNT
 * ADDRESS          numbered copies: <r17.bob@example.net> data header NAME VALUE            VALUE
 * without the space after the colon, unless "header-as-is" header-as-is NAME VALUE headers COUNT
 * NAME VALUE header-fill NAME BYTES       a field with so many letters eoh body TEXT body-fill
 * BYTES [KIND]       text, base64, spaces eom [RESULT]                 RESULT: file that receives
 * the message as changed by the filter message FILE [RESULT]        header, eoh, body, eom of a
 * file (CRLF or LF line ends) message-raw FILE [RESULT]    the same, but only CRLF ends a line
 *   unknown COMMAND              the SMTP command the MTA did not know
 *   frame LETTER [TEXT]          any command byte with any data; one answer is awaited if LETTER is
 * followed by "?" abort quit                         says so and closes; the next command connects
 * again drop                         closes without a word obey yes|no                  no: goes on
 * with commands an MTA would no longer send after that answer (yes)
 *
 * Answers, one per line: "EVENT: ANSWER", e.g. "mail: continue", "rcpt: replycode 550 5.7.1 text",
 * "eom: insheader 0 DKIM-Signature " v=1; ...\n\tb=..."", "eom: quarantine "reason"", "helo:
 * no-reply", "body: not-wanted" (the filter negotiated it away), "header: not-sent" (after an
 * answer that ended the message), "eom: closed", "eom: timeout". Commands with a COUNT print one
 * line with counts: "headers: no-reply=100000".
 *
 * Exit: 0 the script was sent, 1 no connection or a file is unusable, 2 the script is wrong, 3 the
 * filter closed the connection, did not answer, or answered what is not the protocol.
 */
#ifndef TESTS_BENCH_SCRIPT_H
#define TESTS_BENCH_SCRIPT_H

#include "load_session.h"
#include "script_mail.h"

#define SCRIPT_LIST_MAX 64

struct script {
    const struct load_plan *plan; /* target, MTA kind, sender */
    unsigned timeout_s;           /* for one answer */
    const char *result_file;      /* for the message of script_run_message */
    const char *recipient[SCRIPT_LIST_MAX];
    size_t recipients;
    const char *macro[SCRIPT_LIST_MAX]; /* NAME=VALUE */
    size_t macros_given;

    int fd;
    struct mta_macros macros;
    struct wire_offer offer;
    struct wire_buffer offer_bytes;
    struct wire_buffer out;
    struct wire_buffer in;
    size_t in_used;
    struct script_mail mail;
    unsigned messages;
    unsigned accepted_recipients;
    bool has_macros;
    bool is_free;         /* obey no */
    unsigned patience_ms; /* then */
    bool is_message_over;
    bool is_body_skipped;
    int status; /* exit status so far */
};

bool script_add_recipient(struct script *script, const char *address);
bool script_add_macro(struct script *script, const char *name_and_value);

/* Both return the exit status. "-" is standard input. */
int script_run_file(struct script *script, const char *path);
int script_run_message(struct script *script, const char *path);

void script_free(struct script *script);

#endif
