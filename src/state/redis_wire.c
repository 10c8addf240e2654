/*
 * redis_wire: bytes to answers by hiredis' reader, over a socket of our own: hiredis' connections
 * leak into programs that are started, and are ended by SIGPIPE.
 */
#include "state/redis_private.h"

#ifdef HAVE_HIREDIS

#include <errno.h>
#include <hiredis/hiredis.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#define CHUNK_BYTES 16384
#define CHUNKS_MAX 64 /* in one go: others have their turn */
#define ANSWER_BYTES_MAX ((size_t)4 << 20)
#define ANSWER_WORDS_MAX 65536
#define NUMBER_ROOM 24

#if HIREDIS_MAJOR >= 1
typedef size_t element_count;
#else
typedef int element_count;
#endif

struct redis_wire {
    int fd;
    redisReader *reader;
    redisReplyObjectFunctions functions;
    struct buffer out;
    size_t sent;
    size_t fed; /* since the last answer */
};

bool redis_wire_is_built(void)
{
    return true;
}

/* hiredis makes room for as many words as are announced, before there is one. */
static void *create_array(const redisReadTask *task, element_count count)
{
    const redisReplyObjectFunctions *usual = task->privdata;
    return (size_t)count > ANSWER_WORDS_MAX ? NULL : usual->createArray(task, count);
}

struct redis_wire *redis_wire_new(int fd)
{
    struct redis_wire *wire = calloc(1, sizeof(*wire));
    redisReader *reader = redisReaderCreate();
    if (wire == NULL || reader == NULL) {
        free(wire);
        if (reader != NULL) {
            redisReaderFree(reader);
        }
        return NULL;
    }
    wire->fd = fd;
    wire->reader = reader;
    wire->functions = *reader->fn;
    wire->functions.createArray = create_array;
    reader->privdata = reader->fn;
    reader->fn = &wire->functions;
    return wire;
}

void redis_wire_free(struct redis_wire **wire)
{
    if (*wire == NULL) {
        return;
    }
    close((*wire)->fd);
    redisReaderFree((*wire)->reader);
    buffer_free(&(*wire)->out);
    free(*wire);
    *wire = NULL;
}

void redis_wire_add(struct redis_wire *wire, const void *bytes, size_t size)
{
    buffer_add(&wire->out, bytes, size);
}

bool redis_wire_has_unsent(const struct redis_wire *wire)
{
    return wire->sent < wire->out.size;
}

bool redis_wire_write(struct redis_wire *wire)
{
    if (buffer_has_failed(&wire->out)) {
        return false; /* half a command must not be sent */
    }
    while (wire->sent < wire->out.size) {
        ssize_t size = send(wire->fd, wire->out.at + wire->sent, wire->out.size - wire->sent,
                            MSG_NOSIGNAL | MSG_DONTWAIT);
        if (size < 0 && errno == EINTR) {
            continue;
        }
        if (size < 0) {
            return errno == EAGAIN || errno == EWOULDBLOCK;
        }
        wire->sent += (size_t)size;
    }
    buffer_clear(&wire->out);
    wire->sent = 0;
    return true;
}

bool redis_wire_read(struct redis_wire *wire)
{
    char chunk[CHUNK_BYTES];
    for (unsigned i = 0; i < CHUNKS_MAX;) {
        ssize_t size = recv(wire->fd, chunk, sizeof(chunk), MSG_DONTWAIT);
        if (size < 0 && errno == EINTR) {
            continue;
        }
        if (size < 0) {
            return errno == EAGAIN || errno == EWOULDBLOCK;
        }
        if (size == 0) {
            return false;
        }
        wire->fed += (size_t)size;
        if (redisReaderFeed(wire->reader, chunk, (size_t)size) != REDIS_OK) {
            return false;
        }
        if ((size_t)size < sizeof(chunk)) {
            return true;
        }
        i++;
    }
    return true;
}

static bool put_word(const redisReply *from, struct span *word_r)
{
    char text[NUMBER_ROOM];
    int size;
    switch (from->type) {
    case REDIS_REPLY_STRING:
    case REDIS_REPLY_STATUS:
    case REDIS_REPLY_ERROR:
        *word_r = (struct span){ from->str, from->len };
        return true;
    case REDIS_REPLY_NIL:
        *word_r = (struct span){ NULL, 0 };
        return true;
    case REDIS_REPLY_INTEGER:
        /* A number has no text in hiredis' answer, and gets one. */
        size = snprintf(text, sizeof(text), "%lld", from->integer);
        *word_r = (struct span){ strdup(text), (size_t)size };
        return word_r->at != NULL;
    default:
        return false;
    }
}

