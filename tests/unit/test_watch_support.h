/*
 * What the tests of src/watch share: a house with keys in a folder, a resolver whose cache and
 * whose zones answer from scripts that change, and time that passes when it is told to.
 */
#ifndef TESTS_UNIT_TEST_WATCH_SUPPORT_H
#define TESTS_UNIT_TEST_WATCH_SUPPORT_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "control/settings.h"
#include "dkim/proof_store.h"
#include "dns/resolver_private.h"
#include "dns/scripted.h"
#include "tests/support/house.h"
#include "watch/watch_private.h"

/* Two resolvers of scripts as one. */
struct two_faced {
    struct dns_resolver base;      /* first */
    struct dns_resolver *faces[2]; /* by enum dns_way */
    unsigned asked[2];
};

static inline struct dns_request *two_faced_ask(struct dns_resolver *resolver, struct span name,
                                                enum dns_type type, enum dns_way way)
{
    struct two_faced *two = (struct two_faced *)resolver;
    two->asked[way]++;
    return two->faces[way]->calls->ask(two->faces[way], name, type, way);
}

static inline void two_faced_state(struct dns_resolver *resolver, struct dns_state *state_r)
{
    struct two_faced *two = (struct two_faced *)resolver;
    dns_resolver_state(two->faces[DNS_WAY_CACHE], state_r);
}

static const struct dns_calls two_faced_calls = { .ask = two_faced_ask, .state = two_faced_state };

struct scene {
    char folder[64];
    struct house house;
    struct two_faced dns;
    struct site_holder *holder;
    struct store *store;
    struct key_proofs *proofs;
    struct list_board *lists;
    struct watch *watch;
    const struct watch_ears *ears;
    struct buffer records[3]; /* TXT of the keys a, b and c */
};

/* Keys a.pem, b.pem, c.pem, each the only one of its kind. */
static inline void scene_make_key(struct scene *scene, int number)
{
    struct error error;
    struct buffer pem = BUFFER_EMPTY;
    char path[96];
    struct dkim_key *key = dkim_key_generate(DKIM_ED25519_SHA256, 0, &error);
    snprintf(path, sizeof(path), "%s/%c.pem", scene->folder, 'a' + number);
    assert_true(key != NULL && dkim_key_print_private(key, &pem));
    FILE *file = fopen(path, "w");
    assert_true(file != NULL && fwrite(pem.at, 1, pem.size, file) == pem.size);
    fclose(file);
    chmod(path, 0600);
    buffer_clear(&scene->records[number]);
    assert_true(dkim_key_print_record(key, &scene->records[number]));
    dkim_key_unref(&key);
    buffer_free(&pem);
}

/* $F in the text is the folder, $A to $C are the records of the keys. */
static inline void scene_expand(const struct scene *scene, const char *text, struct buffer *out)
{
    for (; *text != '\0'; text++) {
        if (text[0] == '$' && text[1] == 'F') {
            buffer_add_text(out, scene->folder);
            text++;
        } else if (text[0] == '$' && text[1] >= 'A' && text[1] <= 'C') {
            buffer_add_span(out, buffer_span(&scene->records[text[1] - 'A']));
            text++;
        } else {
            buffer_add_char(out, text[0]);
        }
    }
}

static inline void scene_set_face(struct scene *scene, enum dns_way way, const char *script)
{
    struct error error;
    struct buffer text = BUFFER_EMPTY;
    scene_expand(scene, script, &text);
    dns_resolver_free(&scene->dns.faces[way]);
    scene->dns.faces[way] = dns_scripted_new(buffer_span(&text), &scene->house.clock.clock, &error);
    if (scene->dns.faces[way] == NULL) {
        fail_msg("%s", error.text);
    }
    buffer_free(&text);
}

/* What everybody is told from here on. */
static inline void scene_dns(struct scene *scene, const char *script)
{
    scene_set_face(scene, DNS_WAY_CACHE, script);
    scene_set_face(scene, DNS_WAY_ZONE, script);
}

static inline struct site *scene_site(struct scene *scene, const char *domains)
{
    struct buffer text = BUFFER_EMPTY;
    struct config_report *report = config_report_new();
    scene_expand(scene,
                 "socket = \"unix:/nowhere\"; mode = \"enforce\"; watch = { every = \"0s\"; };\n",
                 &text);
    scene_expand(scene, domains, &text);
    struct site *site = site_load_text("t.conf", buffer_span(&text), all_config_tables(), report);
    if (site == NULL) {
        fail_msg("%s", config_report_fault(report, 0)->text);
    }
    config_report_free(&report);
    buffer_free(&text);
    return site;
}

static inline void scene_start(struct scene *scene, bool is_leader)
{
    struct watch_setup setup = { .holder = scene->holder,
                                 .resolver = &scene->dns.base,
                                 .store = scene->store,
                                 .proofs = scene->proofs,
                                 .lists = scene->lists,
                                 .ears = scene->ears,
                                 .clock = &scene->house.clock.clock,
                                 .log = &scene->house.sink,
                                 .is_leader = is_leader };
    scene->watch = watch_new(&setup);
    assert_non_null(scene->watch);
}

