/* One event at a time over a blocking socket. See script_exchange.h. */
#include "script_exchange.h"

#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include <sys/time.h>

#define ANSWER_LIMIT (1u << 24)
#define UNSENT_BYTES_MAX 65536u

/* --- printing ---------------------------------------------------------- */

static void print_quoted(struct wire_text text)
{
    putchar('"');
    for (size_t i = 0; i < text.length; i++) {
        unsigned char byte = (unsigned char)text.data[i];

        if (byte == '"' || byte == '\\')
            printf("\\%c", byte);
        else if (byte == '\n')
            fputs("\\n", stdout);
        else if (byte == '\t')
            fputs("\\t", stdout);
        else if (isprint(byte))
            putchar(byte);
        else
            printf("\\x%02X", byte);
    }
    putchar('"');
}

static void print_answer(const char *event, const struct wire_answer *answer)
{
    printf("%s: %s", event, wire_reply_name((char)answer->reply));
    if (answer->reply == WIRE_INSERT_HEADER || answer->reply == WIRE_CHANGE_HEADER)
        printf(" %u", answer->index);
    if (answer->reply == WIRE_REPLACE_BODY) {
        printf(" %zu bytes\n", answer->value.length);
        return;
    }
    if (answer->name.data)
        printf(" %.*s", (int)answer->name.length, answer->name.data);
    if (answer->value.data && answer->reply == WIRE_REPLY_CODE)
        printf(" %.*s", (int)answer->value.length, answer->value.data);
    else if (answer->value.data) {
        putchar(' ');
        print_quoted(answer->value);
    }
    putchar('\n');
}

static void tally_add(struct tally *tally, const char *word)
{
    size_t i = 0;

    while (i < TALLY_WORDS - 1 && tally->row[i].count && strcmp(tally->row[i].word, word) != 0)
        i++;
    snprintf(tally->row[i].word, sizeof tally->row[i].word, "%s", word);
    tally->row[i].count++;
}

void tally_print(const char *label, const struct tally *tally)
{
    if (tally->row[0].count == 0)
        return;
    printf("%s:", label);
    for (size_t i = 0; i < TALLY_WORDS && tally->row[i].count; i++)
        printf(" %s=%lu", tally->row[i].word, tally->row[i].count);
    putchar('\n');
}

static void tell(struct tally *tally, const char *event, const char *word)
{
    if (tally)
        tally_add(tally, word);
    else
        printf("%s: %s\n", event, word);
}

static void tell_answer(struct tally *tally, const char *event, const struct wire_answer *answer)
{
    char word[32];

    if (!tally || answer->is_edit) {
        print_answer(event, answer);
        return;
    }
    snprintf(word, sizeof word, "%s", wire_reply_name((char)answer->reply));
    if (answer->reply == WIRE_REPLY_CODE)
        snprintf(word, sizeof word, "replycode-%.3s", answer->value.data);
    tally_add(tally, word);
}

/* --- the connection ---------------------------------------------------- */

/* Every way a filter leaves the conversation is an answer too: it is printed and ends the script.
 */
static bool leave(struct script *script, const char *event, const char *word)
{
    printf("%s: %s\n", event, word);
    script->status = 3;
    script_disconnect(script, false);
    return false;
}

static bool send_pending(struct script *script)
{
    size_t sent = 0;

    while (sent < script->out.length) {
        ssize_t count =
            send(script->fd, script->out.data + sent, script->out.length - sent, MSG_NOSIGNAL);

        if (count < 0 && errno == EINTR)
            continue;
        if (count < 0)
            break;
        sent += (size_t)count;
    }
    script->out.length = 0;
    /* A filter that closes has often answered before: what it said is still to be read. */
    return true;
}

/* False: the script must end, its status is set; or, where it need not obey, nothing came (status
 * 0). */
