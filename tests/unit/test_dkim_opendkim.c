/* domains = "opendkim:...": what a KeyTable and a SigningTable become, row by row, and when they
 * have changed. */
#include <fcntl.h>
#include <ftw.h>
#include <stdlib.h>
#include <string.h>

#include "dkim/domains.h"
#include "dkim/opendkim_table.h"
#include "test_dkim_support.h"

static const struct config_table *const tables[] = { &dkim_domains_table, NULL };

/* A folder of its own for each test, with rsa.pem, ed.pem, K and S. */
struct stage {
    char folder[64];
    struct config_report *report;
    struct config *config;
    struct dkim_domains *domains;
};

static const char *in_stage(const struct stage *stage, const char *name)
{
    static char path[256];
    snprintf(path, sizeof(path), "%s/%s", stage->folder, name);
    return path;
}

static int begin(void **state)
{
    struct stage *stage = calloc(1, sizeof(*stage));
    assert_non_null(stage);
    snprintf(stage->folder, sizeof(stage->folder), "/tmp/test_dkim_opendkim.XXXXXX");
    assert_non_null(mkdtemp(stage->folder));
    write_key(in_stage(stage, "rsa.pem"), test_key(DKIM_RSA_SHA256));
    write_key(in_stage(stage, "ed.pem"), test_key(DKIM_ED25519_SHA256));
    *state = stage;
    return 0;
}

static void drop(struct stage *stage)
{
    dkim_domains_free(&stage->domains);
    config_free(&stage->config);
    config_report_free(&stage->report);
}

static int remove_one(const char *path, const struct stat *status, int kind, struct FTW *where)
{
    (void)status;
    (void)kind;
    (void)where;
    return remove(path);
}

static int end(void **state)
{
    struct stage *stage = *state;
    drop(stage);
    assert_int_equal(nftw(stage->folder, remove_one, 8, FTW_DEPTH | FTW_PHYS), 0);
    free(stage);
    return 0;
}

/* "$" in a text is the folder of the stage. */
static void write_table(const struct stage *stage, const char *name, const char *text)
{
    struct buffer out = BUFFER_EMPTY;
    for (; *text != '\0'; text++) {
        if (*text == '$') {
            buffer_add_text(&out, stage->folder);
        } else {
            buffer_add_char(&out, *text);
        }
    }
    write_file(in_stage(stage, name), buffer_text(&out), out.size, 0600);
    buffer_free(&out);
}

/* Timestamps a minute back: nobody is writing any more. */
static void settle(const struct stage *stage, const char *name)
{
    struct timespec now, past[2];
    clock_gettime(CLOCK_REALTIME, &now);
    past[0] = past[1] = (struct timespec){ now.tv_sec - 60, 0 };
    assert_int_equal(utimensat(AT_FDCWD, in_stage(stage, name), past, 0), 0);
}

static void configure(struct stage *stage, const char *form)
{
    struct buffer text = BUFFER_EMPTY;
    drop(stage);
    buffer_add_text(&text, "domains = \"opendkim:");
    for (; *form != '\0'; form++) {
        if (*form == '$') {
            buffer_add_text(&text, stage->folder);
        } else {
            buffer_add_char(&text, *form);
        }
    }
    buffer_add_text(&text, "\";");
    stage->report = config_report_new();
    stage->config = config_load_text("t", buffer_span(&text), tables, stage->report);
    buffer_free(&text);
}

static void build(struct stage *stage, const char *form, const char *keys, const char *signing)
{
    write_table(stage, "K", keys);
    write_table(stage, "S", signing);
    configure(stage, form);
    assert_non_null(stage->config);
    stage->domains = dkim_domains_build(stage->config, stage->report);
}

/* "d/selector,..." of what signs for the address; "-" nothing, "!" an entry without a key. */
static void signs(const struct dkim_domains *domains, const char *address, struct buffer *out)
{
    const struct dkim_domain *found[16];
    struct span text = span_of(address);
    ptrdiff_t at = span_find_last(text, '@');
    struct span domain = span_from(text, (size_t)at + 1);
    size_t count = dkim_domains_find_address(domains, span_first(text, (size_t)at), domain, found,
                                             COUNT(found));
    buffer_clear(out);
    for (size_t i = 0; i < count; i++) {
        for (size_t k = 0; k < found[i]->key_count; k++) {
            buffer_printf(out, "%s%s/%s%s", out->size > 0 ? "," : "",
                          found[i]->d != NULL ? found[i]->d : "{from}", found[i]->keys[k].selector,
                          found[i]->keys[k].key == NULL ? "!" : "");
        }
        if (found[i]->key_count == 0) {
            buffer_add_text(out, "!");
        }
    }
    if (count == 0) {
        buffer_add_text(out, "-");
    }
}

