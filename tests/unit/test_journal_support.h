/*
 * Journals for tests: entries in the export format, which systemd-journal-remote writes into files.
 * No systemd runs for that.
 */
#ifndef TESTS_UNIT_TEST_JOURNAL_SUPPORT_H
#define TESTS_UNIT_TEST_JOURNAL_SUPPORT_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "feedback/maillog_source.h"
#include "util/buffer.h"

#define JOURNAL_START_S INT64_C(1764369180) /* 2025-11-28T22:33:00Z, before any test is run */

/* Entries of one boot are in the order of its clock, those of two in that of their times. */
static unsigned journal_boot = 1;

static inline const char *journal_remote(void)
{
    static const char *const programs[] = { "/lib/systemd/systemd-journal-remote",
                                            "/usr/lib/systemd/systemd-journal-remote" };
    for (size_t i = 0; i < sizeof(programs) / sizeof(programs[0]); i++) {
        if (access(programs[i], X_OK) == 0) {
            return programs[i];
        }
    }
    return NULL;
}

/* Why journals cannot be tested here, told; false: they can. */
static inline bool journal_is_missing(void)
{
    struct error error = { "" };
    if (!maillog_source_accepts("journal", &error)) {
        print_message("skipped: %s\n", error.text);
        return true;
    }
    if (journal_remote() == NULL) {
        print_message("skipped: there is no systemd-journal-remote\n");
        return true;
    }
    return false;
}

/* A field, whatever is in its value. */
static inline void journal_field(struct buffer *out, const char *name, struct span value)
{
    unsigned char size[8];
    for (size_t i = 0; i < sizeof(size); i++) {
        size[i] = (unsigned char)(value.size >> (8 * i));
    }
    buffer_printf(out, "%s\n", name);
    buffer_add(out, size, sizeof(size));
    buffer_add_span(out, value);
    buffer_add_char(out, '\n');
}

/* What every entry begins with; the caller adds fields and journal_end(). No two are alike. */
static inline void journal_begin(struct buffer *out, int64_t time_us)
{
    static unsigned serial;
    serial++;
    buffer_printf(out,
                  "__REALTIME_TIMESTAMP=%lld\n__MONOTONIC_TIMESTAMP=%u\n"
                  "_BOOT_ID=%032x\n"
                  "_MACHINE_ID=fedcba9876543210fedcba9876543210\n_TRANSPORT=syslog\nSERIAL=%u\n",
                  (long long)time_us, serial, journal_boot, serial);
}

static inline void journal_end(struct buffer *out)
{
    buffer_add_char(out, '\n');
}

/* An entry of the mail server, as syslog(3) makes it. */
static inline void journal_entry(struct buffer *out, int64_t time_us, const char *program,
                                 struct span message)
{
    journal_begin(out, time_us);
    buffer_printf(out, "_HOSTNAME=mx1\nSYSLOG_FACILITY=2\nSYSLOG_IDENTIFIER=%s\nSYSLOG_PID=7\n",
                  program);
    journal_field(out, "MESSAGE", message);
    journal_end(out);
}

/* Adds the entries to a file, which is made where it is not there, and empties the buffer. */
static inline void journal_write(const char *folder, const char *name, struct buffer *entries)
{
    char command[512];
    FILE *remote;
    snprintf(command, sizeof(command), "exec %s --output=%s/%s.journal - 2>/dev/null",
             journal_remote(), folder, name);
    remote = popen(command, "w");
    assert_non_null(remote);
    assert_int_equal(fwrite(entries->at, 1, entries->size, remote), entries->size);
    assert_int_equal(pclose(remote), 0);
    buffer_clear(entries);
}

#endif
