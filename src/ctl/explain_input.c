/*
 * explain_input: a saved message and the transaction that might have brought it: from the options,
 * and where they are silent from the header (RFC 5322 3.6.2, 3.6.3).
 */
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/utsname.h>

#include "ctl/explain.h"
#include "message/address.h"
#include "message/builder.h"
#include "util/file.h"

#define ADDRESS_FIELD_MAX ((size_t)1 << 20) /* a longer To or Cc is not read for recipients */
/* libmilter's packets hold 64 KiB: name, value and two NULs. */
#define MILTER_FIELD_MAX 65533

void explain_note(struct explain_input *input, const char *format, ...)
{
    va_list args;
    const char *text;

    if (input->note_count == EXPLAIN_NOTES_MAX)
        return;
    va_start(args, format);
    text = arena_vprintf(input->arena, format, args);
    va_end(args);
    if (text != NULL)
        input->notes[input->note_count++] = text;
}

static bool file_take(struct explain_input *input, const char *path, struct error *error)
{
    if (strcmp(path, "-") == 0 ? !file_read_stdin(EXPLAIN_MESSAGE_MAX, &input->file, error)
                               : !file_read(path, EXPLAIN_MESSAGE_MAX, &input->file, error))
        return false;
    if (buffer_has_failed(&input->file)) {
        error_set(error, "%s: out of memory", path);
        return false;
    }
    input->drive.message = input->file.size > 0 ? buffer_span(&input->file) : SPAN("");
    return true;
}

static bool recipient_add(struct explain_input *input, struct span path)
{
    if (input->drive.recipient_count == input->recipient_room) {
        size_t room = input->recipient_room > 0 ? input->recipient_room * 2 : 16;
        struct drive_recipient *grown = arena_array(input->arena, room, sizeof(*grown));

        if (grown == NULL)
            return false;
        if (input->drive.recipient_count > 0)
            memcpy(grown, input->recipients, input->drive.recipient_count * sizeof(*grown));
        input->drive.recipients = input->recipients = grown;
        input->recipient_room = room;
    }
    input->recipients[input->drive.recipient_count++] = (struct drive_recipient){ .path = path };
    return true;
}

/* The addresses of a field; none where it is endless. False: no memory. */
static bool field_addresses(struct explain_input *input, const struct header_field *field,
                            struct address_list *list_r)
{
    *list_r = (struct address_list){ .at = NULL };
    if (field->value.size > ADDRESS_FIELD_MAX) {
        explain_note(input, "a field of %zu octets is not read for addresses", field->value.size);
        return true;
    }
    return address_parse_list(field->value, input->arena, list_r);
}

static bool header_recipients(struct explain_input *input, const struct header_list *headers)
{
    static const enum header_id ids[] = { HEADER_TO, HEADER_CC, HEADER_BCC };
    struct address_list list;

    for (size_t i = 0; i < sizeof(ids) / sizeof(ids[0]); i++) {
        const struct header_field *field = header_first(headers, ids[i]);

        for (; field != NULL; field = header_next(headers, field)) {
            if (!field_addresses(input, field, &list))
                return false;
            for (size_t k = 0; k < list.count; k++) {
                if (!recipient_add(input, list.at[k].text))
                    return false;
            }
        }
    }
    return true;
}

static bool header_sender(struct explain_input *input, const struct header_list *headers)
{
    const struct header_field *field = header_first(headers, HEADER_FROM);
    struct address_list list;

    if (field == NULL)
        return true;
    if (!field_addresses(input, field, &list))
        return false;
    if (list.count > 0)
        input->drive.sender = list.at[0].text;
    return true;
}

static void body_ignore(void *context, const void *bytes, size_t size)
{
    (void)context;
    (void)bytes;
    (void)size;
}

static void longest_note(struct explain_input *input, const struct header_list *headers)
{
    size_t longest = 0;

    for (size_t i = 0; i < headers->count; i++) {
        size_t size = headers->fields[i].name.size + headers->fields[i].value.size;

        if (size > longest)
            longest = size;
    }
    if (longest > MILTER_FIELD_MAX)
        explain_note(input,
                     "a header field of %zu octets: libmilter ends the session at 64 KiB, so this "
                     "message would get the MTA's milter_default_action",
                     longest);
}

/* What the header gives for the envelope, and what libmilter would not have carried. */
static bool header_take(struct explain_input *input, bool wants_sender, bool wants_recipients,
                        struct error *error)
{
    struct header_list headers;

    header_list_init(&headers, true);
    if (!message_read(input->drive.message, input->arena, &headers, body_ignore, NULL))
        explain_note(input, "the header is too large to be read for addresses completely");
    longest_note(input, &headers);
    if ((wants_sender && !header_sender(input, &headers)) ||
        (wants_recipients && !header_recipients(input, &headers))) {
        error_set(error, "the header names more addresses than fit; give --from and --rcpt");
        return false;
    }
    return true;
}

/* Brackets as the MTA would have written them: SMTP has them, sendmail(1) has not. */
static struct span path_dress(struct explain_input *input, struct span path, bool is_bare)
{
    char *text;

