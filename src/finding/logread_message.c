/*
 * logread_message: the fields of a message's line, read back. Where they lie is known by logline.c;
 * here is what they mean. Nothing allocates; what is not understood is no line of ours.
 */
#include "finding/logline.h"
#include "finding/logread.h"

/* A shorter line ended by itself; 8: "~" and the room that an escape did not have. */
#define CUT_SIZE (LOG_LINE_MAX - 8)

enum field {
    FIELD_ID,
    FIELD_VERDICT,
    FIELD_WOULD,
    FIELD_CLASS,
    FIELD_USER,
    FIELD_RULES,
    FIELD_RCPTS,
    FIELD_EXTERNAL,
    FIELD_TO,
    FIELD_SIZE,
    FIELD_CLIENT,
    FIELD_DAEMON,
    FIELD_BY,
    FIELD_LOGIN,
    FIELD_FROM,
    FIELD_HFROM,
    FIELD_MSGID,
    FIELD_COUNT
};

#define KEY(text)                                                                                  \
    {                                                                                              \
        text, sizeof(text) - 1                                                                     \
    }

/* In the order of enum field, which is that of the line. */
static const struct span keys[FIELD_COUNT] = {
    KEY("id"),    KEY("verdict"),  KEY("would"), KEY("class"), KEY("user"),   KEY("rules"),
    KEY("rcpts"), KEY("external"), KEY("to"),    KEY("size"),  KEY("client"), KEY("daemon"),
    KEY("by"),    KEY("login"),    KEY("from"),  KEY("hfrom"), KEY("msgid"),
};

static enum field field_of(struct span key, enum field from)
{
    for (enum field field = from; field < FIELD_COUNT; field++) {
        if (span_is_equal(keys[field], key))
            return field;
    }
    return FIELD_COUNT;
}

/*
 * The first of each. Fields come in their order, so that what was looked for once is not looked for
 * again; one that stands out of its order is a second one, or was never written by us.
 */
static bool fields_find(struct span text, struct span raw_r[FIELD_COUNT])
{
    struct span rest = text, key, raw;
    enum field next = FIELD_ID;

    memset(raw_r, 0, FIELD_COUNT * sizeof(*raw_r));
    while (logline_next(&rest, &key, &raw)) {
        enum field field = field_of(key, next);

        if (field == FIELD_COUNT)
            continue;
        raw_r[field] = raw;
        next = field + 1;
        if (field == FIELD_ID && (raw.size == 0 || rest.size == 0 || rest.at[0] != ' '))
            return false;
    }
    return raw_r[FIELD_ID].at != NULL && raw_r[FIELD_VERDICT].at != NULL &&
           raw_r[FIELD_CLASS].at != NULL;
}

/* Whole values only: what was cut ends the line, and a long one, with "~". */
static void drop_cut(struct span text, struct span raw[FIELD_COUNT])
{
    if (text.size < CUT_SIZE || text.at[text.size - 1] != '~')
        return;
    for (enum field field = FIELD_VERDICT; field < FIELD_COUNT; field++) {
        if (raw[field].at != NULL && raw[field].at + raw[field].size == text.at + text.size)
            raw[field] = (struct span){ NULL, 0 };
    }
}

static struct span unescape(struct log_message *message, struct span raw)
{
    char *out = message->unescaped + message->unescaped_size;
    ptrdiff_t size;

    if (raw.size == 0 || span_find(raw, '\\') < 0)
        return raw;
    size = logline_unescape(raw, out, sizeof(message->unescaped) - message->unescaped_size);
    if (size < 0)
        return (struct span){ NULL, 0 }; /* cannot be: what is unescaped is no longer */
    message->unescaped_size += (size_t)size + 1;
    return (struct span){ out, (size_t)size };
}

static struct span value_of(struct log_message *message, struct span raw)
{
    return raw.size == 1 && raw.at[0] == '-' ? span_first(raw, 0) : unescape(message, raw);
}

/* "<alice@example.org>"; absent without its end. */
static struct span path_of(struct log_message *message, struct span raw)
{
    if (raw.size < 2 || raw.at[0] != '<' || raw.at[raw.size - 1] != '>')
        return (struct span){ NULL, 0 };
    return unescape(message, span_first(span_from(raw, 1), raw.size - 2));
}

