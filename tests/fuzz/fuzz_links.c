/*
 * fuzz_links: the first octet says what the part is, the rest is its body. What is found does not
 * depend on the cut; hosts are whole and each is there once; bounds hold.
 */
#include <arpa/inet.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include "tests/support/link_view.h"
#include "util/domain.h"

#define ARENA_BYTES ((size_t)16 << 20)

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void demand(bool is_true, const char *what)
{
    if (!is_true) {
        fprintf(stderr, "fuzz_links: %s\n", what);
        abort();
    }
}

static const struct {
    const char *type, *encoding;
} kinds[] = {
    { "text/html; charset=utf-8", "" },
    { "text/plain; charset=utf-8", "" },
    { "text/html; charset=utf-8", "quoted-printable" },
    { "text/plain", "base64" },
    { "text/html; charset=utf-16", "" },
    { "text/plain; charset=iso-2022-jp", "" },
    { "text/plain; charset=koi8-r", "" },
    { "text/plain; format=flowed; delsp=yes", "" },
    { "text/calendar", "quoted-printable" },
    { "multipart/mixed; boundary=b", "" },
};
enum { KINDS = sizeof(kinds) / sizeof(kinds[0]) };

static void check_address(struct span host)
{
    char text[DOMAIN_MAX] = "";
    struct in6_addr in6;
    struct in_addr in;

    demand(host.size < sizeof(text), "a long address");
    memcpy(text, host.at, host.size);
    demand(inet_pton(AF_INET, text, &in) == 1 || inet_pton(AF_INET6, text, &in6) == 1,
           "no address");
}

static void check(const struct link_list *list)
{
    size_t count = 0;

    for (const struct link *link = list->first; link != NULL; link = link->next, count++) {
        char name[DOMAIN_MAX];

        demand(link->flags != 0, "no flags");
        demand((link->shown.at != NULL) == ((link->flags & LINK_MISMATCH) != 0), "what is shown");
        if (link->is_address) {
            check_address(link->host);
        } else {
            demand(domain_to_ascii(link->host, name) && span_is_equal(link->host, span_of(name)) &&
                       span_find(link->host, '.') > 0,
                   "no domain");
        }
        for (const struct link *other = list->first; other != link; other = other->next) {
            demand(!span_is_equal(other->host, link->host), "a host twice");
        }
    }
    demand(count == list->count && count <= LINKS_MAX, "counts");
}

static void read_all(unsigned kind, struct span body, size_t step, struct buffer *shown)
{
    struct arena *arena = arena_new(ARENA_BYTES);
    const struct link_list *list;

    demand(arena != NULL, "memory");
    list =
        link_view_read(arena, span_of(kinds[kind].type), span_of(kinds[kind].encoding), body, step);
    demand(list != NULL && (list->cuts & LINK_CUT_MEMORY) == 0, "memory");
    check(list);
    link_view_show(list, shown);
    arena_free(&arena);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const size_t steps[] = { 1, 3, 64 };
    struct buffer whole = BUFFER_EMPTY;
    struct span body;
    unsigned kind;

    if (size == 0) {
        return 0;
    }
    kind = data[0] % KINDS;
    body = (struct span){ (const char *)data + 1, size - 1 };
    read_all(kind, body, size, &whole);
    for (size_t i = 0; i < sizeof(steps) / sizeof(steps[0]); i++) {
        struct buffer pieces = BUFFER_EMPTY;

        read_all(kind, body, steps[i], &pieces);
        demand(strcmp(buffer_text(&whole), buffer_text(&pieces)) == 0, "links depend on the cut");
        buffer_free(&pieces);
    }
    buffer_free(&whole);
    return 0;
}
