/*
 * redis_request: a call on its way, counted by those who hold it, and rows of them.
 */
#include "state/redis_private.h"

#include <stdlib.h>

void redis_request_unref(struct redis_request *request)
{
    if (atomic_fetch_sub(&request->holders, 1) > 1) {
        return;
    }
    pthread_cond_destroy(&request->done);
    redis_reply_free(&request->reply);
    buffer_free(&request->words);
    free(request);
}

void redis_requests_init(struct redis_requests *requests)
{
    *requests = (struct redis_requests){ .first = NULL };
    requests->end = &requests->first;
}

void redis_requests_put(struct redis_requests *requests, struct redis_request *request)
{
    request->next = NULL;
    *requests->end = request;
    requests->end = &request->next;
    requests->count++;
}

struct redis_request *redis_requests_take(struct redis_requests *requests)
{
    struct redis_request *request = requests->first;
    if (request != NULL) {
        requests->first = request->next;
        requests->count--;
        if (requests->first == NULL) {
            requests->end = &requests->first;
        }
    }
    return request;
}
