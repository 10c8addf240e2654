/*
 * display_name_spoof: does the name shown beside the From address hold another address? Many mail
 * programs show the name alone, so the reader sees a sender who is not there. Forms, trackers and
 * mailing lists write such names every day: to be seen, not to be stopped.
 *
 * The name is read as a person reads it: encoded words decoded (RFC 2047), the wide "@" (U+FF20)
 * taken for what it looks like.
 */
#include "checks/checks.h"
#include "message/encoded_word.h"

enum { NAME_MAX_BYTES = 1024 };

static bool is_address_octet(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
           (c != '\0' && strchr("._+-=", c) != NULL) || (unsigned char)c >= 0x80;
}

/* How many octets of `text` at `at` are an at-sign; 0: none. */
static size_t at_sign(struct span text, size_t at)
{
    if (text.at[at] == '@') {
        return 1;
    }
    return text.size - at >= 3 && memcmp(text.at + at, "\xEF\xBC\xA0", 3) == 0 ? 3 : 0;
}

/* What stands around the at-sign like an address; its domain has an inner dot. */
static bool take_address(struct span text, size_t at, size_t sign, struct span *local_r,
                         struct span *domain_r)
{
    size_t begin = at, end = at + sign;
    while (begin > 0 && is_address_octet(text.at[begin - 1])) {
        begin--;
    }
    while (end < text.size && is_address_octet(text.at[end])) {
        end++;
    }
    while (end > at + sign && text.at[end - 1] == '.') {
        end--;
    }
    *local_r = (struct span){ text.at + begin, at - begin };
    *domain_r = (struct span){ text.at + at + sign, end - at - sign };
    ptrdiff_t dot = span_find(*domain_r, '.');
    return local_r->size > 0 && dot > 0 && (size_t)dot + 1 < domain_r->size;
}

static bool is_author(const struct address_list *from, struct span local, struct span domain)
{
    for (size_t i = 0; i < from->count; i++) {
        if (span_is_equal_nocase(from->at[i].local, local) &&
            span_is_equal_nocase(from->at[i].domain, domain)) {
            return true;
        }
    }
    return false;
}

static bool shows_another(const struct address_list *from, struct span name, struct span *local_r,
                          struct span *domain_r)
{
    for (size_t at = 0; at < name.size; at++) {
        size_t sign = at_sign(name, at);
        if (sign > 0 && take_address(name, at, sign, local_r, domain_r) &&
            !is_author(from, *local_r, *domain_r)) {
            return true;
        }
    }
    return false;
}

static void run(const struct evidence *evidence, const void *settings,
                struct finding_list *findings)
{
    const struct address_list *from = &evidence->message->from;
    (void)settings;
    for (size_t i = 0; i < from->count; i++) {
        struct span local, domain;
        struct span name = span_first(from->at[i].display, NAME_MAX_BYTES);
        if (name.size == 0) {
            continue;
        }
        name = encoded_word_decode(name, findings->arena);
        if (name.at != NULL && shows_another(from, name, &local, &domain)) {
            local = span_first(local, 64);
            domain = span_first(domain, 100);
            finding_add(findings, FINDING_DISPLAY_NAME_SPOOF,
                        "write a name there, or the address it is sent from",
                        "the name beside the From address shows %.*s@%.*s", SPAN_ARG(local),
                        SPAN_ARG(domain));
            return;
        }
    }
}

const struct check check_display_name_spoof = { .name = "display_name_spoof", .run = run };
