/*
 * The milter protocol (version 6) as bytes: frames, the commands an MTA sends, the answers a filter
 * gives.
 *
 * Deliberately shares nothing with the daemon and nothing with libmilter, so that the load
 * generator is a second opinion and not the same mistake twice. Knows no sockets and no order of
 * events.
 *
 * A frame is a four byte length in network order, one command byte and length - 1 bytes of data.
 */
#ifndef TESTS_BENCH_MILTER_WIRE_H
#define TESTS_BENCH_MILTER_WIRE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* What the MTA says. */
enum wire_command {
    WIRE_ABORT = 'A',
    WIRE_BODY = 'B',
    WIRE_CONNECT = 'C',
    WIRE_MACRO = 'D',
    WIRE_END_OF_MESSAGE = 'E',
    WIRE_HELO = 'H',
    WIRE_QUIT_NEXT = 'K', /* quit, a new connection follows on the same socket */
    WIRE_HEADER = 'L',
    WIRE_MAIL = 'M',
    WIRE_END_OF_HEADERS = 'N',
    WIRE_OFFER = 'O',
    WIRE_QUIT = 'Q',
    WIRE_RCPT = 'R',
    WIRE_DATA = 'T',
    WIRE_UNKNOWN = 'U'
};

/* What the filter answers. */
enum wire_reply {
    WIRE_ADD_RCPT = '+',
    WIRE_DELETE_RCPT = '-',
    WIRE_ADD_RCPT_ARGS = '2',
    WIRE_SHUTDOWN = '4',
    WIRE_ACCEPT = 'a',
    WIRE_REPLACE_BODY = 'b',
    WIRE_CONTINUE = 'c',
    WIRE_DISCARD = 'd',
    WIRE_CHANGE_FROM = 'e',
    WIRE_CONNECTION_FAIL = 'f',
    WIRE_ADD_HEADER = 'h',
    WIRE_INSERT_HEADER = 'i',
    WIRE_CHANGE_HEADER = 'm',
    WIRE_PROGRESS = 'p',
    WIRE_QUARANTINE = 'q',
    WIRE_REJECT = 'r',
    WIRE_SKIP = 's',
    WIRE_TEMPFAIL = 't',
    WIRE_REPLY_CODE = 'y'
};

/* Bits of the negotiation: what the filter may do, what it need not see, what it will not answer.
 */
#define WIRE_VERSION 6u
#define WIRE_ACTIONS_POSTFIX 0x1ffu
#define WIRE_STEPS_POSTFIX 0x1fffffu
#define WIRE_ACTION_SETSYMLIST 0x100u
#define WIRE_NO_CONNECT 0x1u
#define WIRE_NO_HELO 0x2u
#define WIRE_NO_MAIL 0x4u
#define WIRE_NO_RCPT 0x8u
#define WIRE_NO_BODY 0x10u
#define WIRE_NO_HEADERS 0x20u
#define WIRE_NO_EOH 0x40u
#define WIRE_NO_REPLY_HEADER 0x80u
#define WIRE_NO_UNKNOWN 0x100u
#define WIRE_NO_DATA 0x200u
#define WIRE_CAN_SKIP 0x400u
#define WIRE_NO_REPLY_CONNECT 0x1000u
#define WIRE_NO_REPLY_HELO 0x2000u
#define WIRE_NO_REPLY_MAIL 0x4000u
#define WIRE_NO_REPLY_RCPT 0x8000u
#define WIRE_NO_REPLY_DATA 0x10000u
#define WIRE_NO_REPLY_UNKNOWN 0x20000u
#define WIRE_NO_REPLY_EOH 0x40000u
#define WIRE_NO_REPLY_BODY 0x80000u
#define WIRE_HEADER_LEADING_SPACE 0x100000u

/* MTAs cut the body here, so that a frame with its command byte fits 64 KiB. */
#define WIRE_BODY_CHUNK_BYTES 65535u

