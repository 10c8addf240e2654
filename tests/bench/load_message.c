/* Synthetic mail. See load_message.h. */
#include "load_message.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char *const words[] = {
    "the",     "meeting",  "of",     "Thursday", "has",   "been",     "moved", "to",
    "another", "room",     "please", "bring",    "a",     "copy",     "and",   "questions",
    "invoice", "attached", "is",     "for",      "March", "shipping", "costs", "included,",
};

/* A linear congruential generator: the same numbers everywhere, which rand() does not promise. */
static unsigned next_number(unsigned *state)
{
    *state = *state * 1664525u + 1013904223u;
    return *state >> 8;
}

static size_t text_line(char *line, size_t columns, unsigned *state, bool spaces)
{
    size_t length = 0;

    for (;;) {
        const char *word = words[next_number(state) % (sizeof words / sizeof *words)];
        size_t size = strlen(word);
        size_t blanks = length == 0 ? 0 : spaces ? 1 + next_number(state) % 4 : 1;

        if (length + blanks + size > columns)
            break;
        memset(line + length, ' ', blanks);
        memcpy(line + length + blanks, word, size);
        length += blanks + size;
    }
    while (spaces && length < columns)
        line[length++] = next_number(state) % 3 ? ' ' : '\t';
    return length;
}

static size_t base64_line(char *line, unsigned *state)
{
    static const char alphabet[] =
        "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

    for (size_t i = 0; i < 76; i++)
        line[i] = alphabet[next_number(state) % 64];
    return 76;
}

char *load_body_new(enum load_body kind, size_t size)
{
    char *body = malloc(size ? size : 1);
    unsigned state = 42;
    size_t length = 0;

    while (body && length < size) {
        char line[96];
        size_t count = 0;
        size_t columns = 70 + next_number(&state) % 9;

        if (kind == LOAD_BODY_BASE64)
            count = base64_line(line, &state);
        else if (next_number(&state) % 12 != 0) /* else an empty line between paragraphs */
            count = text_line(line, columns, &state, kind == LOAD_BODY_SPACES);
        memcpy(line + count, "\r\n", 2);
        count += 2;
        if (count > size - length)
            count = size - length;
        memcpy(body + length, line, count);
        length += count;
    }
    if (body && size >= 2) {
        if (size >= 3 && body[size - 3] == '\r')
            body[size - 3] = '.';
        memcpy(body + size - 2, "\r\n", 2);
    }
    return body;
}

const char *load_field(unsigned index, unsigned long number, const char *sender,
                       const char *recipient, char *value, size_t size)
{
    const char *at = strrchr(sender, '@');
    const char *domain = at ? at + 1 : sender;

    switch (index) {
    case 0:
        snprintf(value, size, "<%08lx.5d1c.4a7e@%s>", number, domain);
        return "Message-ID";
    case 1:
        snprintf(value, size, "Mon, 23 Nov 2026 10:%02lu:%02lu +0100", number / 60 % 60,
                 number % 60);
        return "Date";
    case 2:
        snprintf(value, size, "1.0");
        return "MIME-Version";
    case 3:
        snprintf(value, size, "Mozilla Thunderbird");
        return "User-Agent";
    case 4:
        snprintf(value, size, "Re: Moved meeting, invoice for March and shipping costs (no. %lu)",
                 number);
        return "Subject";
    case 5:
        snprintf(value, size, "en-US, de-DE");
        return "Content-Language";
    case 6:
        snprintf(value, size, "\"Bob Recipient\" <%s>", recipient);
        return "To";
    case 7:
        snprintf(value, size, "<CAF3k8n2aB7qPz=Zr@mail.example.net>\n <1b9d6bcd-bbfd-4b2d-9b5d@%s>",
                 domain);
        return "References";
    case 8:
        snprintf(value, size, "\"Alice Example\" <%s>", sender);
        return "From";
    case 9:
        snprintf(value, size, "<1b9d6bcd-bbfd-4b2d-9b5d@%s>", domain);
        return "In-Reply-To";
    case 10:
        snprintf(value, size, "text/plain; charset=UTF-8; format=flowed");
        return "Content-Type";
    default:
        snprintf(value, size, "8bit");
        return "Content-Transfer-Encoding";
    }
}