/* --- who signs for whom ---------------------------------------------------------------------- */

#define KEYS                                                                                       \
    "# names of keys\n"                                                                            \
    "a  a.example:s1:$/rsa.pem\n"                                                                  \
    "\n"                                                                                           \
    "aed a.example : s2 : $/ed.pem   # Ed25519\r\n"                                                \
    "b\tb.example:s:$/rsa.pem\n"                                                                   \
    "user a.example:user:$/rsa.pem\n"                                                              \
    "from %:f:$/rsa.pem\n"                                                                         \
    "idn b\xc3\xbc"                                                                                \
    "cher.example:s:$/rsa.pem\n"                                                                   \
    "gone g.example:s:$/none.pem\n"                                                                \
    "algorithm c.example:s:$/ed.pem:ed25519-sha256\n"                                              \
    "c.example c.example:named:$/rsa.pem\n"                                                        \
    "d.example %:named:$/rsa.pem\n"                                                                \
    "path %:p:$/keys/%.pem\n"

static const struct {
    const char *form, *signing, *address, *signs;
    bool is_ours; /* the domain */
} rows[] = {
    /* flat: the order of opendkim.conf(5) */
    { "$/K,$/S", "a.example a\n", "x@a.example", "a.example/s1", true },
    { "$/K,file:$/S", "A.Example a\n", "X@a.example", "a.example/s1", true },
    { "file:$/K,$/S", "a.example a\n", "x@sub.a.example", "-", false },
    { "$/K,$/S", "a.example a\nu@a.example user\n", "u@a.example", "a.example/user", true },
    { "$/K,$/S", "a.example a\nU@a.example user\n", "u@a.example", "a.example/user", true },
    { "$/K,$/S", "a.example a\nu@a.example user\n", "v@a.example", "a.example/s1", true },
    { "$/K,$/S", "u@a.example user\n", "v@a.example", "-", true },
    { "$/K,$/S", ".a.example a\n", "v@a.example", "-", false },
    { "$/K,$/S", ".a.example a\n", "v@x.a.example", "a.example/s1", true },
    { "$/K,$/S", ".a.example a\n", "v@x.y.a.example", "a.example/s1", true },
    { "$/K,$/S", ".a.example a\nu@.a.example user\n", "u@x.a.example", "a.example/user", true },
    { "$/K,$/S", ".a.example a\nu@.a.example user\n", "v@x.a.example", "a.example/s1", true },
    { "$/K,$/S", ".example b\n.a.example a\n", "v@x.a.example", "a.example/s1", true },
    { "$/K,$/S", ".example b\nu@* user\n* a\n", "u@b.example", "b.example/s", true },
    { "$/K,$/S", "u@* user\n* a\n", "u@z.example", "a.example/user", false },
    { "$/K,$/S", "u@* user\n* a\n", "v@z.example", "a.example/s1", false },
    { "$/K,$/S", "* a\n", "v@[192.0.2.1]", "-", false },
    { "$/K,$/S", "*@a.example a\n", "v@a.example", "-", false }, /* no pattern in a flat table */
    { "$/K,$/S", "a.example a\na.example b\n", "v@a.example", "a.example/s1", true },
    /* patterns: the first that matches */
    { "$/K,refile:$/S", "*@a.example a\n", "x@a.example", "a.example/s1", true },
    { "$/K,refile:$/S", "*@a.example a\n", "X@sub.a.example", "-", false },
    { "$/K,refile:$/S", "*@A.EXAMPLE a\n", "x@a.example", "a.example/s1", true },
    { "$/K,refile:$/S", "*@*.a.example a\n", "x@sub.a.example", "a.example/s1", true },
    { "$/K,refile:$/S", "*@*.a.example a\n", "x@a.example", "-", false },
    { "$/K,refile:$/S", "*a.example a\n", "x@sub.a.example", "a.example/s1", true },
    { "$/K,refile:$/S", "*a.example a\n", "x@bra.example", "a.example/s1", true },
    { "$/K,refile:$/S", "u@a.example user\n*@a.example a\n", "u@a.example", "a.example/user",
      true },
    { "$/K,refile:$/S", "*@a.example a\nu@a.example user\n", "u@a.example", "a.example/s1", true },
    { "$/K,refile:$/S", "*@* from\nu@a.example user\n", "u@a.example", "{from}/f", true },
    { "$/K,refile:$/S", "u@a.example user\n*@* from\n", "u@a.example", "a.example/user", true },
    { "$/K,refile:$/S", "u@a.example user\n*@* from\n", "v@a.example", "{from}/f", true },
    { "$/K,refile:$/S", "u-*@a.example user\n", "u-1@a.example", "a.example/user", true },
    { "$/K,refile:$/S", "u-*@a.example user\n", "v-1@a.example", "-", true },
    { "$/K,refile:$/S", "u*e a\n", "u@z.example", "a.example/s1", true },
    { "$/K,refile:$/S", "*@mail*.a.example a\n", "x@mail3.a.example", "a.example/s1", true },
    { "$/K,refile:$/S", "*@mail*.a.example a\n", "x@web3.a.example", "-", false },
    { "$/K,refile:$/S", "*@a.* a\n", "x@a.example", "a.example/s1", true },
    { "$/K,refile:$/S", "* a\n", "x@a.example", "a.example/s1", false },
    { "$/K,refile:$/S", "a.example a\n", "x@a.example", "-", false }, /* matches no address */
    { "$/K,refile:$/S", "*@[ab].example a\n", "x@a.example", "-", false },
    { "$/K,refile:$/S", "x+y@a.example a\n", "x+y@a.example", "a.example/s1", true },
    { "$/K,refile:$/S", "x+y@a.example a\n", "xxy@a.example", "-", true },
    { "$/K,refile:$/S", "*@a?example a\n", "x@a.example", "-", false },
    /* MultipleSignatures */
    { "$/K,refile:$/S,MultipleSignatures", "*@a.example a\n*@a.example aed\n", "x@a.example",
      "a.example/s1,a.example/s2", true },
    { "$/K,refile:$/S,multiplesignatures", "*@a.example aed\n*@a.example a\n", "x@a.example",
      "a.example/s1,a.example/s2", true },
    { "$/K,refile:$/S", "*@a.example aed\n*@a.example a\n", "x@a.example", "a.example/s2", true },
    { "$/K,refile:$/S,MultipleSignatures", "*@a.example b\n*@a.example aed\n", "x@a.example",
      "a.example/s2,b.example/s", true }, /* what is aligned first */
    { "$/K,refile:$/S,MultipleSignatures", "u@a.example user\n*@* b\n*@a.example a\n",
      "u@a.example", "a.example/user,a.example/s1,b.example/s", true },
    { "$/K,refile:$/S,MultipleSignatures", "u@a.example user\n*@* b\n*@a.example a\n",
      "v@a.example", "a.example/s1,b.example/s", true },
    { "$/K,refile:$/S,MultipleSignatures", "*@a.example a\n*@*.example a\n", "v@a.example",
      "a.example/s1", true }, /* not the same twice */
    { "$/K,$/S,MultipleSignatures", "a.example a\nu@a.example user\n", "u@a.example",
      "a.example/user,a.example/s1", true },
    { "$/K,$/S,MultipleSignatures", "a.example a\na.example aed\n", "u@a.example", "a.example/s1",
      true }, /* as OpenDKIM: a key of a flat table is found once */
    /* "%" */
    { "$/K,$/S", "a.example from\n", "x@a.example", "a.example/f", true },
    { "$/K,$/S", ".example from\n", "x@a.example", "{from}/f", true },
    { "$/K,refile:$/S", "*@*.example from\n", "x@a.example", "{from}/f", true },
    { "$/K,$/S", "c.example %\n", "x@c.example", "c.example/named", true },
    { "$/K,$/S", "d.example %\n", "x@d.example", "d.example/named", true },
    { "$/K,$/S", "* %\n", "x@c.example", "c.example/named", true },
    { "$/K,$/S", "* %\n", "x@d.example", "d.example/named", true },
    { "$/K,refile:$/S", "*@* %\n", "x@d.example", "d.example/named", true },
    { "$/K,refile:$/S", "*@* %\n", "x@e.example", "-", false },
    { "$/K,refile:$/S", "*@* %\n*@e.example a\n", "x@e.example", "a.example/s1", true },
    { "$/K,$/S", "p.example path\n", "x@p.example", "p.example/p", true },
    { "$/K,$/S", "q.example path\n", "x@q.example", "q.example/p!", true },
    { "$/K,refile:$/S", "*@* path\n", "x@p.example", "p.example/p", true },
    { "$/K,refile:$/S", "*@* path\n", "x@q.example", "-", false },
    /* faults of a row */
    { "$/K,$/S", "g.example gone\n", "x@g.example", "g.example/s!", true },
    { "$/K,$/S", "g.example nobody\n", "x@g.example", "!", true },
    { "$/K,$/S", "g.example nobody\na.example a\n", "x@a.example", "a.example/s1", true },
    /* the rest */
    { "refile:$/K,$/S", "a.example a\n", "x@a.example", "a.example/s1", true },
    { "$/K,$/S", "c.example algorithm\n", "x@c.example", "c.example/s", true },
    { "$/K,$/S", "a.example a:@a.example\n", "x@a.example", "a.example/s1", true },
};

