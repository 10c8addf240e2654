/*
 * fingerprint: reduced texts, and FNV-1a over them.
 */
#include "behaviour/fingerprint.h"

#include <string.h>

#define FNV_BEGIN UINT32_C(2166136261)
#define FNV_PRIME UINT32_C(16777619)

static uint32_t add_octet(uint32_t hash, unsigned char octet)
{
    return (hash ^ octet) * FNV_PRIME;
}

static uint32_t add_text(uint32_t hash, struct span text)
{
    for (size_t i = 0; i < text.size; i++) {
        hash = add_octet(hash, (unsigned char)ascii_lower(text.at[i]));
    }
    return add_octet(hash, 0);
}

static uint32_t end(uint32_t hash)
{
    return hash != 0 ? hash : 1;
}

uint32_t fingerprint_text(struct span text)
{
    return text.size > 0 ? end(add_text(FNV_BEGIN, text)) : 0;
}

uint32_t fingerprint_network(const struct ip *client)
{
    uint32_t hash = FNV_BEGIN;
    size_t octets = client->family == 4 ? 3 : 8;
    if (client->family == 0 || ip_is_loopback(client)) {
        return 0;
    }
    hash = add_octet(hash, (unsigned char)client->family);
    for (size_t i = 0; i < octets; i++) {
        hash = add_octet(hash, client->bytes[i]);
    }
    return end(hash);
}

/* The last two labels. */
static struct span tail_of(struct span domain)
{
    size_t at = domain.size;
    for (unsigned dots = 0; at > 0; at--) {
        if (domain.at[at - 1] == '.' && ++dots == 2) {
            break;
        }
    }
    return span_from(domain, at);
}

uint32_t fingerprint_helo(struct span helo)
{
    if (helo.size == 0) {
        return 0;
    }
    if (helo.at[0] == '[') {
        return end(add_text(FNV_BEGIN, SPAN("[address]")));
    }
    if (span_find(helo, '.') < 0) {
        return end(add_text(FNV_BEGIN, SPAN("name"))); /* telephones make up a new one each time */
    }
    return end(add_text(FNV_BEGIN, tail_of(helo)));
}

/* "Mozilla/5.0 (X11; Linux) Thunderbird/102.1" says who it is at its end; all else says it in
 * front. */
static struct span program_name(struct span program)
{
    static const char *const behind[] = { "Thunderbird", "SeaMonkey", "Betterbird" };
    for (size_t i = 0; i < sizeof(behind) / sizeof(behind[0]); i++) {
        struct span name = span_of(behind[i]);
        if (program.size >= name.size &&
            memmem(program.at, program.size, name.at, name.size) != NULL) {
            return name;
        }
    }
    size_t size = 0;
    while (size < program.size && program.at[size] != '/' && program.at[size] != '(' &&
           program.at[size] != '[' && program.at[size] != ',' &&
           (program.at[size] < '0' || program.at[size] > '9')) {
        size++;
    }
    return span_trim(span_first(program, size));
}

uint32_t fingerprint_client(struct span program)
{
    struct span name = program_name(span_trim(program));
    return end(add_text(FNV_BEGIN, name.size > 0 ? name : SPAN("none")));
}

uint32_t fingerprint_tls(struct span version, struct span cipher)
{
    return end(add_text(add_text(FNV_BEGIN, version), cipher));
}

static uint32_t upper(char c)
{
    return (uint8_t)(c >= 'a' && c <= 'z' ? c - 'a' + 'A' : c);
}

static bool is_letter(uint32_t octet)
{
    return octet >= 'A' && octet <= 'Z';
}

uint32_t fingerprint_country(struct span code)
{
    char letters[3];
    if (code.size != 2) {
        return 0;
    }
    uint32_t country = upper(code.at[0]) << 8 | upper(code.at[1]);
    return fingerprint_country_print(country, letters) ? country : 0;
}

bool fingerprint_country_print(uint32_t country, char code_r[static 3])
{
    bool is_country = country >> 16 == 0 && is_letter(country >> 8) && is_letter(country & 0xff);
    code_r[0] = is_country ? (char)(country >> 8) : '\0';
    code_r[1] = is_country ? (char)(country & 0xff) : '\0';
    code_r[2] = '\0';
    return is_country;
}
