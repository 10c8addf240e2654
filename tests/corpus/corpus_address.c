/*
 * corpus_address: addresses as other readers see them, against ours. What matters is who the
 * sender is: where another reader finds a mailbox that we do not, a defect must say that the text
 * is doubtful (ADDRESS_DOUBTFUL) or odd (ADDRESS_DOTS).
 *
 * Where we and an origin differ for good, the table `argued` says why; any other difference fails,
 * and so does an argument that nothing needs any more.
 */
#include <stdio.h>
#include <stdlib.h>

#include "jsonl.h"
#include "message/address.h"
#include "util/domain.h"

#define UNUSABLE (ADDRESS_DOUBTFUL | ADDRESS_DOTS)
#define ARENA_BYTES ((size_t)64 << 20)
#define COUNT(table) (sizeof(table) / sizeof((table)[0]))

enum outcome {
    SAME, /* as the origin has it */
    TOLD, /* not as the origin has it, and a defect says so; no mailbox of theirs is missing */
    TOLD_MISSING, /* likewise, but a mailbox they find is not in our list */
    DIFFERENT,
    OUTCOMES
};

#define URL_LIST                                                                                   \
    "RFC 2369 2: a list of URLs in angle brackets, not of mailboxes; the ':' of http: has no "     \
    "place "                                                                                       \
    "in an addr-spec (RFC 5322 3.4.1) and makes it broken"

static const struct {
    const char *kind, *input, *why;
} argued[] = {
    { "header-value",
      "<http://www.host.com/list.cgi?cmd=sub&lst=list>,\n"
      "   <mailto:list-manager@host.com?body=subscribe%20list>\n",
      URL_LIST },
    { "header-value", "<http://www.host.com/list/>, <mailto:list-info@host.com>\n", URL_LIST },
    { "header-value",
      "<http://www.host.com/list.cgi?cmd=unsub&lst=list>,\n"
      "   <mailto:list-request@host.com?subject=unsubscribe>\n",
      URL_LIST },
    { "header-value", "<mailto:archive@host.com?subject=index%20list>\n", URL_LIST },
    { "header-value",
      "(Use this command to join the list)\n"
      "   <mailto:list-manager@host.com?body=subscribe%20list>\n",
      URL_LIST },
    { "header-value",
      "(Use this command to get off the list)\n"
      "     <mailto:list-manager@host.com?body=unsubscribe%20list>\n",
      URL_LIST },
    { "header-value", "<mailto:listmom@host.com> (Contact Person for Help)\n", URL_LIST },
    { "header-value-lenient", "\"unclosed@example.com",
      "RFC 5322 3.2.4: the quote is never closed, so no addr-spec begins; broken, and a broken "
      "list "
      "is never taken to be complete" },
    { "header-value-lenient", "user@",
      "RFC 5322 3.4.1: no addr-spec without a domain; ours is \"user\", broken and without "
      "domain" },
    { "mailbox", "Bill Gates <\"billy\"@retired.Micr!osoft99.com>",
      "RFC 5321 4.1.2: a sub-domain is letters, digits and hyphens; no DNS mail domain has a '!'" },
    { "mailbox", "partially.\"quoted\"@sld.com",
      "RFC 5322 4.4: obs-local-part is word *(\".\" word), which receivers must take; told as "
      "obsolete, and isemail has the same form as DEPREC_LOCALPART" },
    { "mailbox", "test@xn--example.com",
      "RFC 5890 2.3.1: a name of LDH labels; that the label is no punycode makes it no other name, "
      "and it is compared as it is written" },
};

static unsigned argued_hits[COUNT(argued)];
static unsigned tally[8][OUTCOMES];
static const char *kinds[8];

static unsigned kind_row(struct span kind)
{
    unsigned row = 0;

    while (kinds[row] != NULL && !span_is_equal(kind, span_of(kinds[row])))
        row++;
    if (kinds[row] == NULL)
        kinds[row] = span_strdup(kind);
    return row;
}

static bool is_argued(struct span kind, struct span input)
{
    for (size_t i = 0; i < COUNT(argued); i++) {
        if (span_is_equal(kind, span_of(argued[i].kind)) &&
            span_is_equal(input, span_of(argued[i].input))) {
            argued_hits[i]++;
            return true;
        }
    }
    return false;
}

static struct address_list read_list(struct span value, struct arena *arena)
{
    struct address_list list;

    if (!address_parse_list(value, arena, &list))
        abort();
    return list;
}

static struct address read_path(struct span path, struct arena *arena)
{
    struct address address;

    if (!address_parse_path(path, arena, &address))
        abort();
    return address;
}