static void test_rows(void **state)
{
    struct stage *stage = *state;
    struct buffer seen = BUFFER_EMPTY;
    assert_int_equal(mkdir(in_stage(stage, "keys"), 0700), 0);
    write_key(in_stage(stage, "keys/p.example.pem"), test_key(DKIM_RSA_SHA256));
    for (size_t i = 0; i < COUNT(rows); i++) {
        build(stage, rows[i].form, KEYS, rows[i].signing);
        if (stage->domains == NULL) {
            fail_msg("%s: %s", rows[i].signing, config_report_fault(stage->report, 0)->text);
        }
        signs(stage->domains, rows[i].address, &seen);
        if (strcmp(buffer_text(&seen), rows[i].signs) != 0) {
            fail_msg("%s %s%s signs as %s", rows[i].form, rows[i].signing, rows[i].address,
                     buffer_text(&seen));
        }
        struct span domain = span_of(strrchr(rows[i].address, '@') + 1);
        if (dkim_domains_has(stage->domains, domain) != rows[i].is_ours) {
            fail_msg("%s %s%s is%s ours", rows[i].form, rows[i].signing, rows[i].address,
                     rows[i].is_ours ? " not" : "");
        }
        const struct dkim_domain *any = dkim_domains_find(stage->domains, domain);
        if (any == NULL && (rows[i].is_ours || rows[i].signs[0] != '-')) {
            fail_msg("%s %s%s: no entry of the domain", rows[i].form, rows[i].signing,
                     rows[i].address);
        }
    }
    buffer_free(&seen);
}

