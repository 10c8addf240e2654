/*
 * ctl: the frame of egressctl: a command is a row, its options are rows, and both are what the
 * parser, the usage text and the manual's lint read.
 *
 * A command writes into two buffers; main() hands them to stdout and stderr at the end. So a
 * command is a function of its arguments, and a test reads what a user would.
 */
#ifndef EM_CTL_CTL_H
#define EM_CTL_CTL_H

#include <stdbool.h>
#include <stddef.h>

#include "config/row.h"
#include "util/buffer.h"
#include "util/clock.h"
#include "util/error.h"

/* What egressctl ends with. 0 to 3 are also Nagios' four answers (status, health). */
enum ctl_exit {
    CTL_GOOD = 0,
    CTL_WARNING = 1,
    CTL_CRITICAL = 2,
    CTL_UNKNOWN = 3,
    CTL_NO = 1,            /* explain: would not be accepted */
    CTL_USAGE = 64,        /* EX_USAGE */
    CTL_INPUT = 66,        /* EX_NOINPUT: a file given cannot be read */
    CTL_UNREACHABLE = 69,  /* EX_UNAVAILABLE: the daemon does not answer */
    CTL_INTERNAL = 70,     /* EX_SOFTWARE */
    CTL_CANNOT_WRITE = 73, /* EX_CANTCREAT */
    CTL_CONFIG = 78        /* EX_CONFIG */
};

struct ctl_option {
    const char *name;     /* "login" is --login */
    char letter;          /* 'c' is also -c; 0: long form only */
    const char *argument; /* what stands behind it in the usage: "LOGIN"; NULL: a switch */
    bool repeats;         /* may be given several times */
    const char *brief;    /* one line */
};

#define CTL_OPTIONS_END                                                                            \
    {                                                                                              \
        .name = NULL                                                                               \
    }

struct ctl;
struct ctl_args;
struct dns_resolver;

struct ctl_command {
    const char *name;     /* one or two words: "check", "key new" */
    const char *operands; /* as in the usage: "FILE|-"; "" without */
    unsigned operands_min, operands_max;
    const struct ctl_option *options; /* ended by name == NULL; NULL: only the common ones */
    const char *brief;                /* one line for the list of commands */
    const char *details;              /* a paragraph for its own help; NULL: nothing more to say */
    bool is_hidden;                   /* not in the list of commands */
    enum ctl_exit (*run)(struct ctl *ctl, const struct ctl_args *args);
};

/* Where changes are told beside the answer: a line for whoever reads the log later. */
struct ctl_audit {
    void (*write)(struct ctl_audit *audit, const char *facility, struct span line);
};

/* One call of egressctl. */
struct ctl {
    const struct ctl_command *const *commands;
    size_t command_count;
    const struct config_table *const *tables; /* what the configuration may hold */
    const struct clock *clock;
    const char *config_path;       /* -c */
    bool is_json;                  /* --json */
    bool asks_dns;                 /* commands may ask DNS */
    bool has_colour;               /* stdout is a terminal and NO_COLOR is not set */
    struct ctl_audit *audit;       /* NULL: nobody is told */
    struct dns_resolver *resolver; /* asked instead of a real one, by tests */
    struct buffer out, err;
};

/* What every command takes. */
extern const struct ctl_option ctl_common_options[];

/*
 * Reads the arguments (argv[0] is the program), finds the command and runs it. Results are in
 * ctl->out and ctl->err, which the caller prints and frees. Usage errors give one line and one
 * hint in ctl->err and CTL_USAGE.
 */
enum ctl_exit ctl_run(struct ctl *ctl, int argc, const char *const *argv);

/* "egressctl: TEXT" into ctl->err; returns `code`, so that a command may end with it. */
enum ctl_exit ctl_fail(struct ctl *ctl, enum ctl_exit code, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

#endif
