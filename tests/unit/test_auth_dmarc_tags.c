/*
 * dmarc_tags, dmarc_library: which texts are DMARC records, and what they say (RFC 9989 4.7, 4.8);
 * where libopendmarc reads something else in them.
 */
#include <pthread.h>

#include "test_auth_support.h"

#define V "v=DMARC1;"
#define LONG_TAGS_5 "; x=11111111111111111111111111111111111111111111111111111111111111111"
#define LONG_TAGS_50                                                                               \
    LONG_TAGS_5 LONG_TAGS_5 LONG_TAGS_5 LONG_TAGS_5 LONG_TAGS_5 LONG_TAGS_5 LONG_TAGS_5            \
        LONG_TAGS_5 LONG_TAGS_5 LONG_TAGS_5

/* What is no record: RFC 9989 4.7, v: the first tag, and exactly this. */
static const char *const others[] = {
    "",
    "v=spf1 -all",
    "v",
    "v=",
    "v=DMARC",
    "v=DMARC2; p=reject",
    "v=DMARC1x; p=reject",
    "v=DMARC1 p=reject",
    "v=DMARC1, p=reject",
    "v=dmarc1; p=reject",
    "p=reject; v=DMARC1",
    "; v=DMARC1; p=reject",
    "\"v=DMARC1; p=reject\"",
    "DMARC1; p=reject",
    "=DMARC1; p=reject",
    "w=DMARC1; p=reject",
};

static void test_others(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT(others); i++) {
        struct dmarc_record record;
        if (dmarc_record_read(span_of(others[i]), &record))
            fail_msg("read as a record: %s", others[i]);
    }
    struct dmarc_record record;
    assert_false(dmarc_record_read(NOTHING, &record));
}

/* "n", "q", "r"; "-" absent, "!" bad. */
static char letter(const struct dmarc_request *request)
{
    return request->state == DMARC_TAG_GOOD  ? "nqr"[request->action]
           : request->state == DMARC_TAG_BAD ? '!'
                                             : '-';
}

/* p, sp, np, adkim, aspf, t, psd, rua. */
static void print_record(const struct dmarc_record *record, char out[9])
{
    const char seen[9] = { letter(&record->p),
                           letter(&record->sp),
                           letter(&record->np),
                           record->is_strict_dkim ? 's' : 'r',
                           record->is_strict_spf ? 's' : 'r',
                           record->is_testing ? 'y' : 'n',
                           "uny"[record->psd],
                           record -> has_rua ? 'a' : '-' };
    memcpy(out, seen, 9);
}