static bool is_usable(const struct address_list *list)
{
    return list->count == 1 && (list->defects & UNUSABLE) == 0;
}

/* One address that both the header's reader and the envelope's understand alike. */
static bool is_usable_everywhere(struct span input, struct arena *arena)
{
    struct address_list list = read_list(input, arena);
    struct address path = read_path(input, arena);

    return is_usable(&list) && (path.defects & UNUSABLE) == 0 &&
           span_is_equal(path.text, list.at[0].text);
}

/* isemail: by the categories of its README. */
static enum outcome judge_spec(struct span input, const struct jsonl *expect, struct arena *arena)
{
    static const unsigned odd =
        ADDRESS_LONG | ADDRESS_BAD_DOMAIN | ADDRESS_OBSOLETE | ADDRESS_CONTROL;
    struct span category = jsonl_text(expect, "category");
    struct address_list list = read_list(input, arena);
    bool is_address = list.count == 1 && (list.defects & ADDRESS_BROKEN) == 0;

    if (span_is_equal(category, SPAN("ISEMAIL_ERR")))
        return is_usable(&list) ? DIFFERENT : SAME;
    if (span_is_equal(category, SPAN("ISEMAIL_RFC5322")))
        return is_address && (list.defects & odd) != 0 ? SAME : DIFFERENT;
    if (span_is_equal(category, SPAN("ISEMAIL_CFWS")) ||
        span_is_equal(category, SPAN("ISEMAIL_DEPREC")))
        return is_address ? SAME : DIFFERENT;
    return is_usable_everywhere(input, arena) ? SAME : DIFFERENT;
}

static enum outcome judge_mailbox(struct span input, struct span expect, struct arena *arena)
{
    bool is_local = span_has_suffix_nocase(expect, SPAN("-localpart"));
    bool is_valid = span_has_prefix_nocase(expect, SPAN("valid"));
    struct address_list list;

    if (is_local) {
        input = span_of(arena_printf(arena, "%.*s@example.org", SPAN_ARG(input)));
        return is_usable_everywhere(input, arena) == is_valid ? SAME : DIFFERENT;
    }
    list = read_list(input, arena);
    if (!is_valid && (list.defects & ADDRESS_LONG) != 0)
        return SAME; /* understood, and too long (RFC 5321 4.5.3.1) */
    return is_usable(&list) == is_valid ? SAME : DIFFERENT;
}

static enum outcome judge_path(struct span input, const struct jsonl *expect, struct arena *arena)
{
    struct address path = read_path(input, arena);
    struct span domain = jsonl_text(expect, "domain");
    char ascii[DOMAIN_MAX];

    if (jsonl_get(expect, "valid")->kind != JSONL_TRUE)
        return (path.defects & ADDRESS_BROKEN) != 0 ? SAME : DIFFERENT;
    return (path.defects & UNUSABLE) == 0 &&
                   span_is_equal(path.local, jsonl_text(expect, "user")) &&
                   (domain.at == NULL ||
                    (domain_to_ascii(domain, ascii) && span_is_equal(path.domain, span_of(ascii))))
               ? SAME
               : DIFFERENT;
}

/*
 * An address as the origin has it, without the route and the blanks mail-parser leaves in, its
 * domain in lower case. Not by our parser: it would agree with itself.
 */
static struct span plain_address(struct span text, struct arena *arena)
{
    ptrdiff_t colon = text.at[0] == '@' ? span_find(text, ':') : -1;
    bool is_literal = span_find(text, '[') >= 0;
    ptrdiff_t at;
    char *plain;
    size_t size = 0;

    text = span_from(text, (size_t)(colon + 1));
    at = span_find_last(text, '@');
    plain = arena_alloc(arena, text.size);
    if (plain == NULL)
        abort();
    for (size_t i = 0; i < text.size; i++) {
        if (text.at[i] != ' ' || text.at[0] == '"')
            plain[size++] =
                at >= 0 && (ptrdiff_t)i > at && !is_literal ? ascii_lower(text.at[i]) : text.at[i];
    }
    return (struct span){ plain, size };
}

struct expected {
    struct span at[64];
    size_t count;
};

/* Every "address" or "addr", in lists, groups and paths like "0.group.1.address". */
static void find_expected(const struct jsonl *value, struct expected *expected, struct arena *arena)
{
    for (const struct jsonl *member = value->first; member != NULL; member = member->next) {
        bool is_address = span_has_suffix_nocase(member->name, SPAN("address")) ||
                          span_is_equal(member->name, SPAN("addr"));

        if (is_address && member->text.size > 0 && expected->count < COUNT(expected->at))
            expected->at[expected->count++] = plain_address(member->text, arena);
        find_expected(member, expected, arena);
    }
}

