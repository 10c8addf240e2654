/* The MTA's side as a state machine. See load_session.h. */
#include "load_session.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>
#include <time.h>
#include <unistd.h>

#include <fcntl.h>
#include <sys/uio.h>

#define READ_BYTES 65536
#define ANSWER_LIMIT (1u << 20)
/* Between messages the session rests at this "event". */
#define AT_REST WIRE_UNKNOWN

uint64_t load_clock_ns(void)
{
    struct timespec now;

    clock_gettime(CLOCK_MONOTONIC, &now);
    return (uint64_t)now.tv_sec * 1000000000u + (uint64_t)now.tv_nsec;
}

bool load_session_open(struct load_session *session, const struct load_plan *plan)
{
    *session = (struct load_session){ .plan = plan, .opened_ns = load_clock_ns() };
    session->fd = mta_socket_connect(&plan->target);
    if (session->fd < 0)
        return false;
    if (fcntl(session->fd, F_SETFL, O_NONBLOCK) < 0)
        return false;
    mta_macros_init(&session->macros, plan->kind);
    mta_macros_set_sender(&session->macros, plan->sender);
    session->event = WIRE_OFFER;
    session->is_waiting = true;
    wire_put_offer(&session->out, WIRE_VERSION, WIRE_ACTIONS_POSTFIX, WIRE_STEPS_POSTFIX);
    return true;
}

static enum session_status lose(struct load_session *session, const char *why)
{
    session->why = why;
    session->result.outcome = LOAD_LOST;
    return SESSION_LOST;
}

/* --- writing ----------------------------------------------------------- */

/* 1: all is written, 0: the socket is full, -1: it is broken. */
static int write_pending(struct load_session *session)
{
    for (;;) {
        struct wire_text rest = wire_rest(&session->out, session->out_sent);
        struct iovec parts[2] = { { (void *)rest.data, rest.length },
                                  { (void *)session->bulk, session->bulk_length } };
        ssize_t count;
        size_t from_out;

        if (parts[0].iov_len + parts[1].iov_len == 0)
            break;
        count = writev(session->fd, parts, 2);
        if (count < 0 && errno == EINTR)
            continue;
        if (count < 0)
            return errno == EAGAIN ? 0 : -1;
        from_out = (size_t)count < parts[0].iov_len ? (size_t)count : parts[0].iov_len;
        session->out_sent += from_out;
        if (session->bulk)
            session->bulk += (size_t)count - from_out;
        session->bulk_length -= (size_t)count - from_out;
    }
    session->out.length = 0;
    session->out_sent = 0;
    session->bulk = NULL;
    return 1;
}

static bool is_unwanted(const struct load_session *session, enum wire_command event)
{
    static const struct {
        enum wire_command event;
        uint32_t step;
    } rows[] = {
        { WIRE_CONNECT, WIRE_NO_CONNECT }, { WIRE_HELO, WIRE_NO_HELO },
        { WIRE_MAIL, WIRE_NO_MAIL },       { WIRE_RCPT, WIRE_NO_RCPT },
        { WIRE_DATA, WIRE_NO_DATA },       { WIRE_HEADER, WIRE_NO_HEADERS },
        { WIRE_BODY, WIRE_NO_BODY },       { WIRE_END_OF_HEADERS, WIRE_NO_EOH },
    };

    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
        if (rows[i].event == event)
            return session->offer.steps & rows[i].step;
    return false;
}

static bool is_answered(const struct load_session *session, enum wire_command event)
{
    static const struct {
        enum wire_command event;
        uint32_t step;
    } rows[] = {
        { WIRE_CONNECT, WIRE_NO_REPLY_CONNECT }, { WIRE_HELO, WIRE_NO_REPLY_HELO },
        { WIRE_MAIL, WIRE_NO_REPLY_MAIL },       { WIRE_RCPT, WIRE_NO_REPLY_RCPT },
        { WIRE_DATA, WIRE_NO_REPLY_DATA },       { WIRE_HEADER, WIRE_NO_REPLY_HEADER },
        { WIRE_BODY, WIRE_NO_REPLY_BODY },       { WIRE_END_OF_HEADERS, WIRE_NO_REPLY_EOH },
    };

    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
        if (rows[i].event == event)
            return !(session->offer.steps & rows[i].step);
    return true;
}

