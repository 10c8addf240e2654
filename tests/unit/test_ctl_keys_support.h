/*
 * test_ctl_keys_support: a folder of keys and a store of their states, for commands about them.
 */
#ifndef EM_TEST_CTL_KEYS_SUPPORT_H
#define EM_TEST_CTL_KEYS_SUPPORT_H

#include "test_ctl_support.h"

#include "dkim/key.h"
#include "dkim/proof_store.h"
#include "dkim/published.h"
#include "util/file.h"

#define DAY_S 86400

/* `domains` is what stands behind "domains = ". */
static inline void keys_config(const struct stage *stage, const char *domains)
{
    char config[2048];

    snprintf(
        config, sizeof(config),
        "socket = \"unix:/tmp/m\"; state = { directory = \"%s/state\"; }; control = { socket = "
        "\"%s/control.sock\"; }; domains = %s;",
        stage->directory, stage->directory, domains);
    stage_config(stage, config);
}

static inline void keys_config_folder(const struct stage *stage)
{
    char domains[256];

    snprintf(domains, sizeof(domains), "\"dir:%s/keys\"", stage->directory);
    keys_config(stage, domains);
}

/* keys/DOMAIN/SELECTOR.pem. */
static inline void keys_make(struct stage *stage, const char *domain, const char *selector,
                             const char *algorithm)
{
    mkdir(stage_path(stage, "keys"), 0700);
    assert_int_equal(stage_run(stage, "key", "new", domain, "--selector", selector, "--algorithm",
                               algorithm, "--directory", stage_path(stage, "keys"), NULL),
                     CTL_GOOD);
}

static inline struct store *keys_store(const struct stage *stage)
{
    struct store *store = store_open(stage_path(stage, "state"));
    struct error trouble;

    assert_non_null(store);
    if (store_trouble(store, &trouble))
        fail_msg("%s", trouble.text);
    return store;
}

/* What the daemon would have noted; the store is there afterwards. */
static inline void keys_note(const struct stage *stage, const char *name,
                             const struct key_record *record)
{
    struct store *store = keys_store(stage);

    assert_true(key_record_save(store, span_of(name), record, STORE_DURABLE));
    store_close(&store);
}

static inline void keys_note_state(const struct stage *stage, const char *name,
                                   enum key_state state)
{
    keys_note(stage, name,
              &(struct key_record){ .state = state,
                                    .since_s = NOW_S - 10 * DAY_S,
                                    .seen_good_s = state > KEY_NEW ? NOW_S - 60 : 0,
                                    .looked_s = NOW_S - 60,
                                    .reason = "as noted" });
}

static inline struct key_record keys_noted(const struct stage *stage, const char *name)
{
    struct store *store = keys_store(stage);
    struct key_record record;

    if (key_record_load(store, span_of(name), &record) != STORE_FOUND)
        fail_msg("nothing is noted of %s", name);
    store_close(&store);
    return record;
}

static inline bool keys_has_file(const struct stage *stage, const char *name)
{
    return access(stage_path(stage, name), F_OK) == 0;
}

#endif