static const struct {
    const char *text;
    const char *reads;
    const char *trouble; /* part of the line */
    const char *note;
} records[] = {
    { V " p=none", "n--rrnu-", NULL, NULL },
    { V "p=quarantine;", "q--rrnu-", NULL, NULL },
    { V " p=reject ; ", "r--rrnu-", NULL, NULL },
    { "v=DMARC1;p=reject;sp=quarantine;np=none", "rqnrrnu-", NULL, NULL },
    { "v = DMARC1 ;\tp = reject ; adkim = s", "r--srnu-", NULL, NULL },
    { V " p=Reject; aspf=S; adkim=R; t=Y; psd=N", "r--rsyn-", NULL, NULL },
    { V " p=none; psd=y; t=n", "n--rrny-", NULL, NULL },
    { V " p=none; psd=u", "n--rrnu-", NULL, NULL },
    { V " p=none; rua=mailto:a@b.example, https://c.example/x", "n--rrnua", NULL, NULL },
    { V " rua=bad,mailto:a@b.example!10m; p=none", "n--rrnua", NULL, NULL },
    { V " p=none; unknown=1; x=y=z; fo=1:d:s", "n--rrnu-", NULL, NULL },
    { V " p=none;; sp=none", "nn-rrnu-", NULL, NULL },
    { V " p=reject; pct=0", "r--rrnu-", NULL, NULL },
    { V " p=reject; pct=abc", "r--rrnu-", NULL, NULL },
    /* the RFC settles it: defaults */
    { V " p=reject; adkim=x", "r--rrnu-", NULL, "adkim=" },
    { V " p=reject; adkim=strict", "r--rrnu-", NULL, "adkim=" },
    { V " p=reject; aspf=", "r--rrnu-", NULL, "aspf=" },
    { V " p=reject; psd=yes", "r--rrnu-", NULL, "psd=" },
    { V " p=reject; t=yes", "r--rrnu-", NULL, "t=" },
    { V " p=reject; rua=", "r--rrnu-", NULL, "rua=" },
    { V " p=reject; rua=mailto:", "r--rrnu-", NULL, "rua=" },
    { V " p=reject; rua=mailto:nobody", "r--rrnu-", NULL, "rua=" },
    { V " p=reject; rua=a@b.example", "r--rrnu-", NULL, "rua=" },
    { V " p=reject; rua=mailto:a b@c.example", "r--rrnu-", NULL, "rua=" },
    { V " p=reject; junk; sp=none", "rn-rrnu-", NULL, "without =" },
    { V " rua=mailto:a@b.example", "---rrnua", NULL, "p= is missing" },
    /* old readers stumble over what the RFC says to pass over */
    { V " p=reject; pct=500", "r--rrnu-", NULL, "OpenDMARC cannot read it" },
    { V " p=reject; ri=x", "r--rrnu-", NULL, "OpenDMARC cannot read it" },
    { V " p=reject; rf=bob", "r--rrnu-", NULL, "OpenDMARC cannot read it" },
    { V " p=reject; fo=9", "r--rrnu-", NULL, "OpenDMARC cannot read it" },
    /* no policy counts any more */
    { V " p=bob", "!--rrnu-", "p= is none of", NULL },
    { V " p=", "!--rrnu-", "p= is none of", NULL },
    { V " p=n", "!--rrnu-", "p= is none of", NULL },
    { V " p=r", "!--rrnu-", "p= is none of", NULL },       /* the library: reject */
    { V " p=re ject", "!--rrnu-", "p= is none of", NULL }, /* likewise */
    { V " p=reject, sp=none", "!--rrnu-", "p= is none of", NULL },
    { V " p=reject\xc2\xa0", "!--rrnu-", "p= is none of", NULL },
    { V " p=reject; sp=bad", "r!-rrnu-", "sp= is none of", NULL },
    { V " p=reject; sp=", "r!-rrnu-", "sp= is none of", NULL },
    { V " p=reject; np=bad", "r-!rrnu-", "np= is none of", NULL },
    { "v=DMARC1", "---rrnu-", "p= is missing", NULL },
    { V, "---rrnu-", "p= is missing", NULL },
    { V " pct=100", "---rrnu-", "p= is missing", NULL },
    { V " sp=reject", "-r-rrnu-", "p= is missing", NULL },
    /* receivers differ */
    { V " p=reject; p=none", "r--rrnu-", "twice", NULL },
    { V " p=none; adkim=s; adkim=r", "n--srnu-", "twice", NULL },
    { V " p=reject; P=reject", "r--rrnu-", "capitals", NULL },
    { V " SP=none; p=reject", "rn-rrnu-", "capitals", NULL },
    { "V=DMARC1; p=reject", "r--rrnu-", "capitals", NULL },
    { " v=DMARC1; p=reject", "r--rrnu-", "blanks", NULL },
    { V " p=none" LONG_TAGS_50 LONG_TAGS_50 LONG_TAGS_50 LONG_TAGS_50 LONG_TAGS_50 LONG_TAGS_50,
      "---rrnu-", "longer than", NULL },
};

static void test_records(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT(records); i++) {
        struct span text = span_of(records[i].text);
        struct dmarc_record record;
        char seen[9];
        if (!dmarc_record_read(text, &record))
            fail_msg("not read: %s", records[i].text);
        print_record(&record, seen);
        if (strcmp(seen, records[i].reads) != 0)
            fail_msg("%s: %s, not %s", records[i].text, seen, records[i].reads);
        dmarc_library_compare(text, &record);
        assert_line(record.trouble, records[i].trouble, records[i].text);
        assert_line(record.note, records[i].note, records[i].text);
    }
}

/* Behind a NUL the library sees nothing, so it is not asked. */
static void test_nul(void **state)
{
    static const char text[] = V " p=reject; x=\0; adkim=s";
    struct dmarc_record record;
    (void)state;
    assert_true(dmarc_record_read((struct span){ text, sizeof(text) - 1 }, &record));
    assert_true(record.is_strict_dkim);
    dmarc_library_compare((struct span){ text, sizeof(text) - 1 }, &record);
    assert_null(record.trouble);
    assert_line(record.note, "OpenDMARC cannot read it", "NUL");
}