/* Digits and nothing else; 0 for all the rest. */
static uint64_t number_of(struct span raw)
{
    uint64_t number = 0;

    for (size_t i = 0; i < raw.size; i++) {
        if (raw.at[i] < '0' || raw.at[i] > '9' || __builtin_mul_overflow(number, 10, &number) ||
            __builtin_add_overflow(number, (unsigned)(raw.at[i] - '0'), &number))
            return 0;
    }
    return number;
}

/* Takes "+N" off the end of a list. */
static size_t list_left_out(struct span *list_io)
{
    ptrdiff_t plus = span_find_last(*list_io, '+');
    struct span digits = plus >= 0 ? span_from(*list_io, (size_t)plus + 1) : SPAN("");
    uint64_t number = number_of(digits);

    if (number == 0)
        return 0;
    *list_io = plus > 0 ? span_first(*list_io, (size_t)plus) : (struct span){ NULL, 0 };
    return number;
}

/* "NAME:VALUE" at its last colon; without one there is no value. */
static struct span item_cut(struct span item, struct span *value_r)
{
    ptrdiff_t colon = span_find_last(item, ':');

    *value_r = span_from(item, colon >= 0 ? (size_t)colon + 1 : item.size);
    return colon >= 0 ? span_first(item, (size_t)colon) : item;
}

static void rules_fill(struct log_message *message, struct span list)
{
    struct span item;

    message->rule_count = 0;
    message->rules_left_out = list_left_out(&list);
    while (span_cut(&list, ',', &item)) {
        struct log_rule *rule = &message->rules[message->rule_count];
        struct span finding, action;

        finding = item_cut(item, &action);
        if (message->rule_count == LOG_LIST_MAX) {
            message->rules_left_out++;
            continue;
        }
        *rule = (struct log_rule){ unescape(message, finding), unescape(message, action) };
        message->rule_count++;
    }
}

static void to_fill(struct log_message *message, struct span list)
{
    struct span item;

    message->to_count = 0;
    message->to_left_out = list_left_out(&list);
    while (span_cut(&list, ',', &item)) {
        struct span domain, count;

        if (message->to_count == LOG_LIST_MAX) {
            message->to_left_out++;
            continue;
        }
        domain = item_cut(item, &count);
        message->to[message->to_count++] =
            (struct log_domain){ unescape(message, domain), number_of(count) };
    }
}

/* Before all else is looked at, since most lines of a mail log are not ours. */
static bool is_ours(const struct log_entry *entry)
{
    const struct span verdict = SPAN(" verdict="), text = entry->text;
    ptrdiff_t blank;

    if (entry->program.at != NULL && !span_is_equal(entry->program, LOGREAD_PROGRAM))
        return false;
    if (text.size > LOG_LINE_MAX)
        return false;
    blank = span_find(text, ' ');
    if (blank < 2 || text.at[blank - 1] != ':')
        return false;
    return span_is_equal(span_first(span_from(text, (size_t)blank), verdict.size), verdict);
}

bool logread_message(const struct log_entry *entry, struct log_message *message_r)
{
    struct span raw[FIELD_COUNT];

    if (!is_ours(entry) || !fields_find(entry->text, raw))
        return false;
    drop_cut(entry->text, raw);
    message_r->unescaped_size = 0;
    message_r->id = value_of(message_r, raw[FIELD_ID]);
    message_r->verdict = value_of(message_r, raw[FIELD_VERDICT]);
    message_r->would = value_of(message_r, raw[FIELD_WOULD]);
    message_r->mail_class = value_of(message_r, raw[FIELD_CLASS]);
    message_r->user = value_of(message_r, raw[FIELD_USER]);
    message_r->by = value_of(message_r, raw[FIELD_BY]);
    message_r->recipients = number_of(raw[FIELD_RCPTS]);
    message_r->external = number_of(raw[FIELD_EXTERNAL]);
    message_r->size_bytes = number_of(raw[FIELD_SIZE]);
    rules_fill(message_r, raw[FIELD_RULES]);
    to_fill(message_r, raw[FIELD_TO]);
    message_r->client = value_of(message_r, raw[FIELD_CLIENT]);
    message_r->daemon = value_of(message_r, raw[FIELD_DAEMON]);
    message_r->login = value_of(message_r, raw[FIELD_LOGIN]);
    message_r->from = path_of(message_r, raw[FIELD_FROM]);
    message_r->header_from = value_of(message_r, raw[FIELD_HFROM]);
    message_r->message_id = value_of(message_r, raw[FIELD_MSGID]);
    return true;
}