/* The stages macro lists are negotiated for, in the protocol's numbering. */
enum wire_stage {
    WIRE_STAGE_CONNECT,
    WIRE_STAGE_HELO,
    WIRE_STAGE_MAIL,
    WIRE_STAGE_RCPT,
    WIRE_STAGE_DATA,
    WIRE_STAGE_EOM,
    WIRE_STAGE_EOH,
    WIRE_STAGES
};

/* Bytes to be sent. A zeroed one is empty; memory that cannot be had ends the program. */
struct wire_buffer {
    char *data;
    size_t length;
    size_t capacity;
    size_t frame_start; /* of the frame that wire_begin opened */
};

struct wire_frame {
    char command;
    const char *data; /* points into the bytes given to wire_next_frame */
    size_t length;
};

struct wire_text {
    const char *data;
    size_t length;
};

struct wire_offer {
    uint32_t version;
    uint32_t actions;
    uint32_t steps;
    bool has_list[WIRE_STAGES];
    struct wire_text list[WIRE_STAGES]; /* names separated by blanks or commas; into the frame */
};

/* One answer. Texts point into the frame and are empty where the answer has none. */
struct wire_answer {
    enum wire_reply reply;
    bool is_edit;           /* asks for a change: more answers follow */
    uint32_t index;         /* WIRE_INSERT_HEADER, WIRE_CHANGE_HEADER */
    struct wire_text name;  /* header name, address */
    struct wire_text value; /* header value, arguments, reason, reply text, body */
};

/* Reserves nothing; frees what the buffer holds and leaves it empty and usable. */
void wire_buffer_free(struct wire_buffer *buffer);
void wire_add_bytes(struct wire_buffer *buffer, const void *data, size_t length);
/* What stands behind the first `used` bytes; never NULL. */
struct wire_text wire_rest(const struct wire_buffer *buffer, size_t used);

/* One frame: begin, any number of adds, end. wire_add_text adds the closing NUL, the text may hold
 * others. */
void wire_begin(struct wire_buffer *buffer, enum wire_command command);
void wire_add_u16(struct wire_buffer *buffer, uint16_t value);
void wire_add_u32(struct wire_buffer *buffer, uint32_t value);
void wire_add_text(struct wire_buffer *buffer, const char *text, size_t length);
void wire_add_string(struct wire_buffer *buffer, const char *string);
void wire_end(struct wire_buffer *buffer);

/* Whole frames. */
void wire_put_bare(struct wire_buffer *buffer, enum wire_command command);
void wire_put_offer(struct wire_buffer *buffer, uint32_t version, uint32_t actions, uint32_t steps);
/* family 'U' has neither port nor address; '4' and '6' an address without brackets; 'L' a path. */
void wire_put_connect(struct wire_buffer *buffer, const char *host, char family, uint16_t port,
                      const char *address);
void wire_put_string(struct wire_buffer *buffer, enum wire_command command, const char *string);
void wire_put_header(struct wire_buffer *buffer, const char *name, size_t name_length,
                     const char *value, size_t value_length);
/* Only the first five bytes of a body frame: the caller sends `length` bytes of body after them. */
void wire_put_body_head(struct wire_buffer *buffer, enum wire_command command, size_t length);

/*
 * Cuts the next frame from the front of `data`. 1: *frame_r is set and *used_r bytes belong to it.
 * 0: more bytes are needed. -1: not a frame (length 0, or above `limit` bytes).
 */
int wire_next_frame(const char *data, size_t length, size_t limit, struct wire_frame *frame_r,
                    size_t *used_r);

/* False when the frame is not an offer or its macro lists are cut short or name no stage. */
bool wire_read_offer(const struct wire_frame *frame, struct wire_offer *offer_r);

/* False when no filter may send that, or its data is not of the shape the protocol gives it. */
bool wire_read_answer(const struct wire_frame *frame, struct wire_answer *answer_r);

/* Lower-case words for reports: "continue", "insheader", "end-of-message"; NULL for an unknown
 * letter. */
const char *wire_reply_name(char reply);
const char *wire_command_name(char command);

#endif
