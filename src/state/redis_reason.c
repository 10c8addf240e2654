/*
 * redis_reason: the first word of a complaint tells its kind. Older servers wrap what a command
 * within a script complained about, so that word is then looked for further on.
 */
#include "state/redis_private.h"

static const struct {
    enum redis_reason reason;
    struct span word;
} kinds[] = {
    { REDIS_WRONGPASS, SPAN("WRONGPASS") },
    { REDIS_WRONGPASS, SPAN("ERR invalid password") },
    { REDIS_WRONGPASS, SPAN("ERR AUTH") }, /* no password is set, or users are not known */
    { REDIS_WRONGPASS, SPAN("ERR Client sent AUTH") },
    { REDIS_NOAUTH, SPAN("NOAUTH") },
    { REDIS_NOPERM, SPAN("NOPERM") },
    { REDIS_LOADING, SPAN("LOADING") },
    { REDIS_BUSY_SCRIPT, SPAN("BUSY") },
    { REDIS_OOM, SPAN("OOM") },
    { REDIS_READONLY, SPAN("READONLY") },
    { REDIS_MISCONF, SPAN("MISCONF") },
    { REDIS_MISCONF, SPAN("NOREPLICAS") },
    { REDIS_MASTERDOWN, SPAN("MASTERDOWN") },
    { REDIS_CLUSTERDOWN, SPAN("CLUSTERDOWN") },
    { REDIS_MOVED, SPAN("MOVED") },
    { REDIS_ASK, SPAN("ASK") },
    { REDIS_ASK, SPAN("TRYAGAIN") },
};

static const char *const texts[REDIS_REASON_COUNT] = {
    [REDIS_FINE] = "it is there",
    [REDIS_CONNECTING] = "not connected yet",
    [REDIS_CONNECT_FAILED] = "no connection",
    [REDIS_CLOSED] = "the connection broke",
    [REDIS_SLOW] = "no answer in time",
    [REDIS_GARBAGE] = "it says what is not understood",
    [REDIS_PASSWORD_FILE] = "the password cannot be read",
    [REDIS_WRONGPASS] = "it refuses the user or the password",
    [REDIS_NOAUTH] = "it wants a password",
    [REDIS_NOPERM] = "the user may not do what is needed",
    [REDIS_LOADING] = "it is still loading",
    [REDIS_BUSY_SCRIPT] = "it is busy with a script",
    [REDIS_OOM] = "its memory is full",
    [REDIS_READONLY] = "it is a replica that takes no writes",
    [REDIS_MISCONF] = "it takes no writes",
    [REDIS_MASTERDOWN] = "it is a replica without its master",
    [REDIS_CLUSTERDOWN] = "the cluster is down",
    [REDIS_MOVED] = "the cluster keeps our keys elsewhere",
    [REDIS_ASK] = "the cluster is moving our keys",
    [REDIS_ERROR] = "it complains",
    [REDIS_TOO_MANY] = "too much is asked at once",
    [REDIS_NO_MEMORY] = "no memory here",
};

const char *redis_reason_text(enum redis_reason reason)
{
    return texts[reason];
}

static bool begins_with(struct span words, struct span word)
{
    return span_is_equal(span_first(words, word.size), word);
}

static enum redis_reason reason_at(struct span words)
{
    for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++) {
        if (begins_with(words, kinds[i].word)) {
            return kinds[i].reason;
        }
    }
    return REDIS_ERROR;
}

enum redis_reason redis_reason_of(struct span words)
{
    enum redis_reason reason = reason_at(words);
    if (reason != REDIS_ERROR || !begins_with(words, SPAN("ERR Error running script"))) {
        return reason;
    }
    /* "ERR Error running script (call to f_...): @user_script:1: @user_script: 1: -OOM command" */
    for (struct span rest = words; rest.size > 0 && reason == REDIS_ERROR;) {
        ptrdiff_t dash = span_find(rest, '-');
        rest = span_from(rest, dash < 0 ? rest.size : (size_t)dash + 1);
        reason = reason_at(rest);
    }
    return reason;
}

struct span redis_reason_place(struct span words)
{
    struct span word, place = { NULL, 0 };
    if (!span_cut(&words, ' ', &word) || !span_is_equal(word, SPAN("MOVED")) ||
        !span_cut(&words, ' ', &word) || !span_cut(&words, ' ', &word)) {
        return place;
    }
    return word;
}

void redis_words_copy(char *out, size_t size, struct span words)
{
    size_t count = words.size < size - 1 ? words.size : size - 1;
    for (size_t i = 0; i < count; i++) {
        out[i] = words.at[i] >= ' ' && words.at[i] <= '~' ? words.at[i] : '?';
    }
    out[count] = '\0';
}
