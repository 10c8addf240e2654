/*
 * audit: what was changed by command, for whoever reads the log later.
 */
#ifndef EM_CTL_AUDIT_H
#define EM_CTL_AUDIT_H

#include "ctl/ctl.h"
#include "site/site.h"

/* One line of level notice, with the facility of the configuration; ctl->audit NULL: nothing. */
void audit_tell(const struct ctl *ctl, const struct site *site, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

#endif