/* Which of our signatures are ours is known by d= and s= alone. */
static void test_recognised(void **state)
{
    struct stage *stage = *state;
    build(stage, "$/K,refile:$/S", KEYS, "u@a.example user\n*@*.b.example from\n*@a.example a\n");
    assert_non_null(dkim_domains_key(stage->domains, SPAN("a.example"), SPAN("user")));
    assert_non_null(dkim_domains_key(stage->domains, SPAN("a.example"), SPAN("s1")));
    assert_non_null(dkim_domains_key(stage->domains, SPAN("x.b.example"), SPAN("f")));
    assert_null(dkim_domains_key(stage->domains, SPAN("a.example"), SPAN("f")));
    assert_int_equal(dkim_domains_count(stage->domains), 3);
    assert_string_equal(dkim_domains_at(stage->domains, 0)->sender, "u@a.example");
    assert_string_equal(dkim_domains_at(stage->domains, 0)->name, "a.example");
    assert_string_equal(dkim_domains_at(stage->domains, 1)->name, "b.example");
    assert_null(dkim_domains_at(stage->domains, 2)->sender);
    build(stage, "$/K,refile:$/S", KEYS, "*@* from\n*@: from\n*@.a.example from\n");
    assert_string_equal(dkim_domains_at(stage->domains, 0)->sender, "*@*");
    assert_string_equal(dkim_domains_at(stage->domains, 1)->sender, "*@:");
    assert_string_equal(dkim_domains_at(stage->domains, 2)->sender, "*@.a.example");
    build(stage, "$/K,$/S", KEYS, "a.example a\n.a.example a\n* from\n");
    assert_null(dkim_domains_at(stage->domains, 0)->sender);
    assert_string_equal(dkim_domains_at(stage->domains, 1)->sender, ".a.example");
    assert_string_equal(dkim_domains_at(stage->domains, 2)->sender, "*");
}

/* --- complaints ------------------------------------------------------------------------------ */