/* What the texts of numbers and the words lie in, beside hiredis' own. */
struct holding {
    redisReply *reply;
    size_t count;
    struct span words[];
};

void redis_reply_free(struct redis_reply *reply)
{
    struct holding *holding = reply->memory;
    if (holding != NULL) {
        bool is_list = holding->reply->type == REDIS_REPLY_ARRAY;
        for (size_t i = 0; i < holding->count; i++) {
            const redisReply *from = is_list ? holding->reply->element[i] : holding->reply;
            if (from->type == REDIS_REPLY_INTEGER) {
                free((char *)holding->words[i].at);
            }
        }
        freeReplyObject(holding->reply);
        free(holding);
    }
    *reply = (struct redis_reply){ .reason = reply->reason };
}

/* Takes the answer over, also where it fails. */
static bool hold(redisReply *from, struct redis_reply *reply_r)
{
    bool is_list = from->type == REDIS_REPLY_ARRAY;
    size_t count = is_list ? from->elements : 1;
    struct holding *holding = NULL;
    if (count <= ANSWER_WORDS_MAX) {
        holding = calloc(1, sizeof(*holding) + count * sizeof(struct span));
    }
    if (holding == NULL) {
        freeReplyObject(from);
        return false;
    }
    *reply_r = (struct redis_reply){ .words = holding->words, .count = count, .memory = holding };
    holding->reply = from;
    for (; holding->count < count; holding->count++) {
        const redisReply *one = is_list ? from->element[holding->count] : from;
        if (one == NULL || !put_word(one, &holding->words[holding->count])) {
            redis_reply_free(reply_r);
            return false;
        }
    }
    return true;
}

enum redis_wire_next redis_wire_next(struct redis_wire *wire, struct redis_reply *reply_r)
{
    void *found = NULL;
    *reply_r = (struct redis_reply){ .reason = REDIS_FINE };
    if (redisReaderGetReply(wire->reader, &found) != REDIS_OK) {
        return REDIS_WIRE_GARBAGE;
    }
    if (found == NULL) {
        return wire->fed > ANSWER_BYTES_MAX ? REDIS_WIRE_GARBAGE : REDIS_WIRE_NONE;
    }
    wire->fed = 0;
    bool is_error = ((redisReply *)found)->type == REDIS_REPLY_ERROR;
    if (!hold(found, reply_r)) {
        return REDIS_WIRE_GARBAGE;
    }
    return is_error ? REDIS_WIRE_REFUSED : REDIS_WIRE_ANSWERED;
}

#else /* no hiredis: nothing is ever connected */

bool redis_wire_is_built(void)
{
    return false;
}

struct redis_wire *redis_wire_new(int fd)
{
    (void)fd;
    return NULL;
}

void redis_wire_free(struct redis_wire **wire)
{
    *wire = NULL;
}

void redis_wire_add(struct redis_wire *wire, const void *bytes, size_t size)
{
    (void)wire;
    (void)bytes;
    (void)size;
}

bool redis_wire_has_unsent(const struct redis_wire *wire)
{
    (void)wire;
    return false;
}

bool redis_wire_write(struct redis_wire *wire)
{
    (void)wire;
    return false;
}

bool redis_wire_read(struct redis_wire *wire)
{
    (void)wire;
    return false;
}

enum redis_wire_next redis_wire_next(struct redis_wire *wire, struct redis_reply *reply_r)
{
    (void)wire;
    *reply_r = (struct redis_reply){ .reason = REDIS_FINE };
    return REDIS_WIRE_GARBAGE;
}

void redis_reply_free(struct redis_reply *reply)
{
    *reply = (struct redis_reply){ .reason = reply->reason };
}

#endif

/* --- commands -------------------------------------------------------------------------------- */

void redis_words_begin(struct buffer *out, size_t count)
{
    buffer_printf(out, "*%zu\r\n", count);
}

void redis_words_add(struct buffer *out, struct span word)
{
    buffer_printf(out, "$%zu\r\n", word.size);
    buffer_add_span(out, word);
    buffer_add(out, "\r\n", 2);
}
