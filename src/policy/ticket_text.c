/*
 * ticket_text: see ticket_text.h.
 */
#include "policy/ticket_text.h"

#include <inttypes.h>
#include <stdio.h>

#include "dkim/base64.h"

#define HEAD_ROOM 96     /* everything before p= */
#define PIECE_OCTETS 70  /* of p= on one line */
#define NUMBER_DIGITS 12 /* seconds beyond the year 30000 */

/* --- writing --------------------------------------------------------------------------------- */

static bool is_plain(unsigned char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
           (c != '\0' && strchr("@._+-/:", c) != NULL);
}

static char *print_octet(char *out, unsigned char c)
{
    static const char digits[] = "0123456789ABCDEF";
    if (is_plain(c)) {
        *out++ = (char)c;
    } else {
        *out++ = '%';
        *out++ = digits[c >> 4];
        *out++ = digits[c & 15];
    }
    return out;
}

static char *print_principal(char *out, struct span principal)
{
    const char *line = out;
    for (size_t i = 0; i < principal.size; i++) {
        if (out - line >= PIECE_OCTETS) {
            *out++ = '\n';
            *out++ = '\t';
            line = out;
        }
        out = print_octet(out, (unsigned char)principal.at[i]);
    }
    return out;
}

static char *print_text(char *out, const char *text)
{
    size_t size = strlen(text);
    memcpy(out, text, size);
    return out + size;
}

struct span ticket_print(const struct ticket *ticket, struct arena *arena)
{
    struct span none = { NULL, 0 };
    if (ticket->principal.size > TICKET_PRINCIPAL_MAX) {
        return none;
    }
    size_t encoded = 3 * ticket->principal.size;
    size_t room = HEAD_ROOM + encoded + 2 * (encoded / PIECE_OCTETS + 1) + sizeof("; \n\th=") +
                  BASE64_SIZE(TICKET_MAC_SIZE);
    char *text = arena_alloc(arena, room);
    if (text == NULL) {
        return none;
    }
    char *out = text + snprintf(text, HEAD_ROOM, " v=1; t=%" PRId64 "; c=%s;\n\tp=", ticket->made_s,
                                mail_class_name(ticket->mail_class));
    out = print_principal(out, ticket->principal);
    out = print_text(out, ";\n\th=");
    base64_encode(ticket->mac, TICKET_MAC_SIZE, out);
    out += BASE64_SIZE(TICKET_MAC_SIZE);
    return (struct span){ text, (size_t)(out - text) };
}

/* --- reading --------------------------------------------------------------------------------- */

static bool is_white(char c)
{
    return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

static struct span without_white(struct span value, struct arena *arena)
{
    char *text = arena_alloc(arena, value.size);
    size_t size = 0;
    for (size_t i = 0; text != NULL && i < value.size; i++) {
        if (!is_white(value.at[i])) {
            text[size++] = value.at[i];
        }
    }
    return (struct span){ text, size };
}

/* The next tag, which must have this name ("t="). */
static bool take_tag(struct span *rest_io, const char *name, struct span *value_r)
{
    struct span tag;
    size_t size = strlen(name);
    if (!span_cut(rest_io, ';', &tag) || tag.size < size || memcmp(tag.at, name, size) != 0) {
        return false;
    }
    *value_r = span_from(tag, size);
    return true;
}

static bool read_time(struct span digits, int64_t *time_r)
{
    *time_r = 0;
    for (size_t i = 0; i < digits.size; i++) {
        if (digits.at[i] < '0' || digits.at[i] > '9') {
            return false;
        }
        *time_r = 10 * *time_r + (digits.at[i] - '0');
        if (i + 1 > NUMBER_DIGITS) {
            return false;
        }
    }
    return digits.size > 0;
}

static bool read_class(struct span name, enum mail_class *class_r)
{
    for (int c = 0; c < CLASS_COUNT; c++) {
        if (c != CLASS_INBOUND &&
            span_is_equal(name, span_of(mail_class_name((enum mail_class)c)))) {
            *class_r = (enum mail_class)c;
            return true;
        }
    }
    return false;
}

static int hex_digit(char c)
{
    return c >= '0' && c <= '9' ? c - '0' : c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1;
}

/* In place: what is read is never shorter than what it says. */
static bool read_principal(struct span text, struct span *principal_r)
{
    char *out = (char *)(uintptr_t)text.at; /* our own copy, see without_white() */
    size_t size = 0;
    for (size_t i = 0; i < text.size; i++) {
        if (is_plain((unsigned char)text.at[i])) {
            out[size++] = text.at[i];
            continue;
        }
        if (text.at[i] != '%' || text.size - i < 3 || hex_digit(text.at[i + 1]) < 0 ||
            hex_digit(text.at[i + 2]) < 0) {
            return false;
        }
        out[size++] = (char)(hex_digit(text.at[i + 1]) * 16 + hex_digit(text.at[i + 2]));
        i += 2;
    }
    *principal_r = (struct span){ out, size };
    return size > 0 && size <= TICKET_PRINCIPAL_MAX;
}

bool ticket_parse(struct span value, struct arena *arena, struct ticket *ticket_r)
{
    struct span rest = without_white(value, arena);
    struct span version, made, mail_class, principal, mac;
    size_t mac_size;
    return rest.at != NULL && take_tag(&rest, "v=", &version) &&
           span_is_equal(version, SPAN("1")) && take_tag(&rest, "t=", &made) &&
           read_time(made, &ticket_r->made_s) && take_tag(&rest, "c=", &mail_class) &&
           read_class(mail_class, &ticket_r->mail_class) && take_tag(&rest, "p=", &principal) &&
           read_principal(principal, &ticket_r->principal) && take_tag(&rest, "h=", &mac) &&
           rest.at == NULL && base64_decode(mac, ticket_r->mac, TICKET_MAC_SIZE, &mac_size) &&
           mac_size == TICKET_MAC_SIZE;
}
