/*
 * report_text: delivery reports for people. A line that looks like a recipient is one, where it
 * could be nothing else or something announced him; what follows until the next one is what the
 * server said.
 *
 * The message that was returned behind the text is cut off before: what it says is not about a
 * delivery.
 */
#include "feedback/report_private.h"

struct sighting {
    struct report_recipient *recipient;
    size_t from, to; /* of the notice: what was said of him */
};

struct walk {
    struct reading *reading;
    struct span notice;
    struct sighting *sightings; /* REPORT_RECIPIENTS_MAX */
    size_t count;
    bool is_announced;
};

static size_t offset(const struct walk *walk, struct span piece)
{
    return (size_t)(piece.at - walk->notice.at);
}

static struct span without_marks(struct span line)
{
    while (line.size > 0 && (strchr("-=*#_> \t|~+", line.at[0]) != NULL)) {
        line = span_from(line, 1);
    }
    return line;
}

static bool is_ender(struct span line)
{
    struct span text = without_marks(line);
    for (int i = 0; report_enders[i] != NULL; i++) {
        if (span_has_prefix_nocase(text, span_of(report_enders[i]))) {
            return true;
        }
    }
    return false;
}

static bool is_field_line(struct span line)
{
    struct span rest = line, name, value;
    return report_field(&rest, &name, &value) && name.at != NULL;
}

/* "Message-ID:" at the beginning of a notice is none of its end: the report is all header. */
static void cut_returned(struct reading *reading)
{
    struct report_parts *parts = &reading->parts;
    struct span rest = parts->notice, line;
    unsigned lines = 0;
    while (lines++ < REPORT_LINES_MAX && report_line(&rest, &line)) {
        if (!is_ender(line)) {
            continue;
        }
        size_t at = (size_t)(line.at - parts->notice.at);
        if (parts->returned.at == NULL) {
            parts->returned = is_field_line(line) ? span_from(parts->notice, at) : rest;
            parts->returned = span_first(parts->returned, REPORT_RETURNED_MAX);
        }
        parts->notice = span_first(parts->notice, at);
        return;
    }
}

static void see(struct walk *walk, struct span address, size_t from)
{
    if (walk->count == REPORT_RECIPIENTS_MAX) {
        walk->reading->report->is_cut = true;
        return;
    }
    struct report_recipient *recipient = report_recipient(walk->reading, address);
    if (recipient != NULL) {
        walk->sightings[walk->count++] =
            (struct sighting){ .recipient = recipient, .from = from, .to = walk->notice.size };
    }
}

/* Addresses of those who write reports are nobody's that a message was sent to. */
static bool is_writer(struct span address)
{
    static const char *const names[] = { "postmaster@", "mailer-daemon@", "support@", "abuse@",
                                         "helpdesk@" };
    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
        if (span_has_prefix_nocase(address, span_of(names[i]))) {
            return true;
        }
    }
    return false;
}

/* Those that stand behind the announcement in its own line. */
static bool see_announced(struct walk *walk, struct span rest)
{
    bool has_any = false;
    for (;;) {
        struct span address = report_address_in(rest);
        if (address.at == NULL) {
            return has_any;
        }
        struct span before = span_trim(span_first(rest, (size_t)(address.at - rest.at)));
        rest = span_from(rest, (size_t)(address.at + address.size - rest.at));
        if (span_has_suffix_nocase(before, SPAN("from"))) {
            continue; /* "they take no mail from" is about the sender */
        }
        if (!is_writer(address)) {
            see(walk, address, offset(walk, rest));
            has_any = true;
        }
    }
}

static bool see_shape(struct walk *walk, struct span line)
{
    struct span address, text;
    for (const struct report_shape *shape = report_shapes; shape->template != NULL; shape++) {
        if ((shape->is_plain && !walk->is_announced) ||
            !report_shape_fits(shape->template, line, &address, &text)) {
            continue;
        }
        if (shape->is_plain && is_writer(address)) {
            return false;
        }
        /* behind the address, or from the line's beginning where a code stands before it */
        bool has_code = shape->template[0] == '%' && shape->template[1] == 'c';
        see(walk, address, has_code ? offset(walk, line) : offset(walk, address) + address.size);
        return true;
    }
    return false;
}