/* The one complaint, "$" being the folder; is_fatal: there is no table. */
static const struct {
    const char *keys, *signing, *text;
    bool is_fatal;
} faults[] = {
    { "a a.example:s1\n", "a.example a\n", "$/K:1: \"a\" is not DOMAIN:SELECTOR:PATH", true },
    { "a a.example:s1:$/rsa.pem\nb\n", "a.example a\n", "$/K:2: \"b\" has no value", true },
    { "# nothing\n", "a.example a\n", "t:1: domains: $/K: holds no row", true },
    { "a a.example:s1:$/ed.pem\n", "\n", "t:1: domains: $/S: holds no row", true },
    { "a a.example:s1:$/ed.pem\n", "a.example\n", "$/S:1: \"a.example\" has no value", true },
    { "a a.example:s1:$/ed.pem\n", "a.example :x\n", "$/S:1: \"a.example\" names no key", true },
    { "a a.example:s1:$/ed.pem\n", "a.example a\nb.example b\n",
      "$/S:2: \"b.example\": $/K has no key \"b\", so its mail cannot be signed", false },
    { "a a.example:s1:$/none\n", "a.example a\n",
      "$/K:1: key \"a\": cannot read $/none: No such file or directory", false },
    { "a a.example:s1:none.pem\n", "a.example a\n",
      "$/K:1: key \"a\": $/K:1: it is neither a path nor base64 of a private key", false },
    { "a a.example:s1:./none.pem\n", "a.example a\n", "$/K:1: key \"a\": its path is not absolute",
      false },
    { "a a..example:s1:$/ed.pem\n", "a.example a\n",
      "$/K:1: key \"a\": its domain is none; valid: a domain name, or % for that of the sender",
      false },
    { "a a.example:_s:$/ed.pem\n", "a.example a\n",
      "$/K:1: key \"a\": its selector is none; valid: letters, digits and inner hyphens, in labels "
      "joined by dots",
      false },
    { "a a.example:s:$/ed.pem\na b.example:s:$/ed.pem\n", "a.example a\n",
      "$/K:2: \"a\" stands here a second time; line 1 counts", false },
    { "a a.example:s:$/ed.pem\nb b.example:s:$/ed.pem\n", "a.example a\na.example b\n",
      "$/S:2: \"a.example\" stands here a second time; only the first counts", false },
    { "a a.example:s:$/ed.pem\n", "b.example a\n",
      "$/S:1: \"b.example\" signs as a.example, which is not aligned with b.example, so DMARC does "
      "not count the signature",
      false },
    { "a a.example:s:$/ed.pem\n", "* a\n",
      "$/S:1: \"*\" signs as a.example, which is not aligned with every From domain, so DMARC does "
      "not count the signature",
      false },
    { "a a.example:s:$/ed.pem\n", "*@a.example a\n",
      "$/S:1: \"*@a.example\": * is no pattern in a flat table; \"refile:\" before its path makes "
      "it "
      "one",
      false },
    { "a a.example:s:$/ed.pem\n", "a.example a:me@a.example\n",
      "$/S:1: 1 rows, this one first, name an identity of the signer; i= is not written", false },
    { "a a.example:s:$/ed.pem\nb a.example:s:$/two.pem\n", "a.example a\nb.a.example b\n",
      "$/K:2: key \"b\": selector \"s\" of a.example names $/ed.pem in an earlier entry; one "
      "record "
      "holds one key: take another selector",
      false },
};

static bool is_text(const struct stage *stage, const char *pattern, const char *text)
{
    size_t size = strlen(stage->folder);
    for (; *pattern != '\0'; pattern++) {
        if (*pattern == '$') {
            if (strncmp(text, stage->folder, size) != 0) {
                return false;
            }
            text += size;
        } else if (*pattern != *text++) {
            return false;
        }
    }
    return *text == '\0';
}

static void test_faults(void **state)
{
    struct stage *stage = *state;
    write_key(in_stage(stage, "two.pem"), test_key(DKIM_ED25519_SHA256));
    for (size_t i = 0; i < COUNT(faults); i++) {
        build(stage, "$/K,$/S", faults[i].keys, faults[i].signing);
        if ((stage->domains == NULL) != faults[i].is_fatal) {
            fail_msg("%s%s: %s", faults[i].keys, faults[i].signing,
                     stage->domains == NULL ? "no table" : "a table");
        }
        assert_int_equal(config_report_size(stage->report), 1);
        const char *text = config_report_fault(stage->report, 0)->text;
        if (!is_text(stage, faults[i].text, text)) {
            fail_msg("%s%s\n%s\n%s", faults[i].keys, faults[i].signing, text, faults[i].text);
        }
    }
}

