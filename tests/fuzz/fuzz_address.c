/*
 * fuzz_address: any bytes as an envelope path and as the value of an address field. What has no
 * defect must be plain to see: printable, one "@", the same mailbox when it is read again, from the
 * envelope or from a header, and in every text a mailbox stands in.
 */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include "message/address.h"
#include "util/buffer.h"

#define ARENA_BYTES ((size_t)256 << 20)
#define UNUSABLE (ADDRESS_DOUBTFUL | ADDRESS_DOTS)
#define ALL_DEFECTS ((ADDRESS_FOLD << 1) - 1)

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void demand(bool is_true, const char *what, struct span text)
{
    if (!is_true) {
        fprintf(stderr, "fuzz_address: %s\n", what);
        fwrite(text.at, 1, text.size, stderr);
        fputc('\n', stderr);
        abort();
    }
}

static struct address_list read_list(struct span value, struct arena *arena)
{
    struct address_list list;

    demand(address_parse_list(value, arena, &list), "memory for a list", value);
    demand(list.count == 0 || list.at != NULL, "mailboxes nowhere", value);
    return list;
}

static struct address read_path(struct span path, struct arena *arena)
{
    struct address address;

    demand(address_parse_path(path, arena, &address), "memory for a path", path);
    return address;
}

static bool has_control(struct span text)
{
    for (size_t i = 0; i < text.size; i++) {
        if (((unsigned char)text.at[i] < ' ' && text.at[i] != '\t') || text.at[i] == 0x7f)
            return true;
    }
    return false;
}

static bool has_8bit(struct span text)
{
    for (size_t i = 0; i < text.size; i++) {
        if ((unsigned char)text.at[i] >= 0x80)
            return true;
    }
    return false;
}

/* What is true of every mailbox, in good lists and in broken ones. */
static void check_mailbox(const struct address *address)
{
    struct span text = address->text, domain = address->domain;

    demand((address->defects & ~(unsigned)ALL_DEFECTS) == 0, "an unknown defect", text);
    demand(text.at != NULL && address->local.at != NULL, "no text or local part", text);
    demand((address->defects & ADDRESS_CONTROL) != 0 ||
               (!has_control(text) && !has_control(address->display)),
           "a control octet untold", text);
    demand((address->defects & (ADDRESS_8BIT | ADDRESS_UTF8)) != 0 || !has_8bit(text),
           "an 8-bit octet untold", text);
    demand((domain.at == NULL) == ((address->defects & ADDRESS_NO_DOMAIN) != 0),
           "a domain missing untold", text);
    if (domain.at != NULL) {
        size_t before = text.size - domain.size;

        demand(text.size > domain.size && text.at[before - 1] == '@' &&
                   span_is_equal(span_from(text, before), domain),
               "a text that does not end in @domain", text);
    }
}

/* The text of a usable mailbox means this mailbox and no other, wherever it stands. */
static void check_usable(const struct address *address, struct arena *arena)
{
    static const struct {
        const char *before, *after;
    } forms[] = { { "", "" }, { "<", ">" }, { "x <", ">\n" }, { " \"a <b@c>\"\n <", "> (x)" } };
    struct address path = read_path(address->text, arena);

    demand((path.defects & UNUSABLE) == 0, "usable in a header, not in an envelope", address->text);
    demand(span_is_equal(path.text, address->text), "another in an envelope", address->text);
    demand(span_find_last(address->domain, '@') < 0, "a domain with an @", address->text);
    for (size_t i = 0; i < sizeof(forms) / sizeof(forms[0]); i++) {
        struct buffer value = BUFFER_EMPTY;
        struct address_list list;

        buffer_add_text(&value, forms[i].before);
        buffer_add_span(&value, address->text);
        buffer_add_text(&value, forms[i].after);
        list = read_list(buffer_span(&value), arena);
        demand(list.count == 1 && (list.defects & UNUSABLE) == 0 &&
                   span_is_equal(list.at[0].text, address->text),
               "another in a header", address->text);
        buffer_free(&value);
    }
}

static void check_list(struct span value, struct arena *arena)
{
    struct address_list list = read_list(value, arena);
    unsigned defects = 0;

    for (size_t i = 0; i < list.count; i++) {
        check_mailbox(&list.at[i]);
        defects |= list.at[i].defects;
        if ((list.at[i].defects & UNUSABLE) == 0)
            check_usable(&list.at[i], arena);
    }
    demand((defects & ~list.defects) == 0, "a list without the defects of its mailboxes", value);
    demand(list.count > 0 || list.defects != 0, "no mailbox and no defect", value);
    /* What stands between quotes, in comments or beside commas aside: two @ are two mailboxes. */
    if ((list.defects & UNUSABLE) == 0 && span_find(value, '"') < 0 && span_find(value, '(') < 0 &&
        span_find(value, '[') < 0) {
        size_t ats = 0;

        for (size_t i = 0; i < value.size; i++)
            ats += value.at[i] == '@';
        demand(ats == list.count, "an @ that is of no mailbox", value);
    }
}

/* A path that is understood is the same mailbox to those who read it as a header. */
static void check_path(struct span input, struct arena *arena)
{
    struct address address = read_path(input, arena);
    struct span key = address_reduce(&address, SPAN("+"), arena);

    demand(address.text.at != NULL && key.at != NULL, "no text or key", input);
    if (address.text.size == 0 && address.defects == 0)
        return;
    if ((address.defects & ADDRESS_BROKEN) != 0) {
        demand(address.local.at == NULL && address.domain.at == NULL, "a broken path's", input);
        return;
    }
    check_mailbox(&address);
    demand(!has_control(address.text), "a control octet", input);
    if ((address.defects & UNUSABLE) == 0)
        check_usable(&address, arena);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct span input = { (const char *)data, size };
    struct arena *arena = arena_new(ARENA_BYTES);

    if (arena == NULL)
        abort();
    check_path(input, arena);
    check_list(input, arena);
    arena_free(&arena);
    return 0;
}
