/*
 * fuzz_standing: any octets as a record of a suspension, as one of a fleet may be, of the history,
 * of what was sent and of what reports told. What can be read of a suspension is written and read
 * again as the same; nothing else does any harm.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "behaviour/history.h"
#include "behaviour/suspension.h"
#include "feedback/post.h"
#include "feedback/sent.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void expect(bool is_so)
{
    if (!is_so) {
        abort();
    }
}

static void try_suspension(struct store *store, struct span key, struct span value)
{
    struct suspension read, again;
    struct error error;
    if (!suspension_read(key, value, &read)) {
        return;
    }
    expect(suspension_put(store, &read, &error));
    if (suspension_find(store, key, 0, &again)) {
        expect(read.state == again.state && read.is_by_machine == again.is_by_machine &&
               read.set_s == again.set_s && read.until_s == again.until_s &&
               strcmp(read.by, again.by) == 0 && strcmp(read.because, again.because) == 0);
    }
}

static bool see_entry(const struct history_entry *entry, void *context)
{
    (void)context;
    expect(memchr(entry->text, '\0', sizeof(entry->text)) != NULL);
    return true;
}

static void see_outcome(void *context, const struct maillog_outcome *outcome, bool is_complaint)
{
    (void)context;
    (void)is_complaint;
    expect(outcome->class <= 5);
}

static void try_tables(struct store *store, struct span key, struct span value)
{
    struct buffer place = BUFFER_EMPTY;
    struct span principal = span_first(key, key.size > 9 ? key.size - 9 : 0);
    struct sent sent;
    if (key.size == 0 || key.size > STORE_KEY_MAX) {
        return;
    }
    expect(store_put(store, STORE_HISTORY, key, value, STORE_SOON));
    expect(store_put(store, STORE_POST, key, value, STORE_SOON));
    expect(store_put(store, STORE_SENT, SPAN("\7\0\0\0\0\0\0\0"), value, STORE_SOON));
    (void)history_walk(store, principal, see_entry, NULL);
    (void)history_expire(store, INT32_MAX, 10, &place);
    if (sent_find(store, 7, 0, &sent)) {
        (void)sent_to(&sent, 7);
        expect(sent_note(store, 8, &sent, 10));
    }
    (void)post_each(store, 10, see_outcome, NULL);
    buffer_free(&place);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct span all = { (const char *)data, size };
    struct store *store;
    if (size == 0 || (store = store_in_memory()) == NULL) {
        return 0;
    }
    all = span_from(all, 1);
    struct span key = span_first(all, data[0]);
    try_suspension(store, key, span_from(all, key.size));
    try_tables(store, key, span_from(all, key.size));
    store_close(&store);
    return 0;
}