static void put_recipient(struct load_session *session)
{
    const struct load_plan *plan = session->plan;
    char address[320];
    char bracketed[324];

    if (session->position == 0)
        snprintf(address, sizeof address, "%s", plan->recipient);
    else
        snprintf(address, sizeof address, "r%u.%s", session->position, plan->recipient);
    snprintf(bracketed, sizeof bracketed, "<%s>", address);
    mta_macros_set_recipient(&session->macros, address);
    mta_macros_put(&session->out, &session->macros, &session->offer, WIRE_RCPT,
                   session->accepted_recipients > 0);
    if (!is_unwanted(session, WIRE_RCPT))
        wire_put_string(&session->out, WIRE_RCPT, bracketed);
}

static void put_field(struct load_session *session)
{
    char value[512] = " ";
    bool has_space = session->offer.steps & WIRE_HEADER_LEADING_SPACE;
    const char *start = has_space ? value : value + 1;
    const char *name = load_field(session->position, session->letter, session->plan->sender,
                                  session->plan->recipient, value + 1, sizeof value - 1);

    wire_put_header(&session->out, name, strlen(name), start, strlen(start));
}

/* The body frame that starts at body_offset. */
static void put_body(struct load_session *session)
{
    size_t left = session->plan->body_size - session->body_offset;

    if (left > WIRE_BODY_CHUNK_BYTES)
        left = WIRE_BODY_CHUNK_BYTES;
    wire_put_body_head(&session->out, WIRE_BODY, left);
    session->bulk = session->plan->body + session->body_offset;
    session->bulk_length = left;
    session->body_offset += left;
}

static void put_event(struct load_session *session)
{
    char text[324];

    if (session->event == WIRE_RCPT) {
        put_recipient(session);
        return;
    }
    mta_macros_put(&session->out, &session->macros, &session->offer, session->event,
                   session->accepted_recipients > 0);
    if (is_unwanted(session, session->event))
        return;
    switch (session->event) {
    case WIRE_CONNECT:
        wire_put_connect(&session->out, "client.example.net", '4', 50123, "192.0.2.25");
        break;
    case WIRE_HELO:
        wire_put_string(&session->out, WIRE_HELO, "client.example.net");
        break;
    case WIRE_MAIL:
        snprintf(text, sizeof text, "<%s>", session->plan->sender);
        wire_put_string(&session->out, WIRE_MAIL, text);
        break;
    case WIRE_HEADER:
        put_field(session);
        break;
    case WIRE_BODY:
        put_body(session);
        break;
    default:
        wire_put_bare(&session->out, session->event);
        break;
    }
}

/* --- order of events --------------------------------------------------- */

/* Both MTAs send the whole body as BODY and nothing with the end: some filters would lose it there.
 */
static enum wire_command body_or_end(const struct load_session *session)
{
    bool has_more = session->body_offset < session->plan->body_size;

    return has_more && !is_unwanted(session, WIRE_BODY) ? WIRE_BODY : WIRE_END_OF_MESSAGE;
}

static void next_event(struct load_session *session)
{
    switch (session->event) {
    case WIRE_OFFER:
        session->event = WIRE_CONNECT;
        break;
    case WIRE_CONNECT:
        session->event = WIRE_HELO;
        break;
    case WIRE_MAIL:
        session->event = WIRE_RCPT;
        session->position = 0;
        break;
    case WIRE_RCPT:
        if (++session->position == session->plan->recipients)
            session->event = WIRE_DATA;
        break;
    case WIRE_DATA:
        session->event = WIRE_HEADER;
        session->position = 0;
        break;
    case WIRE_HEADER:
        if (++session->position == LOAD_FIELDS)
            session->event = WIRE_END_OF_HEADERS;
        break;
    case WIRE_END_OF_HEADERS:
    case WIRE_BODY:
        session->event = body_or_end(session);
        break;
    default:
        session->event = AT_REST;
        break;
    }
}

void load_session_queue_id(unsigned long number, char id_r[static 32])
{
    snprintf(id_r, 32, "4Xk2v%09lX", number);
}

static void set_login(struct load_session *session)
{
    const struct load_plan *plan = session->plan;
    char login[320];

    if (!plan->login)
        return;
    if (plan->logins > 0)
        snprintf(login, sizeof login, "u%lu.%s", session->letter % plan->logins, plan->login);
    else
        snprintf(login, sizeof login, "%s", plan->login);
    mta_macros_set_login(&session->macros, login);
}

