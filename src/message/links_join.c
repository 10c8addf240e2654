/*
 * links_join: plain text on its way to the window, without line ends that are none.
 */
#include "message/links_private.h"

static void release(struct links *links)
{
    struct link_joiner *joiner = &links->joiner;

    links_put(links, joiner->held, joiner->held_size);
    joiner->held_size = 0;
}

static void hold(struct link_joiner *joiner, char c)
{
    joiner->held[joiner->held_size++] = c;
}

/* Could what is held and `c` be the beginning of a line end that is none? */
static bool goes_on(const struct link_joiner *joiner, char c)
{
    bool is_flowed = joiner->kind == LINK_JOIN_FLOWED;
    char last = joiner->held_size > 0 ? joiner->held[joiner->held_size - 1] : '\0';

    if (joiner->held_size == 0) {
        return is_flowed ? c == ' ' : c == '\r' || c == '\n';
    }
    if (is_flowed) {
        return last == ' ' && c == '\r';
    }
    return last == '\r' && c == '\n';
}

/* Does `c` complete one? */
static bool completes(const struct link_joiner *joiner, char c)
{
    char last = joiner->held_size > 0 ? joiner->held[joiner->held_size - 1] : '\0';

    if (joiner->kind == LINK_JOIN_FLOWED) {
        return joiner->held_size > 0 && c == '\n';
    }
    return last == '\n' && (c == ' ' || c == '\t');
}

static void join_octet(struct links *links, char c)
{
    struct link_joiner *joiner = &links->joiner;

    if (completes(joiner, c)) {
        joiner->held_size = 0;
        return;
    }
    if (joiner->held_size > 0 && !goes_on(joiner, c)) {
        release(links);
    }
    if (goes_on(joiner, c)) {
        hold(joiner, c);
    } else {
        links_put(links, &c, 1);
    }
}

void links_join(struct links *links, const char *text, size_t size)
{
    if (links->joiner.kind == LINK_JOIN_NOTHING) {
        links_put(links, text, size);
        return;
    }
    for (size_t i = 0; i < size; i++) {
        join_octet(links, text[i]);
    }
}

void links_join_end(struct links *links)
{
    release(links);
}