static void test_patterns_warned_of(void **state)
{
    struct stage *stage = *state;
    build(stage, "$/K,refile:$/S", "a a.example:s:$/ed.pem\n", "a.example a\n*@(a|b).example a\n");
    assert_non_null(stage->domains);
    assert_int_equal(config_report_size(stage->report), 3);
    assert_true(is_text(stage, "$/S:1: \"a.example\" matches no address; valid: *@a.example",
                        config_report_fault(stage->report, 0)->text));
    assert_true(is_text(stage,
                        "$/S:2: \"*@(a|b).example\": every character but * stands for itself here",
                        config_report_fault(stage->report, 1)->text));
}

static const struct {
    const char *form, *error;
} specs[] = {
    { "$/K", "names no two tables" },
    { "$/K,", "not the absolute path of a table" },
    { "$/K,S", "not the absolute path of a table" },
    { "K,$/S", "not the absolute path of a table" },
    { "$/K,db:$/S.db", "tables of type \"db\" cannot be read" },
    { "dsn:mysql://u:p@h/d,$/S", "tables of type \"dsn\" cannot be read" },
    { "$/K,ldap://host", "tables of type \"ldap\" cannot be read" },
    { "lua:$/x,$/S", "tables of type \"lua\" cannot be read" },
    { "$/K,$/S,Both", "something else stands behind the tables" },
    { "$/K,$/S,MultipleSignatures,x", "something else stands behind the tables" },
};

static void test_specs(void **state)
{
    struct stage *stage = *state;
    for (size_t i = 0; i < COUNT(specs); i++) {
        configure(stage, specs[i].form);
        assert_null(stage->config);
        const char *text = config_report_fault(stage->report, 0)->text;
        if (strstr(text, specs[i].error) == NULL || strstr(text, "valid: \"opendkim:") == NULL) {
            fail_msg("%s: %s", specs[i].form, text);
        }
    }
}

/* --- keys in the table ----------------------------------------------------------------------- */

static void add_der(struct buffer *out, enum dkim_algorithm algorithm)
{
    struct buffer pem = BUFFER_EMPTY;
    struct span line, rest;
    assert_true(dkim_key_print_private(test_key(algorithm), &pem));
    rest = buffer_span(&pem);
    while (span_cut(&rest, '\n', &line)) {
        if (line.size > 0 && line.at[0] != '-') {
            buffer_add_span(out, line);
        }
    }
    buffer_free(&pem);
}

static void test_keys_inside(void **state)
{
    struct stage *stage = *state;
    struct buffer keys = BUFFER_EMPTY, seen = BUFFER_EMPTY;
    buffer_add_text(&keys, "a a.example:s:");
    add_der(&keys, DKIM_RSA_SHA256);
    buffer_add_text(&keys, "\nb b.example:s:-----BEGIN PRIVATE KEY-----");
    add_der(&keys, DKIM_ED25519_SHA256);
    buffer_add_text(&keys, "-----END PRIVATE KEY-----\n");
    build(stage, "$/K,$/S", buffer_text(&keys), "a.example a\nb.example b\n");
    assert_non_null(stage->domains);
    signs(stage->domains, "x@a.example", &seen);
    assert_string_equal(buffer_text(&seen), "a.example/s");
    signs(stage->domains, "x@b.example", &seen);
    assert_string_equal(buffer_text(&seen), "b.example/s");
    assert_int_equal(chmod(in_stage(stage, "K"), 0644), 0); /* what all can read is no secret */
    configure(stage, "$/K,$/S");
    stage->domains = dkim_domains_build(stage->config, stage->report);
    assert_non_null(stage->domains);
    assert_int_equal(config_report_size(stage->report), 2);
    signs(stage->domains, "x@a.example", &seen);
    assert_string_equal(buffer_text(&seen), "!");
    buffer_free(&keys);
    buffer_free(&seen);
}

/* --- changes --------------------------------------------------------------------------------- */

static void rebuild(struct stage *stage, bool is_kept)
{
    struct dkim_domains *next;
    config_report_free(&stage->report);
    stage->report = config_report_new();
    next = dkim_domains_rebuild(stage->config, stage->domains, is_kept, stage->report);
    if (next != NULL) {
        dkim_domains_free(&stage->domains);
        stage->domains = next;
    }
}

static struct dkim_key *key_of(const struct stage *stage, struct span domain)
{
    const struct dkim_domain *entry = dkim_domains_find(stage->domains, domain);
    return entry != NULL && entry->key_count > 0 ? entry->keys[0].key : NULL;
}