void load_session_start_message(struct load_session *session, unsigned long number,
                                unsigned long letter)
{
    char id[32];

    load_session_queue_id(number, id);
    mta_macros_set_queue_id(&session->macros, id);
    session->event = WIRE_MAIL;
    session->number = number;
    session->letter = letter;
    set_login(session);
    session->messages++;
    session->accepted_recipients = 0;
    session->body_offset = 0;
    session->result = (struct load_result){ 0 };
    session->started_ns = load_clock_ns();
    put_event(session);
    session->is_waiting = !is_unwanted(session, WIRE_MAIL) && is_answered(session, WIRE_MAIL);
    if (!session->is_waiting)
        next_event(session);
}

/* --- answers ----------------------------------------------------------- */

static enum session_status finish_message(struct load_session *session, enum load_outcome outcome)
{
    uint64_t now_ns = load_clock_ns();

    session->result.outcome = outcome;
    session->result.message_ns = now_ns - session->started_ns;
    if (session->result.has_eom)
        session->result.eom_ns = now_ns - session->eom_sent_ns;
    wire_put_bare(&session->out, WIRE_ABORT);
    session->event = AT_REST;
    session->is_waiting = false;
    return SESSION_DONE;
}

static void count_edit(struct load_session *session, const struct wire_answer *answer)
{
    static const char signature[] = "DKIM-Signature";

    if (answer->reply == WIRE_PROGRESS)
        return;
    session->result.edits++;
    if (answer->reply == WIRE_QUARANTINE)
        session->result.is_quarantined = true;
    if ((answer->reply == WIRE_INSERT_HEADER || answer->reply == WIRE_ADD_HEADER) &&
        answer->name.length == sizeof signature - 1 &&
        strncasecmp(answer->name.data, signature, answer->name.length) == 0)
        session->result.signatures++;
}

static bool is_permanent(const struct wire_answer *answer)
{
    return answer->reply == WIRE_REJECT || answer->reply == WIRE_CONNECTION_FAIL ||
           (answer->reply == WIRE_REPLY_CODE && answer->value.length &&
            answer->value.data[0] == '5');
}

/* A final answer that is neither "continue" nor "skip". */
static enum session_status take_verdict(struct load_session *session,
                                        const struct wire_answer *answer)
{
    if (session->event == WIRE_CONNECT || session->event == WIRE_HELO)
        return SESSION_REFUSED;
    if (answer->reply == WIRE_ACCEPT)
        return finish_message(session, LOAD_ACCEPTED);
    if (answer->reply == WIRE_DISCARD)
        return finish_message(session, LOAD_DISCARDED);
    if (session->event == WIRE_RCPT &&
        (session->position + 1 < session->plan->recipients || session->accepted_recipients > 0)) {
        session->is_waiting = false; /* only this recipient is refused */
        next_event(session);
        return SESSION_WAITING;
    }
    return finish_message(session, is_permanent(answer) ? LOAD_REJECTED : LOAD_DEFERRED);
}

static enum session_status take_answer(struct load_session *session, const struct wire_frame *frame)
{
    struct wire_answer answer;

    if (!wire_read_answer(frame, &answer))
        return lose(session, "malformed answer");
    if (answer.is_edit) {
        if (session->event != WIRE_END_OF_MESSAGE && answer.reply != WIRE_PROGRESS)
            return lose(session, "change asked for before the end of message");
        count_edit(session, &answer);
        return SESSION_WAITING;
    }
    if (answer.reply == WIRE_SKIP && session->event == WIRE_BODY) {
        session->body_offset = session->plan->body_size;
    } else if (answer.reply != WIRE_CONTINUE) {
        return take_verdict(session, &answer);
    }
    if (session->event == WIRE_END_OF_MESSAGE)
        return finish_message(session, LOAD_ACCEPTED);
    session->accepted_recipients += session->event == WIRE_RCPT;
    session->is_waiting = false;
    next_event(session);
    return SESSION_WAITING;
}

static enum session_status take_offer(struct load_session *session, const struct wire_frame *frame)
{
    struct wire_frame kept = *frame;

