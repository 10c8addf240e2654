/*
 * clamd_talk: INSTREAM is a row of chunks, each behind its length in four octets, the highest
 * first; an empty one ends it. clamd may answer before that, where it wants no more.
 */
#include "scan/clamd_talk.h"

#include <arpa/inet.h>
#include <errno.h>
#include <string.h>
#include <unistd.h>

#define CHUNK_BYTES 16384
#define LENGTH_BYTES 4

struct talk {
    const struct clamd_stream *stream;
    uint64_t sent;
    bool is_ended, is_ours;
    char chunk[LENGTH_BYTES + CHUNK_BYTES];
    char received[CLAMD_REPLY_MAX];
    size_t received_size;
    struct clamd_said *said;
};

/* How much of the file is in the chunk; -1 with *error. */
static ssize_t read_chunk(struct talk *talk, struct error *error)
{
    uint64_t left = talk->stream->size - talk->sent;
    size_t want = left < CHUNK_BYTES ? (size_t)left : CHUNK_BYTES;
    ssize_t got = 0;
    if (want > 0) {
        do {
            got = pread(talk->stream->fd, talk->chunk + LENGTH_BYTES, want, (off_t)talk->sent);
        } while (got < 0 && errno == EINTR);
    }
    if (got < 0 || (got == 0 && want > 0)) {
        error_set(error, "the message cannot be read again: %s",
                  got < 0 ? strerror(errno) : "its file has become shorter");
        talk->is_ours = true;
        return -1;
    }
    return got;
}

static bool next_chunk(void *context, struct span *unsent_r, struct error *error)
{
    struct talk *talk = context;
    if (talk->is_ended) {
        *unsent_r = (struct span){ NULL, 0 };
        return true;
    }
    ssize_t got = read_chunk(talk, error);
    if (got < 0) {
        return false;
    }
    uint32_t length = htonl((uint32_t)got);
    memcpy(talk->chunk, &length, LENGTH_BYTES);
    talk->sent += (uint64_t)got;
    talk->is_ended = got == 0;
    *unsent_r = (struct span){ talk->chunk, LENGTH_BYTES + (size_t)got };
    return true;
}

static void copy_printable(struct span text, char *out)
{
    for (size_t i = 0; i < text.size; i++) {
        out[i] = text.at[i] > ' ' && text.at[i] <= '~' ? text.at[i] : text.at[i] == ' ' ? ' ' : '?';
    }
    out[text.size] = '\0';
}

static enum exchange_step take(void *context, struct span received, struct error *error)
{
    struct talk *talk = context;
    struct span room = span_first(received, sizeof(talk->received) - talk->received_size), text;
    memcpy(talk->received + talk->received_size, room.at, room.size);
    talk->received_size += room.size;
    struct span all = { talk->received, talk->received_size };
    talk->said->status = clamd_reply_parse(all, &text);
    if (talk->said->status == CLAMD_MORE) {
        return EXCHANGE_STEP_ON;
    }
    if (talk->said->status == CLAMD_GARBAGE) {
        error_set(error, "it answered what is no reply of clamd");
        return EXCHANGE_STEP_BAD;
    }
    copy_printable(text, talk->said->text);
    return EXCHANGE_STEP_DONE;
}

enum exchange_end clamd_talk(int fd, const struct clamd_stream *stream, uint64_t deadline_ns,
                             struct clamd_said *said_r, bool *is_ours_r, struct error *error)
{
    static const char instream[] = "zINSTREAM"; /* its NUL is sent, too */
    struct talk talk = { .stream = stream, .said = said_r };
    struct exchange exchange = { .fd = fd,
                                 .deadline_ns = deadline_ns,
                                 .unsent = { instream, sizeof(instream) },
                                 .more = next_chunk,
                                 .take = take,
                                 .context = &talk };
    enum exchange_end end = exchange_run(&exchange, error);
    *is_ours_r = talk.is_ours;
    return end;
}
