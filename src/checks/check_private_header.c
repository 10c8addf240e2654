/*
 * private_header: are there fields that are not meant for recipients? Bcc tells of hidden
 * recipients (RFC 5322 3.6.3), others where a user sits or which script on our server sent the
 * mail. The repair takes them away. Whom mail is accounted to was read from them before.
 */
#include "checks/checks.h"
#include "util/error.h"

struct settings {
    struct config_texts strip; /* names of fields */
};

/* Without these a message cannot be read, answered or signed, or they are ours. */
static const enum header_id needed[] = { HEADER_FROM,
                                         HEADER_SENDER,
                                         HEADER_TO,
                                         HEADER_CC,
                                         HEADER_DATE,
                                         HEADER_MESSAGE_ID,
                                         HEADER_MIME_VERSION,
                                         HEADER_CONTENT_TYPE,
                                         HEADER_CONTENT_TRANSFER_ENCODING,
                                         HEADER_DKIM_SIGNATURE,
                                         HEADER_EGRESS_TICKET };

static bool accepts_name(const char *value, struct error *error)
{
    for (const char *c = value; *c != '\0'; c++) {
        if (*c <= ' ' || *c > '~' || *c == ':') {
            error_set(error, "no name of a header field; valid: \"X-Originating-IP\"");
            return false;
        }
    }
    enum header_id id = header_id_of(span_of(value));
    for (size_t i = 0; i < sizeof(needed) / sizeof(needed[0]); i++) {
        if (id == needed[i]) {
            error_set(error, "is needed; valid are fields that recipients can do without");
            return false;
        }
    }
    return value[0] != '\0' || (error_set(error, "empty; valid: \"X-Originating-IP\""), false);
}

static const struct config_row rows[] = {
    { .name = "strip",
      .type = CONFIG_TEXTS,
      .offset = offsetof(struct settings, strip),
      .fallback = "[ Bcc, Resent-Bcc, X-Originating-IP, X-PHP-Originating-Script ]",
      .accepts = accepts_name,
      .brief = "header fields that are not meant for recipients: private-header" },
    CONFIG_ROWS_END,
};

static const struct config_table table = { .path = "outgoing",
                                           .rows = rows,
                                           .size = sizeof(struct settings) };

/* The first field that is there; all of them into the repair. */
static const struct header_field *find_private(const struct header_list *headers,
                                               const struct settings *settings,
                                               struct check_deletions *deletions)
{
    const struct header_field *first = NULL;
    for (size_t i = 0; i < settings->strip.count; i++) {
        const struct header_field *field = header_find(headers, span_of(settings->strip.at[i]));
        for (; field != NULL; field = header_next(headers, field)) {
            first = first != NULL ? first : field;
            check_repair_delete(deletions, field);
        }
    }
    return first;
}

static void run(const struct evidence *evidence, const void *settings,
                struct finding_list *findings)
{
    struct check_deletions deletions = { .arena = findings->arena };
    const struct header_field *first =
        find_private(&evidence->message->headers, settings, &deletions);
    if (first == NULL) {
        return;
    }
    struct finding *finding = finding_add(findings, FINDING_PRIVATE_HEADER, "do not send it",
                                          "the field %.*s is not meant for recipients",
                                          SPAN_ARG(span_first(first->name, CHECK_NAME_SHOWN)));
    if (finding != NULL) {
        finding->repair = deletions.first;
    }
}

const struct check check_private_header = {
    .name = "private_header",
    .settings = &table,
    .run = run,
};