static void test_stale(void **state)
{
    struct stage *stage = *state;
    build(stage, "$/K,$/S", KEYS, "a.example a\n");
    settle(stage, "K");
    settle(stage, "S");
    rebuild(stage, false);
    /* the change of the times is a change, made a moment ago */
    uint64_t mark = dkim_domains_mark(stage->domains);
    assert_int_equal(dkim_domains_mark(stage->domains), mark);
    assert_false(dkim_domains_is_stale(stage->domains));
    struct timespec moment = { 0, 10000000 };
    for (unsigned i = 0; i < 20; i++) { /* whoever writes is not done */
        write_table(stage, "S", i == 19 ? "a.example a\nb.example b\n" : "a.example a\n");
        assert_int_not_equal(dkim_domains_mark(stage->domains), mark);
        assert_false(dkim_domains_is_stale(stage->domains));
        nanosleep(&moment, NULL);
    }
    for (unsigned i = 0; i < 1000 && !dkim_domains_is_stale(stage->domains); i++) {
        nanosleep(&moment, NULL);
    }
    assert_true(dkim_domains_is_stale(stage->domains));
    rebuild(stage, false);
    assert_non_null(dkim_domains_find(stage->domains, SPAN("b.example")));
    assert_false(dkim_domains_is_stale(stage->domains));
    assert_int_equal(unlink(in_stage(stage, "S")), 0); /* what was read of it stays good */
    assert_false(dkim_domains_is_stale(stage->domains));
}

static void test_stale_key(void **state)
{
    struct stage *stage = *state;
    build(stage, "$/K,$/S", KEYS, "a.example a\ng.example gone\np.example path\n");
    write_key(in_stage(stage, "none.pem"), test_key(DKIM_RSA_SHA256));
    struct timespec moment = { 0, 10000000 };
    for (unsigned i = 0; i < 1000 && !dkim_domains_is_stale(stage->domains); i++) {
        nanosleep(&moment, NULL); /* until the tables have settled */
    }
    assert_true(dkim_domains_is_stale(stage->domains));
    rebuild(stage, false);
    assert_non_null(key_of(stage, SPAN("g.example")));
    assert_false(dkim_domains_is_stale(stage->domains));
    assert_int_equal(unlink(in_stage(stage, "rsa.pem")), 0);
    assert_false(dkim_domains_is_stale(stage->domains));
    write_key(in_stage(stage, "rsa.pem"), test_key(DKIM_ED25519_SHA256));
    assert_true(dkim_domains_is_stale(stage->domains));
    rebuild(stage, false);
    assert_int_equal(dkim_key_algorithm(key_of(stage, SPAN("a.example"))), DKIM_ED25519_SHA256);
}

/* A domain whose key comes to lie where the path says. */
static void test_stale_template(void **state)
{
    struct stage *stage = *state;
    assert_int_equal(mkdir(in_stage(stage, "d"), 0700), 0);
    build(stage, "$/K,refile:$/S", "path %:p:$/d/%/p.pem\n", "*@* path\n");
    assert_non_null(stage->domains);
    assert_null(dkim_domains_find(stage->domains, SPAN("new.example")));
    assert_int_equal(mkdir(in_stage(stage, "d/new.example"), 0700), 0);
    struct timespec moment = { 0, 10000000 };
    for (unsigned i = 0; i < 1000 && !dkim_domains_is_stale(stage->domains); i++) {
        nanosleep(&moment, NULL);
    }
    assert_true(dkim_domains_is_stale(stage->domains));
    rebuild(stage, false);
    assert_null(dkim_domains_find(stage->domains, SPAN("new.example")));
    assert_false(dkim_domains_is_stale(stage->domains));
    write_key(in_stage(stage, "d/new.example/p.pem"), test_key(DKIM_RSA_SHA256));
    assert_true(dkim_domains_is_stale(stage->domains));
    rebuild(stage, false);
    assert_non_null(key_of(stage, SPAN("new.example")));
    assert_string_equal(dkim_domains_find(stage->domains, SPAN("new.example"))->d, "new.example");
}

/* Keys that are the same are not read again; those that changed are. */
static void test_keys_are_kept(void **state)
{
    struct stage *stage = *state;
    build(stage, "$/K,$/S", KEYS, "a.example a\nc.example algorithm\n");
    struct dkim_key *rsa = key_of(stage, SPAN("a.example")), *ed = key_of(stage, SPAN("c.example"));
    rebuild(stage, false);
    assert_ptr_equal(key_of(stage, SPAN("a.example")), rsa);
    assert_ptr_equal(key_of(stage, SPAN("c.example")), ed);
    ed = dkim_key_ref(ed); /* so that no other key gets its address */
    write_key(in_stage(stage, "ed.pem"), test_key(DKIM_ED25519_SHA256));
    rebuild(stage, false);
    assert_ptr_equal(key_of(stage, SPAN("a.example")), rsa);
    assert_ptr_not_equal(key_of(stage, SPAN("c.example")), ed);
    dkim_key_unref(&ed);
    assert_int_equal(chmod(in_stage(stage, "rsa.pem"), 0644), 0); /* no secret any more */
    rebuild(stage, false);
    assert_null(key_of(stage, SPAN("a.example")));
}