/* What libopendmarc is used for: the verdict is handed in, and p or sp comes out. */
static const struct {
    const char *record, *from, *organization;
    bool is_aligned;
    enum dmarc_library_says says;
} applied[] = {
    { V "p=none", "example.com", NULL, false, DMARC_LIBRARY_NONE },
    { V "p=quarantine", "example.com", NULL, false, DMARC_LIBRARY_QUARANTINE },
    { V "p=reject", "example.com", NULL, false, DMARC_LIBRARY_REJECT },
    { V "p=reject", "example.com", NULL, true, DMARC_LIBRARY_PASSES },
    { V "p=reject; sp=none", "example.com", NULL, false, DMARC_LIBRARY_REJECT },
    { V "p=none; sp=reject", "example.com", NULL, false, DMARC_LIBRARY_NONE },
    { V "p=reject; sp=none", "a.example.com", "example.com", false, DMARC_LIBRARY_NONE },
    { V "p=none; sp=reject", "a.example.com", "example.com", false, DMARC_LIBRARY_REJECT },
    { V "p=none; sp=reject", "a.example.com", "example.com", true, DMARC_LIBRARY_PASSES },
    { V "p=quarantine", "a.example.com", "example.com", false, DMARC_LIBRARY_QUARANTINE },
    { V "p=reject; adkim=s", "a.example.com", "example.com", true, DMARC_LIBRARY_PASSES },
    { V "p=reject; adkim=s", "a.example.com", NULL, false, DMARC_LIBRARY_REJECT },
    { V "p=reject", "x.com", NULL, false, DMARC_LIBRARY_REJECT }, /* the one-letter label */
    { V "p=reject", "x.com", NULL, true, DMARC_LIBRARY_PASSES },
    { V "p=reject", "foo.bar.ck", NULL, false, DMARC_LIBRARY_REJECT },
    { V "p=reject", "co.uk", NULL, false, DMARC_LIBRARY_REJECT },
    { V "p=reject; sp=bad", "example.com", NULL, false, DMARC_LIBRARY_CANNOT }, /* p is left set */
    { V "p=reject; adkim=x", "example.com", NULL, false, DMARC_LIBRARY_CANNOT },
    { V "rua=mailto:a@b.example", "example.com", NULL, false, DMARC_LIBRARY_CANNOT },
    { "", "example.com", NULL, false, DMARC_LIBRARY_CANNOT },
    { V "p=reject", "", NULL, false, DMARC_LIBRARY_CANNOT },
};

static void test_applied(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT(applied); i++) {
        enum dmarc_library_says says =
            dmarc_library_apply(span_of(applied[i].record), span_of(applied[i].from),
                                span_of(applied[i].organization), applied[i].is_aligned);
        if (says != applied[i].says)
            fail_msg("row %zu, %s for %s: %d", i, applied[i].record, applied[i].from, (int)says);
    }
}

/* The library is asked by many threads at once. */
static void *apply_often(void *context)
{
    const struct span text = SPAN(V "p=reject; adkim=s; fo=1:d");
    for (int i = 0; i < 300; i++) {
        struct dmarc_record record;
        size_t row = (size_t)i % COUNT(applied);
        if (!dmarc_record_read(text, &record)) {
            return context;
        }
        dmarc_library_compare(text, &record);
        if (record.trouble != NULL || record.note != NULL ||
            dmarc_library_apply(span_of(applied[row].record), span_of(applied[row].from),
                                span_of(applied[row].organization),
                                applied[row].is_aligned) != applied[row].says) {
            return context;
        }
    }
    return NULL;
}

static void test_threads(void **state)
{
    pthread_t threads[4];
    (void)state;
    for (size_t i = 0; i < COUNT(threads); i++) {
        assert_int_equal(pthread_create(&threads[i], NULL, apply_often, threads), 0);
    }
    for (size_t i = 0; i < COUNT(threads); i++) {
        void *wrong = threads;
        assert_int_equal(pthread_join(threads[i], &wrong), 0);
        assert_null(wrong);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_others),  cmocka_unit_test(test_records), cmocka_unit_test(test_nul),
        cmocka_unit_test(test_applied), cmocka_unit_test(test_threads),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
