/*
 * base64: strict where OpenSSL's block decoder is not: it takes any padding and tells no true
 * length.
 */
#include "dkim/base64.h"

static const char letters[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

void base64_encode(const uint8_t *bytes, size_t size, char *out)
{
    while (size > 0) {
        size_t now = size < 3 ? size : 3;
        uint32_t bits = (uint32_t)bytes[0] << 16;
        bits |= now > 1 ? (uint32_t)bytes[1] << 8 : 0;
        bits |= now > 2 ? (uint32_t)bytes[2] : 0;
        out[0] = letters[bits >> 18];
        out[1] = letters[bits >> 12 & 63];
        out[2] = now > 1 ? letters[bits >> 6 & 63] : '=';
        out[3] = now > 2 ? letters[bits & 63] : '=';
        bytes += now;
        size -= now;
        out += 4;
    }
}

void base64_print(const uint8_t *bytes, size_t size, struct buffer *out)
{
    while (size > 0) {
        size_t now = size < 48 ? size : 48;
        char text[BASE64_SIZE(48)];
        base64_encode(bytes, now, text);
        buffer_add(out, text, BASE64_SIZE(now));
        bytes += now;
        size -= now;
    }
}

static int letter_value(char c)
{
    if (c >= 'A' && c <= 'Z') {
        return c - 'A';
    }
    if (c >= 'a' && c <= 'z') {
        return c - 'a' + 26;
    }
    if (c >= '0' && c <= '9') {
        return c - '0' + 52;
    }
    return c == '+' ? 62 : c == '/' ? 63 : -1;
}

bool base64_decode(struct span text, uint8_t *out, size_t room, size_t *size_r)
{
    uint32_t bits = 0;
    unsigned held = 0; /* bits not yet written */
    size_t count = 0, padding = 0, size = 0;
    for (size_t i = 0; i < text.size; i++) {
        char c = text.at[i];
        if (c == ' ' || c == '\t' || c == '\r' || c == '\n') {
            continue;
        }
        int value = letter_value(c);
        count++;
        if (c == '=') {
            padding++;
            continue;
        }
        if (value < 0 || padding > 0) {
            return false;
        }
        bits = bits << 6 | (uint32_t)value;
        held += 6;
        if (held >= 8) {
            held -= 8;
            if (size == room) {
                return false;
            }
            out[size++] = (uint8_t)(bits >> held);
        }
    }
    *size_r = size;
    bool is_rest_zero = (bits & ((1u << held) - 1)) == 0;
    return count % 4 == 0 && padding <= 2 && held == padding * 2 && is_rest_zero;
}