/* A replacement for a crashed process has no good copy: whatever would be signed waits. */
static void test_kept_configuration(void **state)
{
    struct stage *stage = *state;
    build(stage, "$/K,$/S", KEYS, "a.example a\n");
    write_table(stage, "S", "half\n");
    rebuild(stage, false);
    assert_non_null(key_of(stage, SPAN("a.example"))); /* refused, so the one before stays */
    assert_int_equal(config_report_count(stage->report, CONFIG_ERROR), 1);
    dkim_domains_free(&stage->domains);
    rebuild(stage, true);
    assert_non_null(stage->domains);
    assert_int_equal(config_report_count(stage->report, CONFIG_ERROR), 0);
    const struct dkim_domain *found[2];
    assert_int_equal(
        dkim_domains_find_address(stage->domains, SPAN("x"), SPAN("a.example"), found, 2), 1);
    assert_true(found[0]->is_degraded);
    assert_int_equal(found[0]->key_count, 0);
    assert_int_equal(found[0]->on_failure, DKIM_ON_FAILURE_DEFER);
    assert_false(dkim_domains_has(stage->domains, SPAN("a.example")));
    assert_int_equal(unlink(in_stage(stage, "K")), 0);
    dkim_domains_free(&stage->domains);
    rebuild(stage, true);
    assert_non_null(stage->domains);
    write_table(stage, "K", KEYS);
    write_table(stage, "S", "a.example a\n");
    rebuild(stage, false);
    assert_non_null(key_of(stage, SPAN("a.example")));
}

/* --- many domains ---------------------------------------------------------------------------- */

enum { MANY = 300, MANY_S = 10 /* a second is wanted, but machines are slow and busy */ };

static double seconds(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

/* Each with a file of its own: read in time, and not at all by a reload. */
static void test_three_hundred(void **state)
{
    struct stage *stage = *state;
    struct buffer keys = BUFFER_EMPTY, signing = BUFFER_EMPTY;
    struct dkim_key *before[MANY];
    for (unsigned i = 0; i < MANY; i++) {
        char name[32];
        snprintf(name, sizeof(name), "%u.pem", i);
        write_key(in_stage(stage, name), test_key(DKIM_RSA_SHA256));
        buffer_printf(&keys, "k%u d%u.example:s:$/%u.pem\n", i, i, i);
        buffer_printf(&signing, "*@d%u.example k%u\n", i, i);
    }
    double began = seconds();
    build(stage, "$/K,refile:$/S", buffer_text(&keys), buffer_text(&signing));
    assert_true(seconds() - began < MANY_S);
    assert_int_equal(dkim_domains_count(stage->domains), MANY);
    for (unsigned i = 0; i < MANY; i++) {
        before[i] = dkim_domains_at(stage->domains, i)->keys[0].key;
        assert_non_null(before[i]);
    }
    began = seconds();
    rebuild(stage, false);
    assert_true(seconds() - began < MANY_S);
    for (unsigned i = 0; i < MANY; i++) {
        assert_ptr_equal(dkim_domains_at(stage->domains, i)->keys[0].key, before[i]);
    }
    buffer_free(&keys);
    buffer_free(&signing);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_rows, begin, end),
        cmocka_unit_test_setup_teardown(test_recognised, begin, end),
        cmocka_unit_test_setup_teardown(test_faults, begin, end),
        cmocka_unit_test_setup_teardown(test_patterns_warned_of, begin, end),
        cmocka_unit_test_setup_teardown(test_specs, begin, end),
        cmocka_unit_test_setup_teardown(test_keys_inside, begin, end),
        cmocka_unit_test_setup_teardown(test_stale, begin, end),
        cmocka_unit_test_setup_teardown(test_stale_key, begin, end),
        cmocka_unit_test_setup_teardown(test_stale_template, begin, end),
        cmocka_unit_test_setup_teardown(test_keys_are_kept, begin, end),
        cmocka_unit_test_setup_teardown(test_kept_configuration, begin, end),
        cmocka_unit_test_setup_teardown(test_three_hundred, begin, end),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
