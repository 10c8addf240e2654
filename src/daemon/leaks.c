/*
 * leaks: asks the sanitizer's run-time library, where the program is linked with it.
 */
#include "daemon/leaks.h"

#include <stddef.h>

#include "log/log.h"

/* sanitizer/lsan_interface.h, which only compilers with sanitizers bring along. */
extern int __lsan_do_recoverable_leak_check(void) __attribute__((weak));

void leaks_look(void)
{
    if (__lsan_do_recoverable_leak_check == NULL)
        return;
    if (__lsan_do_recoverable_leak_check() != 0)
        log_write(LOG_LEVEL_ERR, "LeakSanitizer reports leaks");
    else
        log_write(LOG_LEVEL_INFO, "LeakSanitizer reports no leak");
}
