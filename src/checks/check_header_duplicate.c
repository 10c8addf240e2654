/*
 * header_duplicate: does every field that may stand once stand once (RFC 5322 3.6, RFC 2045 3 and
 * others)? Of two Subjects or two To fields every receiver shows another one, and large receivers
 * refuse such mail: the grave case. Where the second is no more than a blunder of software (MIME,
 * threading, list fields) it is the mild one. One finding: the first grave field, else the first
 * mild one.
 */
#include "checks/checks.h"

static const enum header_id grave[] = { HEADER_FROM,       HEADER_SUBJECT, HEADER_TO,
                                        HEADER_CC,         HEADER_DATE,    HEADER_REPLY_TO,
                                        HEADER_MESSAGE_ID, HEADER_SENDER };

/* RFC 5322 3.6 and 3.6.4, RFC 2045 3, RFC 2369 3.4, RFC 2919 5, RFC 8058 3.1. */
static const enum header_id mild[] = { HEADER_BCC,
                                       HEADER_IN_REPLY_TO,
                                       HEADER_REFERENCES,
                                       HEADER_MIME_VERSION,
                                       HEADER_CONTENT_TYPE,
                                       HEADER_CONTENT_TRANSFER_ENCODING,
                                       HEADER_CONTENT_ID,
                                       HEADER_CONTENT_DESCRIPTION,
                                       HEADER_LIST_ID,
                                       HEADER_LIST_HELP,
                                       HEADER_LIST_UNSUBSCRIBE,
                                       HEADER_LIST_UNSUBSCRIBE_POST,
                                       HEADER_LIST_SUBSCRIBE,
                                       HEADER_LIST_POST,
                                       HEADER_LIST_OWNER,
                                       HEADER_LIST_ARCHIVE };

static bool report_first(const struct header_list *headers, const enum header_id *ids, size_t count,
                         bool is_mild, struct finding_list *findings)
{
    for (size_t i = 0; i < count; i++) {
        if (headers->counts[ids[i]] < 2) {
            continue;
        }
        struct finding *finding =
            finding_add(findings, FINDING_HEADER_DUPLICATE, "keep one of them",
                        "the message has %u %.*s fields", (unsigned)headers->counts[ids[i]],
                        SPAN_ARG(header_name(ids[i])));
        if (finding != NULL) {
            finding->is_mild = is_mild;
        }
        return true;
    }
    return false;
}

static void run(const struct evidence *evidence, const void *settings,
                struct finding_list *findings)
{
    (void)settings;
    const struct header_list *headers = &evidence->message->headers;
    if (!report_first(headers, grave, sizeof(grave) / sizeof(grave[0]), false, findings)) {
        report_first(headers, mild, sizeof(mild) / sizeof(mild[0]), true, findings);
    }
}

const struct check check_header_duplicate = { .name = "header_duplicate", .run = run };
