/*
 * maillog_join_queues: the mail servers of each host that have a queue, known by the lines of their
 * queue managers. Names that have none are those of services ("-o syslog_name=slow").
 */
#include "feedback/maillog_join_private.h"

bool join_queues_has(const struct join_queues *queues, uint64_t host, uint64_t instance)
{
    for (size_t i = 0; i < queues->count; i++) {
        if (queues->of[i].host == host && queues->of[i].instance == instance) {
            return true;
        }
    }
    return false;
}

size_t join_queues_on(const struct join_queues *queues, uint64_t host)
{
    size_t count = 0;
    for (size_t i = 0; i < queues->count; i++) {
        count += queues->of[i].host == host;
    }
    return queues->count < JOIN_QUEUES_MAX ? count : JOIN_QUEUES_MAX;
}

void join_queues_note(struct join_queues *queues, uint64_t host, uint64_t instance)
{
    if (queues->count < JOIN_QUEUES_MAX && !join_queues_has(queues, host, instance)) {
        queues->of[queues->count].host = host;
        queues->of[queues->count++].instance = instance;
    }
}