    session->offer_bytes.length = 0;
    wire_add_bytes(&session->offer_bytes, frame->data, frame->length);
    kept.data = session->offer_bytes.data;
    if (!wire_read_offer(&kept, &session->offer))
        return lose(session, "malformed negotiation");
    if (session->offer.version < 2 || session->offer.version > WIRE_VERSION ||
        session->offer.actions & ~WIRE_ACTIONS_POSTFIX ||
        session->offer.steps & ~WIRE_STEPS_POSTFIX)
        return lose(session, "negotiation asks for what was not offered");
    session->is_waiting = false;
    next_event(session);
    return SESSION_WAITING;
}

/* --- reading ----------------------------------------------------------- */

/* 1: some bytes came, 0: none for now, -1: closed or broken. */
static int read_some(struct load_session *session)
{
    char bytes[READ_BYTES];
    ssize_t count;

    if (session->is_drained)
        return 0;
    do
        count = read(session->fd, bytes, sizeof bytes);
    while (count < 0 && errno == EINTR);
    if (count < 0 && errno == EAGAIN)
        return 0;
    if (count <= 0)
        return -1;
    session->is_drained = (size_t)count < sizeof bytes; /* edges tell of what comes later */
    if (session->in_used == session->in.length)
        session->in.length = session->in_used = 0;
    wire_add_bytes(&session->in, bytes, (size_t)count);
    return 1;
}

/* Takes one frame that is here. SESSION_WAITING with *more_r false: none is. */
static enum session_status take_frame(struct load_session *session, bool *more_r)
{
    struct wire_frame frame;
    struct wire_text rest = wire_rest(&session->in, session->in_used);
    size_t used;
    int found = wire_next_frame(rest.data, rest.length, ANSWER_LIMIT, &frame, &used);

    *more_r = found > 0;
    if (found < 0)
        return lose(session, "malformed frame");
    if (found == 0)
        return SESSION_WAITING;
    session->in_used += used;
    return session->event == WIRE_OFFER ? take_offer(session, &frame)
                                        : take_answer(session, &frame);
}

static enum session_status wait_for_answer(struct load_session *session)
{
    while (session->is_waiting) {
        bool more;
        enum session_status status = take_frame(session, &more);
        int got;

        if (status != SESSION_WAITING)
            return status;
        if (more)
            continue;
        got = read_some(session);
        if (got <= 0)
            return got ? lose(session, "connection closed by the filter") : SESSION_WAITING;
    }
    return SESSION_WAITING;
}

static enum session_status send_event(struct load_session *session)
{
    put_event(session);
    if (session->event == WIRE_END_OF_MESSAGE)
        session->result.has_eom = true;
    session->is_waiting =
        !is_unwanted(session, session->event) && is_answered(session, session->event);
    if (!session->is_waiting && !session->bulk)
        next_event(session);
    return SESSION_WAITING;
}

enum session_status load_session_run(struct load_session *session, bool is_readable)
{
    if (is_readable)
        session->is_drained = false;
    for (;;) {
        if (session->is_waiting || session->bulk) {
            bool is_eom = session->event == WIRE_END_OF_MESSAGE && session->out.length;
            int written = write_pending(session);
            enum session_status status;

            if (written <= 0)
                return written ? lose(session, "connection broken while writing") : SESSION_WAITING;
            if (is_eom)
                session->eom_sent_ns = load_clock_ns();
            if (!session->is_waiting) { /* a body chunk that is not answered */
                next_event(session);
                continue;
            }
            status = wait_for_answer(session);
            if (status != SESSION_WAITING || session->is_waiting)
                return status;
        }
        if (session->event == AT_REST)
            return SESSION_READY;
        send_event(session);
    }
}

enum session_status load_session_flush(struct load_session *session)
{
    int written = write_pending(session);

    return written < 0 ? lose(session, "connection broken while writing")
           : written   ? SESSION_READY
                       : SESSION_WAITING;
}

void load_session_close(struct load_session *session)
{
    if (session->fd >= 0) {
        if (!session->why) {
            wire_put_bare(&session->out, WIRE_QUIT);
            (void)write_pending(session); /* best effort: the peer may be gone already */
        }
        close(session->fd);
    }
    mta_macros_free(&session->macros);
    wire_buffer_free(&session->offer_bytes);
    wire_buffer_free(&session->out);
    wire_buffer_free(&session->in);
    *session = (struct load_session){ .fd = -1 };
}
