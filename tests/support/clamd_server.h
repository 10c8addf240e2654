/*
 * clamd_server: a clamd in a thread of the test (tests/support/map_server.h), which finds what the
 * test says.
 */
#ifndef EM_TESTS_SUPPORT_CLAMD_SERVER_H
#define EM_TESTS_SUPPORT_CLAMD_SERVER_H

#include "tests/support/map_server.h"

/*
 * `answer` is called once the whole message is there, with "stream:" before it. The connection is
 * to be closed after an answer, as clamd does: return false.
 */
void clamd_server_start(struct map_server *server, const char *name, map_server_fn answer,
                        void *context);
/* Adds the text and its NUL. */
void clamd_server_say(struct buffer *reply, struct span text);
/*
 * An answer by rules, the context: a text of lines "WORDS = reply". The first line whose words are
 * in the message says what is answered; "stream: OK" where none is. \xNN in a reply is a byte.
 */
bool clamd_server_by_rules(void *context, unsigned number, struct span request,
                           struct buffer *reply);

#endif
