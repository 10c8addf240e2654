/*
 * library_private: libunbound, and nothing else of it than the house uses. One thread takes the
 * answers; the library has one of its own, in which it works.
 */
#ifndef EM_DNS_LIBRARY_PRIVATE_H
#define EM_DNS_LIBRARY_PRIVATE_H

#include "dns/answer_private.h"
#include "dns/servers_private.h"
#include "util/error.h"

struct dns_library;

/* Questions it is given at once: those of dead zones take long, and should not keep others waiting.
 */
#define DNS_LIBRARY_QUESTIONS 1000

/* A question as the library has it; part of something of the asker's, and there until it is
 * answered or cancelled, or the library closed. */
struct dns_asked {
    /* Within dns_library_process(). The answer is gone afterwards. */
    void (*came)(struct dns_asked *asked, const struct dns_answer *answer);
    enum dns_type type;
    int id; /* the library's */
};

/* NULL with *error. Starts no thread before the first question. */
struct dns_library *dns_library_open(const struct dns_servers *servers, struct error *error);
/* What is under way is never answered. Waits for the library's thread, which is moments. */
void dns_library_close(struct dns_library **library);
/* `name` is in its one form. False with *error: it is not asked. */
bool dns_library_ask(struct dns_library *library, struct span name, struct dns_asked *asked,
                     struct error *error);
void dns_library_cancel(struct dns_library *library, struct dns_asked *asked);
/* To be polled for reading; then there are answers to process. */
int dns_library_fd(struct dns_library *library);
void dns_library_process(struct dns_library *library);

#endif
