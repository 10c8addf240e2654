/*
 * report: what the loader tells a report besides its faults.
 */
#ifndef EM_CONFIG_REPORT_PRIVATE_H
#define EM_CONFIG_REPORT_PRIVATE_H

#include "config/config.h"

/* Faults of this file come after those of the files named before it. */
void report_expect_file(struct config_report *report, const char *file);

#endif