static bool receive_frame(struct script *script, const char *event, struct wire_frame *frame_r)
{
    for (;;) {
        char bytes[65536];
        struct wire_text rest = wire_rest(&script->in, script->in_used);
        size_t used;
        ssize_t count;
        int found = wire_next_frame(rest.data, rest.length, ANSWER_LIMIT, frame_r, &used);

        if (found > 0) {
            script->in_used += used;
            return true;
        }
        if (found < 0)
            return leave(script, event, "malformed");
        count = recv(script->fd, bytes, sizeof bytes, 0);
        if (count < 0 && errno == EINTR)
            continue;
        if (count < 0 && errno == EAGAIN && script->is_free)
            return false;
        if (count < 0 && errno == EAGAIN)
            return leave(script, event, "timeout");
        if (count <= 0)
            return leave(script, event, "closed");
        if (script->in_used == script->in.length)
            script->in.length = script->in_used = 0;
        wire_add_bytes(&script->in, bytes, (size_t)count);
    }
}

bool script_set_patience(struct script *script)
{
    unsigned patience_ms = script->is_free ? script->patience_ms : script->timeout_s * 1000;
    struct timeval limit = { .tv_sec = patience_ms / 1000, .tv_usec = patience_ms % 1000 * 1000 };

    return script->fd < 0 ||
           setsockopt(script->fd, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof limit) == 0;
}

bool script_connect(struct script *script)
{
    script_disconnect(script, true);
    script->fd = mta_socket_connect(&script->plan->target);
    if (script->fd < 0 || !script_set_patience(script)) {
        fprintf(stderr, "mtaload: cannot connect: %s\n", strerror(errno));
        script->status = 1;
        return false;
    }
    return true;
}

void script_disconnect(struct script *script, bool politely)
{
    if (script->fd >= 0) {
        if (politely) {
            wire_put_bare(&script->out, WIRE_QUIT);
            send_pending(script);
        }
        close(script->fd);
    }
    script->fd = -1;
    script->out.length = 0;
    script->in.length = script->in_used = 0;
    script->offer = (struct wire_offer){ 0 };
    script->is_message_over = false;
}

bool script_negotiate(struct script *script, uint32_t version, uint32_t actions, uint32_t steps)
{
    struct wire_frame frame;

    wire_put_offer(&script->out, version, actions, steps);
    send_pending(script);
    if (!receive_frame(script, "negotiate", &frame))
        return script->status == 0 && leave(script, "negotiate", "timeout");
    script->offer_bytes.length = 0;
    wire_add_bytes(&script->offer_bytes, frame.data, frame.length);
    frame.data = script->offer_bytes.data;
    if (!wire_read_offer(&frame, &script->offer))
        return leave(script, "negotiate", "malformed");
    printf("negotiate: version %u actions 0x%x steps 0x%x\n", script->offer.version,
           script->offer.actions, script->offer.steps);
    for (int stage = 0; stage < WIRE_STAGES; stage++) {
        static const char *const names[] = {
            "connect", "helo", "mail", "rcpt", "data", "eom", "eoh"
        };

        if (script->offer.has_list[stage])
            printf("negotiate: macros %s %s\n", names[stage], script->offer.list[stage].data);
    }
    return true;
}

bool script_ensure_session(struct script *script)
{
    if (script->fd >= 0)
        return true;
    return script_connect(script) &&
           script_negotiate(script, WIRE_VERSION, WIRE_ACTIONS_POSTFIX, WIRE_STEPS_POSTFIX);
}

/* --- events ------------------------------------------------------------ */

static const struct event_rule {
    enum wire_command event;
    uint32_t unwanted;
    uint32_t unanswered;
    bool is_of_message;
} rules[] = {
    { WIRE_CONNECT, WIRE_NO_CONNECT, WIRE_NO_REPLY_CONNECT, false },
    { WIRE_HELO, WIRE_NO_HELO, WIRE_NO_REPLY_HELO, false },
    { WIRE_MAIL, WIRE_NO_MAIL, WIRE_NO_REPLY_MAIL, false },
    { WIRE_RCPT, WIRE_NO_RCPT, WIRE_NO_REPLY_RCPT, true },
    { WIRE_DATA, WIRE_NO_DATA, WIRE_NO_REPLY_DATA, true },
    { WIRE_HEADER, WIRE_NO_HEADERS, WIRE_NO_REPLY_HEADER, true },
    { WIRE_END_OF_HEADERS, WIRE_NO_EOH, WIRE_NO_REPLY_EOH, true },
    { WIRE_BODY, WIRE_NO_BODY, WIRE_NO_REPLY_BODY, true },
    { WIRE_END_OF_MESSAGE, 0, 0, true },
    { WIRE_UNKNOWN, WIRE_NO_UNKNOWN, WIRE_NO_REPLY_UNKNOWN, false },
};