    path = span_trim(path);
    if (path.size >= 2 && path.at[0] == '<' && path.at[path.size - 1] == '>')
        path = span_first(span_from(path, 1), path.size - 2);
    if (is_bare)
        return path.at != NULL ? path : SPAN("");
    text = arena_alloc(input->arena, path.size + 3);
    if (text == NULL)
        return path;
    text[0] = '<';
    if (path.size > 0)
        memcpy(text + 1, path.at, path.size);
    text[path.size + 1] = '>';
    return (struct span){ text, path.size + 2 };
}

static bool session_take(struct explain_input *input, const struct ctl_args *args,
                         struct error *error)
{
    struct session *session = &input->drive.session;
    const char *client = args_value(args, "client");
    struct utsname host;

    if (client == NULL && args_has(args, "sendmail"))
        client = "127.0.0.1";
    if (client != NULL && !ip_parse(span_of(client), &session->client)) {
        error_set(error, "--client %s is no address", client);
        return false;
    }
    session->helo = span_of(args_value(args, "helo"));
    if (session->helo.at == NULL && args_has(args, "sendmail"))
        session->helo = SPAN("localhost");
    session->daemon_name = span_of(args_value(args, "daemon"));
    session->cert_subject = span_of(args_value(args, "certificate"));
    session->cert_issuer = span_of(args_value(args, "issuer"));
    session->keeps_space = true;
    session->mta_version = span_of(args_value(args, "mta"));
    if (session->mta_version.at == NULL)
        session->mta_version = SPAN("Postfix");
    if (uname(&host) == 0)
        session->mta_name = arena_copy(input->arena, span_of(host.nodename));
    input->drive.login = span_of(args_value(args, "login"));
    if (input->drive.login.at != NULL)
        input->drive.auth_type = SPAN("PLAIN");
    return true;
}

/* What a mailer goes to where the site has no route of its own. */
static struct span domain_of(struct span path)
{
    ptrdiff_t at = span_find_last(path, '@');
    struct span domain = at < 0 ? (struct span){ NULL, 0 } : span_from(path, (size_t)at + 1);

    return domain.size > 0 && domain.at[domain.size - 1] == '>'
               ? span_first(domain, domain.size - 1)
               : domain;
}

/* Sender and recipients as an MTA would have written them. */
static void envelope_dress(struct explain_input *input, const struct ctl_args *args)
{
    bool is_bare = args_has(args, "sendmail");
    struct span mailer = span_of(args_value(args, "mailer"));

    input->drive.sender = path_dress(input, input->drive.sender, is_bare);
    for (size_t i = 0; i < input->drive.recipient_count; i++) {
        input->recipients[i].path = path_dress(input, input->recipients[i].path, is_bare);
        input->recipients[i].mailer = mailer;
        input->recipients[i].host = domain_of(input->recipients[i].path);
    }
}

static bool envelope_take(struct explain_input *input, const struct ctl_args *args,
                          struct error *error)
{
    const char *given = args_value(args, "from"), *rcpt;
    bool has_rcpt = args_has(args, "rcpt");
    size_t position = 0;

    if (!header_take(input, given == NULL, !has_rcpt, error))
        return false;
    if (given != NULL)
        input->drive.sender = span_of(given);
    while ((rcpt = args_next(args, "rcpt", &position)) != NULL) {
        if (!recipient_add(input, span_of(rcpt))) {
            error_set(error, "out of memory");
            return false;
        }
    }
    if (input->drive.recipient_count == 0) {
        error_set(error, "the header names no recipient: give --rcpt");
        return false;
    }
    input->sender_from = given != NULL ? "--from" : "header From";
    if (input->drive.sender.at == NULL)
        input->sender_from = "the header has no From address";
    input->recipients_from = has_rcpt ? "--rcpt" : "header To, Cc, Bcc";
    envelope_dress(input, args);
    return true;
}

bool explain_input_read(struct explain_input *input, const struct ctl_args *args,
                        struct error *error, enum ctl_exit *code_r)
{
    static const struct span utf8 = { "SMTPUTF8", sizeof("SMTPUTF8") - 1 };

    *input = (struct explain_input){ .arena = arena_new(ENVELOPE_MEMORY_MAX) };
    *code_r = CTL_INTERNAL;
    if (input->arena == NULL) {
        error_set(error, "out of memory");
        return false;
    }
    *code_r = CTL_INPUT;
    if (!file_take(input, args->operands[0], error))
        return false;
    *code_r = CTL_USAGE;
    if (!session_take(input, args, error) || !envelope_take(input, args, error))
        return false;
    if (args_has(args, "smtputf8")) {
        input->drive.mail_parameters = &utf8;
        input->drive.mail_parameter_count = 1;
    }
    if (input->drive.login.at == NULL && input->drive.session.client.family == 0 &&
        input->drive.session.cert_subject.at == NULL)
        explain_note(
            input,
            "give --login, --client or --sendmail: without them this is a stranger's message");
    return true;
}

void explain_input_free(struct explain_input *input)
{
    arena_free(&input->arena);
    buffer_free(&input->file);
}