/* What a server said in the dialogue announces nobody. */
static bool is_opener(struct span line, struct span *rest_r)
{
    size_t end;
    struct span text = span_trim(line);
    bool is_transcript =
        span_has_prefix_nocase(text, SPAN("<<<")) || span_has_prefix_nocase(text, SPAN(">>>"));
    if (is_transcript || report_phrase_in(report_openers, line, &end) < 0) {
        return false;
    }
    *rest_r = span_from(line, end);
    return true;
}

static void walk_lines(struct walk *walk)
{
    struct span rest = walk->notice, line, behind;
    unsigned lines = 0;
    while (lines++ < REPORT_LINES_MAX && report_line(&rest, &line)) {
        size_t before = walk->count, start = offset(walk, line);
        if (span_trim(line).size == 0) {
            continue;
        }
        if (!see_shape(walk, line) && is_opener(line, &behind)) {
            walk->is_announced = true;
            see_announced(walk, behind);
        }
        for (size_t i = before; i > 0 && walk->count > before; i--) {
            if (walk->sightings[i - 1].to <= start) {
                break;
            }
            walk->sightings[i - 1].to = start;
        }
    }
}

static bool tells(struct span text)
{
    struct cause_reply reply = { .text = text };
    return cause_of(&reply).cause != CAUSE_UNKNOWN;
}

/* The end of the paragraph that begins at `at`. */
static size_t paragraph_end(struct span text, size_t at)
{
    struct span rest = span_from(text, at), line;
    bool has_words = false;
    while (report_line(&rest, &line)) {
        if (span_trim(line).size > 0) {
            has_words = true;
        } else if (has_words) {
            return (size_t)(line.at - text.at);
        }
    }
    return text.size;
}

struct span report_paragraphs(struct span text)
{
    size_t end = 0;
    while (text.size > 0 && strchr(":>;,.'\" \t\r\n", text.at[0]) != NULL) {
        text = span_from(text, 1);
    }
    text = span_first(text, 2 * REPORT_TEXT_MAX);
    for (unsigned i = 0; i < 8 && end < text.size; i++) {
        end = paragraph_end(text, end);
        if (tells(span_first(text, end))) {
            return span_trim(span_first(text, end));
        }
    }
    return span_trim(span_first(text, end));
}

static struct span said(const struct walk *walk, const struct sighting *sighting)
{
    return report_paragraphs(span_from(span_first(walk->notice, sighting->to), sighting->from));
}

static bool has_code(struct span text)
{
    struct span enhanced, reply;
    cause_codes(text, &enhanced, &reply);
    return enhanced.size > 0 || reply.size > 0;
}

/* Of several sightings the one with a code says most; who was told nothing of shares what the next
 * one was told: "a@x, b@x: User unknown". */
static void take_texts(struct walk *walk)
{
    struct span next = { NULL, 0 };
    for (size_t i = walk->count; i-- > 0;) {
        struct sighting *sighting = &walk->sightings[i];
        struct span text = said(walk, sighting);
        text = text.size > 0 ? text : next;
        next = text;
        struct report_recipient *recipient = sighting->recipient;
        if (recipient->text.size == 0 || (has_code(text) && !has_code(recipient->text)) ||
            (has_code(text) == has_code(recipient->text) && text.size > recipient->text.size)) {
            recipient->text = report_clean(walk->reading->arena, text, REPORT_TEXT_MAX);
        }
    }
    for (size_t i = 0; i < walk->count; i++) {
        struct report_recipient *recipient = walk->sightings[i].recipient;
        if (recipient->text.size == 0) {
            recipient->text = report_clean(walk->reading->arena, report_paragraphs(walk->notice),
                                           REPORT_TEXT_MAX);
        }
    }
}

static struct span header_value(const struct reading *reading, enum header_id id)
{
    const struct header_field *field = header_first(reading->headers, id);
    return field != NULL ? field->value : SPAN("");
}

static bool has_text(struct span where, const char *text)
{
    const char *const phrases[] = { text, NULL };
    size_t end;
    return report_phrase_in(phrases, where, &end) >= 0;
}