static const struct event_rule *rule_of(enum wire_command event)
{
    for (size_t i = 0; i < sizeof rules / sizeof *rules; i++)
        if (rules[i].event == event)
            return &rules[i];
    return &rules[sizeof rules / sizeof *rules - 1];
}

/* What the answer changes for the events that follow, as the MTA sees it. */
static void note_answer(struct script *script, enum wire_command event,
                        const struct wire_answer *answer)
{
    bool is_refusal = answer->reply == WIRE_REJECT || answer->reply == WIRE_TEMPFAIL ||
                      answer->reply == WIRE_REPLY_CODE;

    if (event == WIRE_RCPT && answer->reply == WIRE_CONTINUE)
        script->accepted_recipients++;
    else if (event == WIRE_BODY && answer->reply == WIRE_SKIP)
        script->is_body_skipped = true;
    else if (event == WIRE_RCPT && is_refusal)
        return; /* of one recipient */
    else if (answer->reply != WIRE_CONTINUE && event != WIRE_UNKNOWN)
        script->is_message_over = true;
}

static bool take_answers(struct script *script, enum wire_command event, struct tally *tally)
{
    const char *name = wire_command_name((char)event);

    for (;;) {
        struct wire_frame frame;
        struct wire_answer answer;

        if (!receive_frame(script, name, &frame)) {
            if (script->status == 0)
                tell(tally, name, "silent");
            return script->status == 0;
        }
        if (!wire_read_answer(&frame, &answer))
            return leave(script, name, "malformed");
        tell_answer(tally, name, &answer);
        if (!answer.is_edit) {
            note_answer(script, event, &answer);
            return true;
        }
        if (event == WIRE_END_OF_MESSAGE)
            script_mail_edit(&script->mail, &answer,
                             script->offer.steps & WIRE_HEADER_LEADING_SPACE);
    }
}

bool script_event(struct script *script, enum wire_command event, const void *data, size_t length,
                  struct tally *tally)
{
    const struct event_rule *rule = rule_of(event);
    const char *name = wire_command_name((char)event);

    if (!script_ensure_session(script))
        return false;
    if (!script->is_free && ((rule->is_of_message && script->is_message_over) ||
                             (event == WIRE_BODY && script->is_body_skipped))) {
        tell(tally, name, "not-sent");
        return true;
    }
    mta_macros_put(&script->out, &script->macros, &script->offer, event,
                   script->accepted_recipients > 0);
    if (script->offer.steps & rule->unwanted) {
        tell(tally, name, "not-wanted");
        return true;
    }
    wire_put_body_head(&script->out, event, length);
    wire_add_bytes(&script->out, data, length);
    if (script->offer.steps & rule->unanswered) {
        script->accepted_recipients += event == WIRE_RCPT;
        tell(tally, name, "no-reply");
        return script->out.length < UNSENT_BYTES_MAX || send_pending(script);
    }
    send_pending(script);
    return take_answers(script, event, tally);
}

bool script_frame(struct script *script, char letter, bool is_answered, const void *data,
                  size_t length)
{
    struct wire_frame frame;
    struct wire_answer answer;

    if (!script_ensure_session(script))
        return false;
    wire_put_body_head(&script->out, (enum wire_command)letter, length);
    wire_add_bytes(&script->out, data, length);
    send_pending(script);
    if (!is_answered)
        return true;
    if (!receive_frame(script, "frame", &frame)) {
        if (script->status == 0)
            puts("frame: silent");
        return script->status == 0;
    }
    if (!wire_read_answer(&frame, &answer))
        return leave(script, "frame", "malformed");
    print_answer("frame", &answer);
    return true;
}
