/*
 * traffic: lists of mail.
 */
#include "tests/sim/traffic.h"

#include <stdio.h>
#include <stdlib.h>

static void *grown(void *all, size_t *room, size_t size)
{
    *room = *room > 0 ? *room * 2 : 1024;
    all = realloc(all, *room * size);
    if (all == NULL) {
        fprintf(stderr, "sim: out of memory\n");
        exit(2);
    }
    return all;
}

void traffic_free(struct traffic *traffic)
{
    free(traffic->mails);
    free(traffic->recipients);
    *traffic = (struct traffic){ 0 };
}

void traffic_add(struct traffic *traffic, const struct mail *mail)
{
    if (traffic->count == traffic->room) {
        traffic->mails = grown(traffic->mails, &traffic->room, sizeof(*mail));
    }
    traffic->mails[traffic->count] = *mail;
    traffic->mails[traffic->count].first = (uint32_t)traffic->recipient_count;
    traffic->mails[traffic->count++].count = 0;
}

void traffic_to(struct traffic *traffic, uint64_t recipient)
{
    if (traffic->recipient_count == traffic->recipient_room) {
        traffic->recipients =
            grown(traffic->recipients, &traffic->recipient_room, sizeof(recipient));
    }
    traffic->recipients[traffic->recipient_count++] = recipient;
    traffic->mails[traffic->count - 1].count++;
}

static int by_time(const void *a, const void *b)
{
    const struct mail *one = a, *other = b;
    if (one->at_s != other->at_s) {
        return one->at_s < other->at_s ? -1 : 1;
    }
    return one->first < other->first ? -1 : one->first > other->first;
}

void traffic_sort(struct traffic *traffic)
{
    if (traffic->count > 0) {
        qsort(traffic->mails, traffic->count, sizeof(traffic->mails[0]), by_time);
    }
}