/* store NULL: in memory. */
static inline struct scene *scene_new(const char *domains, const char *store)
{
    struct scene *scene = calloc(1, sizeof(*scene));
    snprintf(scene->folder, sizeof(scene->folder), "/tmp/test_watch.XXXXXX");
    assert_non_null(mkdtemp(scene->folder));
    for (int i = 0; i < 3; i++) {
        scene_make_key(scene, i);
    }
    house_open(&scene->house, "socket = \"unix:/nowhere\";");
    scene->dns.base.calls = &two_faced_calls;
    scene_dns(scene, "");
    scene->holder = site_holder_new(scene_site(scene, domains));
    scene->store = store != NULL ? store_open(store) : store_in_memory();
    scene->proofs = key_proofs_new();
    scene->lists = list_board_new();
    assert_true(scene->holder != NULL && scene->store != NULL && scene->proofs != NULL);
    return scene;
}

static inline int scene_remove_one(const char *path, const struct stat *status, int kind,
                                   struct FTW *where)
{
    (void)status;
    (void)kind;
    (void)where;
    return remove(path);
}

static inline void scene_free(struct scene **scene)
{
    struct scene *gone = *scene;
    watch_free(&gone->watch);
    key_proofs_free(&gone->proofs);
    list_board_free(&gone->lists);
    store_close(&gone->store);
    site_holder_free(&gone->holder);
    for (int i = 0; i < 2; i++) {
        dns_resolver_free(&gone->dns.faces[i]);
    }
    for (int i = 0; i < 3; i++) {
        buffer_free(&gone->records[i]);
    }
    house_close(&gone->house);
    nftw(gone->folder, scene_remove_one, 8, FTW_DEPTH | FTW_PHYS);
    free(gone);
    *scene = NULL;
}

static inline void scene_leap(struct scene *scene, uint64_t ms)
{
    uint64_t before_s = scene->house.clock.now_ns / 1000000000;
    scene->house.clock.now_ns += ms * 1000000;
    scene->house.clock.now_s += (int64_t)(scene->house.clock.now_ns / 1000000000 - before_s);
}

/* The watch runs on for so long. */
static inline void scene_pass(struct scene *scene, int64_t seconds)
{
    int64_t end_s = scene->house.clock.now_s + seconds;
    while (scene->house.clock.now_s < end_s) {
        unsigned pause_ms = watch_step(scene->watch);
        scene_leap(scene, pause_ms > 0 ? pause_ms : 1);
    }
}

static inline struct key_record scene_record(struct scene *scene, const char *name)
{
    struct key_record kept = { .state = KEY_NEW }, shown = { .state = KEY_NEW };
    assert_int_equal(key_record_load(scene->store, span_of(name), &kept), STORE_FOUND);
    assert_true(key_proofs_get(scene->proofs, span_of(name), &shown));
    assert_int_equal(kept.state, shown.state);
    assert_int_equal(kept.is_lost, shown.is_lost);
    return kept;
}

static inline void assert_state(struct scene *scene, const char *name, enum key_state state,
                                bool is_lost)
{
    struct key_record record = scene_record(scene, name);
    if (record.state != state || record.is_lost != is_lost) {
        fail_msg("%s is %s%s; the log:\n%s", name, key_state_name(record.state),
                 record.is_lost ? ", lost" : "", buffer_text(&scene->house.log));
    }
}

/* How often the log has these words; it is emptied. */
static inline void assert_said(struct scene *scene, const char *words, int count)
{
    int found = 0;
    for (const char *at = buffer_text(&scene->house.log); (at = strstr(at, words)) != NULL; at++) {
        found++;
    }
    if (found != count) {
        fail_msg("%d times \"%s\" in:\n%s", found, words, buffer_text(&scene->house.log));
    }
    buffer_clear(&scene->house.log);
}

/* The selectors that sign for a From domain now, "" for none. */
static inline void assert_signs(struct scene *scene, const char *from, const char *selectors)
{
    struct site *site = site_holder_get(scene->holder);
    const struct dkim_domain *domain = dkim_domains_find(site->domains, span_of(from));
    struct buffer said = BUFFER_EMPTY;
    bool uses[8];
    assert_true(domain != NULL && domain->key_count <= 8);
    struct span d = domain->d != NULL ? span_of(domain->d) : span_of(from);
    key_proofs_choose(scene->proofs, domain, d, site->signing->require_published, uses);
    for (size_t i = 0; i < domain->key_count; i++) {
        if (uses[i]) {
            buffer_printf(&said, "%s%s", said.size > 0 ? " " : "", domain->keys[i].selector);
        }
    }
    assert_string_equal(buffer_text(&said), selectors);
    buffer_free(&said);
    site_unref(&site);
}

#endif
