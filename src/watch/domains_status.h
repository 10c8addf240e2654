/*
 * domains_status: what the store knows of the records of our own domains and addresses, for
 * `egressctl status` and `health`. Reads the store only, so it is the same in every process.
 */
#ifndef EM_WATCH_DOMAINS_STATUS_H
#define EM_WATCH_DOMAINS_STATUS_H

#include <stdint.h>

#include "state/store.h"
#include "util/buffer.h"
#include "util/json.h"

#define DOMAINS_LINES_MAX 50     /* of the text */
#define DOMAINS_OBJECTS_MAX 1000 /* in JSON */
#define DOMAINS_GRAVE_MAX 5      /* for health */

/* Appends a section, each line ended by LF: how many there are; which have faults, grave ones
 * first; which have changed within a day. */
void domains_status_text(struct store *store, int64_t now_s, struct buffer *out);
/* Appends the member "watch": an object of counts, and of those with faults, notes or changes. */
void domains_status_json(struct store *store, int64_t now_s, struct json *json);
/* Calls for each of the first faults that make mail fail. Returns how many there are in all. */
typedef void domains_grave(struct span line, void *context);
size_t domains_status_grave(struct store *store, domains_grave *grave, void *context);

#endif
