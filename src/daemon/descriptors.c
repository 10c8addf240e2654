/*
 * descriptors: setrlimit(2) for RLIMIT_NOFILE.
 */
#include "daemon/descriptors.h"

#include <inttypes.h>
#include <sys/resource.h>

#include "dns/resolver.h"
#include "log/log.h"
#include "scan/settings.h"

void descriptors_raise(const struct plan *plan)
{
    const struct ceiling_settings *ceilings = config_settings(plan->config, &site_ceiling_table);
    rlim_t needed = (rlim_t)milter_descriptors_needed(ceilings) + DNS_RESOLVER_DESCRIPTORS;
    const struct clamd_settings *clamd = config_settings(plan->config, &clamd_settings_table);
    struct rlimit limit;

    if (clamd->socket != NULL)
        needed += (rlim_t)ceilings->connections; /* a file for each message that will be scanned */
    if (getrlimit(RLIMIT_NOFILE, &limit) < 0 || limit.rlim_cur >= needed)
        return;
    if (limit.rlim_max != RLIM_INFINITY && limit.rlim_max < needed)
        limit.rlim_max = needed; /* root may */
    limit.rlim_cur = needed;
    if (setrlimit(RLIMIT_NOFILE, &limit) == 0)
        return;
    getrlimit(RLIMIT_NOFILE, &limit);
    log_write(LOG_LEVEL_WARNING,
              "ceilings.connections needs %ju open descriptors, and %ju are allowed: set "
              "LimitNOFILE= in the unit, or ulimit -n, or lower the ceiling",
              (uintmax_t)needed, (uintmax_t)limit.rlim_max);
    if (limit.rlim_cur < limit.rlim_max) {
        limit.rlim_cur = limit.rlim_max;
        setrlimit(RLIMIT_NOFILE, &limit);
    }
}