/* A mail system wrote it: by its name, its subject, or the field that names who failed. */
static bool is_from_system(const struct reading *reading)
{
    static const char *const senders[] = { "mailer-daemon",
                                           "mailer_daemon",
                                           "mail delivery",
                                           "postmaster",
                                           "maildaemon",
                                           "mail-daemon",
                                           "mail deliver",
                                           "mail system",
                                           "mail administrator",
                                           "mdaemon",
                                           NULL };
    size_t end;
    return header_find(reading->headers, SPAN("X-Failed-Recipients")) != NULL ||
           reading->has_null_sender || reading->parts.is_report ||
           report_phrase_in(senders, header_value(reading, HEADER_FROM), &end) >= 0 ||
           report_phrase_in(report_subjects, reading->subject, &end) >= 0;
}

static const char *writer_of(const struct reading *reading, struct span notice)
{
    for (const struct report_writer *writer = report_writers; writer->name != NULL; writer++) {
        if (has_text(notice, writer->text) ||
            has_text(header_value(reading, HEADER_FROM), writer->text)) {
            return writer->name;
        }
    }
    return "text";
}

static bool is_delay(const struct reading *reading, struct span notice)
{
    size_t end;
    return report_phrase_in(report_delays, notice, &end) >= 0 ||
           report_phrase_in(report_delays, reading->subject, &end) >= 0;
}

/* Named by the header alone (Exim, Google), or by the message that came back. */
static void see_elsewhere(struct walk *walk)
{
    const struct header_field *failed =
        header_find(walk->reading->headers, SPAN("X-Failed-Recipients"));
    struct span rest = walk->reading->parts.returned, name, value;
    unsigned lines = 0;
    if (failed != NULL) {
        struct span addresses = failed->value, address;
        while ((address = report_address_in(addresses)).at != NULL) {
            see(walk, address, 0);
            addresses = span_from(addresses, (size_t)(address.at + address.size - addresses.at));
        }
    }
    while (walk->count == 0 && lines++ < REPORT_LINES_MAX && report_field(&rest, &name, &value)) {
        if (name.at != NULL && span_is_equal_nocase(name, SPAN("To"))) {
            struct span address = report_address_in(value);
            if (address.at != NULL &&
                report_address_in(span_from(value, (size_t)(address.at + address.size - value.at)))
                        .at == NULL) {
                see(walk, address, 0);
            }
        }
    }
}

static bool begin(struct walk *walk, struct reading *reading)
{
    *walk = (struct walk){ .reading = reading };
    cut_returned(reading);
    walk->notice = reading->parts.notice;
    walk->sightings = arena_array(reading->arena, REPORT_RECIPIENTS_MAX, sizeof(struct sighting));
    return walk->sightings != NULL;
}

bool report_text_read(struct reading *reading)
{
    struct walk walk;
    struct span text = span_trim(reading->parts.notice);
    bool is_for_people = text.size == 0 || text.at[0] != '{'; /* else JSON of a service */
    if (!is_for_people || !is_from_system(reading) || !begin(&walk, reading)) {
        return false;
    }
    walk_lines(&walk);
    if (walk.count == 0) {
        see_elsewhere(&walk);
    }
    if (walk.count == 0) {
        return false;
    }
    take_texts(&walk);
    bool is_delayed = is_delay(reading, walk.notice);
    for (size_t i = 0; i < reading->report->recipient_count; i++) {
        reading->recipients[i].action = is_delayed ? REPORT_DELAYED : REPORT_FAILED;
    }
    reading->report->kind = REPORT_DELIVERY;
    reading->report->format = writer_of(reading, walk.notice);
    return true;
}

struct span report_notice_about(const struct reading *reading, struct span address)
{
    struct span rest = reading->parts.notice;
    for (;;) {
        struct span found = report_address_in(rest);
        if (found.at == NULL) {
            return report_paragraphs(reading->parts.notice);
        }
        rest = span_from(rest, (size_t)(found.at + found.size - rest.at));
        if (span_is_equal_nocase(found, address)) {
            return report_paragraphs(rest);
        }
    }
}