static bool has_mailbox(const struct address_list *list, struct span text)
{
    for (size_t i = 0; i < list->count; i++) {
        if (span_is_equal(list->at[i].text, text))
            return true;
    }
    return false;
}

/* In a list of all mailboxes (`is_whole`) the order counts too. */
static enum outcome judge_list(struct span input, const struct jsonl *expect, bool is_whole,
                               struct arena *arena)
{
    struct address_list list = read_list(input, arena);
    long length = jsonl_number(expect, "length", -1);
    struct expected expected = { .count = 0 };
    bool is_same = true, has_all = true;

    find_expected(expect, &expected, arena);
    for (size_t i = 0; i < expected.count; i++) {
        has_all = has_all && has_mailbox(&list, expected.at[i]);
        is_same = is_same && i < list.count &&
                  (!is_whole || span_is_equal(list.at[i].text, expected.at[i]));
    }
    if (is_whole)
        is_same = is_same && list.count == expected.count;
    else
        is_same =
            is_same && has_all &&
            (length < 0 || (list.defects & ADDRESS_GROUP) != 0 || (size_t)length == list.count);
    if (is_same)
        return SAME;
    if ((list.defects & UNUSABLE) == 0)
        return DIFFERENT;
    return has_all ? TOLD : TOLD_MISSING;
}

static enum outcome judge(struct span kind, const struct jsonl *row, struct arena *arena)
{
    struct span input = jsonl_text(row, "input");
    const struct jsonl *expect = jsonl_get(row, "expect");

    if (span_is_equal(kind, SPAN("addr-spec")))
        return judge_spec(input, expect, arena);
    if (span_is_equal(kind, SPAN("mailbox")))
        return judge_mailbox(input, jsonl_text(row, "expect"), arena);
    if (span_is_equal(kind, SPAN("smtp-path")))
        return judge_path(input, expect, arena);
    return judge_list(input, expect,
                      expect->kind == JSONL_ARRAY || span_is_equal(kind, SPAN("header-value")),
                      arena);
}

static unsigned judge_file(struct span file, struct arena *arena)
{
    struct span line;
    unsigned failed = 0;

    while (file.size > 0 && span_cut(&file, '\n', &line)) {
        const struct jsonl *row = jsonl_parse(line, false, arena);
        struct span kind = jsonl_text(row, "kind"), input = jsonl_text(row, "input");
        enum outcome outcome;

        if (row == NULL || jsonl_get(row, "expect") == NULL) {
            printf("FAIL no row: %.*s\n", SPAN_ARG(line));
            failed++;
            continue;
        }
        outcome = judge(kind, row, arena);
        tally[kind_row(kind)][outcome]++;
        if (outcome >= TOLD_MISSING && !is_argued(kind, input)) {
            printf("FAIL %s %.*s, defects %#x\n", outcome == DIFFERENT ? "differs" : "misses one",
                   SPAN_ARG(line), read_list(input, arena).defects);
            failed++;
        }
    }
    return failed;
}

static unsigned print_tally(void)
{
    unsigned idle = 0;

    for (size_t i = 0; kinds[i] != NULL; i++) {
        printf("%-22s same %3u, told %2u, told without their mailbox %2u, different %2u\n",
               kinds[i], tally[i][SAME], tally[i][TOLD], tally[i][TOLD_MISSING],
               tally[i][DIFFERENT]);
        free((char *)kinds[i]);
    }
    for (size_t i = 0; i < COUNT(argued); i++) {
        if (argued_hits[i] == 0) {
            printf("FAIL nothing needs the argument for %s %s\n", argued[i].kind, argued[i].input);
            idle++;
        }
    }
    return idle;
}

/* Addresses at international domains stand among the others: without libidn2 they are all of a bad
 * domain. */
static bool has_idn(void)
{
#ifdef HAVE_IDN
    return true;
#else
    return false;
#endif
}

int main(void)
{
    struct arena *arena = arena_new(ARENA_BYTES);
    struct span file;
    unsigned failed;

    if (arena == NULL)
        return 1;
    if (!has_idn()) {
        puts("SKIP: built without libidn2");
        arena_free(&arena);
        return 77;
    }
    if (!corpus_read("headers/addresses.jsonl", arena, &file)) {
        puts("SKIP: corpus absent");
        return 77;
    }
    failed = judge_file(file, arena);
    failed += print_tally();
    arena_free(&arena);
    return failed > 0;
}
