/*
 * fuzz_cause: any octets as the answer to an attempt: the first one is whose answer, a first line
 * the enhanced code. What is found is one of the set; it does not depend on codes that are taken
 * out of the text and handed in beside it, and what is not permanent is never hard.
 */
#include <stdint.h>
#include <stdlib.h>

#include "feedback/cause.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void expect(bool is_so)
{
    if (!is_so) {
        abort();
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct span all = { (const char *)data, size }, enhanced, code;
    if (size == 0) {
        return 0;
    }
    struct cause_reply reply = { .provider = data[0] % CAUSE_PROVIDER_COUNT };
    reply.text = span_from(all, 1);
    span_cut(&reply.text, '\n', &reply.enhanced);
    struct cause_found found = cause_of(&reply);
    expect(found.cause < CAUSE_COUNT && cause_found_advice(&found) != NULL);
    expect(found.is_permanent || !found.is_hard);
    expect(found.rule != NULL || found.cause == CAUSE_UNKNOWN);

    cause_codes(span_first(reply.text, CAUSE_TEXT_MAX), &enhanced, &code);
    expect(enhanced.size == 0 || cause_is_enhanced(enhanced));
    if (!cause_is_enhanced(reply.enhanced) && enhanced.size > 0) {
        struct cause_reply again = reply;
        again.enhanced = enhanced;
        expect(cause_of(&again).cause == found.cause);
    }
    (void)cause_provider_of_host(reply.text);
    return 0;
}
