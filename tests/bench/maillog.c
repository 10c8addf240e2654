/*
 * maillog: how fast a mail log is read: from octets of a file to outcomes with a principal and a
 * cause. Takes the megabytes of the log (100), of messages of Postfix with a line of ours each, one
 * in ten deferred first, one in twenty refused. It is written to a file in TMPDIR.
 *
 * One line of names and figures, CPU time, the best of three: megabytes a second of the whole way
 * (followed from the file, joined, causes found), of reading lines and events alone, of counting
 * the line ends of the same file in the same pieces (the floor), and how often the floor fits into
 * the whole; lines and outcomes.
 */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "feedback/maillog_follow.h"
#include "feedback/maillog_join.h"
#include "tests/bench/cpu_clock.h"
#include "util/buffer.h"

enum { ROUNDS = 3, STEP_BYTES = 4 << 20, PIECE = 256 << 10, MESSAGES = 100000 };

static _Noreturn void fail(const char *what)
{
    fprintf(stderr, "maillog: %s\n", what);
    exit(2);
}

/* --- material -------------------------------------------------------------------------------- */

static void add_line(struct buffer *out, unsigned second, const char *tag)
{
    buffer_printf(out, "Nov %2u %02u:%02u:%02u mx1 %s: ", 1 + second / 86400 % 27,
                  second / 3600 % 24, second / 60 % 60, second % 60, tag);
}

static void add_message(struct buffer *out, unsigned number)
{
    unsigned second = number / 20, user = number % 500, to = number % 7001;
    char id[24];
    snprintf(id, sizeof(id), "4Xk2vR%05xWz1q7", number);
    add_line(out, second, "postfix/submission/smtpd[4711]");
    buffer_printf(out,
                  "%s: client=pc%u.example.org[192.0.2.%u], sasl_method=PLAIN, "
                  "sasl_username=user%u@example.org\n",
                  id, user, user % 250, user);
    add_line(out, second, "postfix/cleanup[4712]");
    buffer_printf(out, "%s: message-id=<%08x.%u@pc.example.org>\n", id, number, user);
    add_line(out, second, "egress-milter[99]");
    buffer_printf(out,
                  "%s: verdict=accept class=submission user=user%u@example.org "
                  "signed=example.org/s2026a spf=pass dmarc=pass limits=default:%u/500 rcpts=1 "
                  "external=1 to=example%u.com:1 size=%u client=192.0.2.%u daemon=SUBMISSION "
                  "tls=TLSv1.3 by=- t_ms=1.4 helo=laptop from=<user%u@example.org> "
                  "hfrom=user%u@example.org msgid=<%08x.%u@pc.example.org>\n",
                  id, user, number % 400, to % 90, number % 90000, user % 250, user, user, number,
                  user);
    add_line(out, second, "postfix/qmgr[4713]");
    buffer_printf(out, "%s: from=<user%u@example.org>, size=%u, nrcpt=1 (queue active)\n", id, user,
                  number % 90000);
    if (number % 10 == 0) {
        add_line(out, second + 1, "postfix/smtp[4714]");
        buffer_printf(out,
                      "%s: to=<reader%u@example%u.com>, relay=mx.example%u.com[198.51.100.7]:25, "
                      "delay=1.2, delays=0.1/0/0.9/0.2, dsn=4.7.1, status=deferred (host "
                      "mx.example%u.com[198.51.100.7] said: 450 4.7.1 <reader%u@example%u.com>: "
                      "Recipient address rejected: Greylisted (in reply to RCPT TO command))\n",
                      id, to, to % 90, to % 90, to % 90, to, to % 90);
    }
    add_line(out, second + 2, "postfix/smtp[4714]");
    if (number % 20 == 1) {
        buffer_printf(out,
                      "%s: to=<reader%u@example%u.com>, relay=mx.example%u.com[198.51.100.7]:25, "
                      "delay=1.2, delays=0.1/0/0.9/0.2, dsn=5.1.1, status=bounced (host "
                      "mx.example%u.com[198.51.100.7] said: 550 5.1.1 The email account that you "
                      "tried to reach does not exist (in reply to RCPT TO command))\n",
                      id, to, to % 90, to % 90, to % 90);
    } else {
        buffer_printf(out,
                      "%s: to=<reader%u@example%u.com>, relay=mx.example%u.com[198.51.100.7]:25, "
                      "delay=1.2, delays=0.1/0/0.9/0.2, dsn=2.0.0, status=sent (250 2.0.0 Ok: "
                      "queued as 9F2C51E03)\n",
                      id, to, to % 90, to % 90);
    }
    add_line(out, second + 2, "postfix/qmgr[4713]");
    buffer_printf(out, "%s: removed\n", id);
}

static size_t write_log(int fd, size_t megabytes)
{
    struct buffer piece = BUFFER_EMPTY;
    size_t size = 0;
    for (unsigned number = 0; size < megabytes << 20; number++) {
        add_message(&piece, number);
        if (piece.size > PIECE) {
            if (write(fd, piece.at, piece.size) != (ssize_t)piece.size) {
                fail("cannot write");
            }
            size += piece.size;
            buffer_clear(&piece);
        }
    }
    buffer_free(&piece);
    return size;
}

/* --- measuring ------------------------------------------------------------------------------- */

struct reading {
    struct logread reader;
    struct maillog_join *join; /* NULL: lines and events alone */
    unsigned long outcomes, failures, events;
};

static void count_outcome(void *context, const struct maillog_outcome *outcome)
{
    struct reading *reading = context;
    reading->outcomes++;
    reading->failures += outcome->class != 2;
}

static void take_line(void *context, struct span line)
{
    struct reading *reading = context;
    struct maillog_event event;
    struct maillog_line read;
    if (reading->join != NULL) {
        maillog_join_line(reading->join, &reading->reader, NULL, line);
    } else if (maillog_line_read(&reading->reader, NULL, line, &read)) {
        reading->events += maillog_event_read(&read, &event);
    }
}

/* Seconds for the whole file; *outcomes_r where they are joined. */
static double read_log(const char *path, bool is_joined, unsigned long *outcomes_r)
{
    struct reading reading = { .outcomes = 0 };
    struct maillog_follow *follow = maillog_follow_new(path, MAILLOG_FROM_BEGINNING, NULL);
    struct error error = { "" };
    double begin = cpu_s();
    logread_init(&reading.reader, &clock_system);
    if (is_joined) {
        reading.join = maillog_join_new(MESSAGES, 6 * 86400, count_outcome, &reading);
    }
    if (follow == NULL || (is_joined && reading.join == NULL)) {
        fail("out of memory");
    }
    for (;;) {
        enum maillog_follow_answer answer =
            maillog_follow_step(follow, STEP_BYTES, take_line, &reading, &error);
        if (answer == MAILLOG_FOLLOW_FAILED) {
            fail(error.text);
        }
        if (answer == MAILLOG_FOLLOW_DONE) {
            break;
        }
    }
    *outcomes_r = reading.outcomes;
    maillog_follow_free(&follow);
    maillog_join_free(&reading.join);
    return cpu_s() - begin;
}

/* As wc -l does. */
static double count_lines(const char *path, unsigned long *lines_r)
{
    static char room[PIECE];
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    double begin = cpu_s();
    ssize_t got;
    *lines_r = 0;
    while ((got = read(fd, room, sizeof(room))) > 0) {
        const char *at = room, *end = room + got;
        while ((at = memchr(at, '\n', (size_t)(end - at))) != NULL) {
            (*lines_r)++;
            at++;
        }
    }
    close(fd);
    return cpu_s() - begin;
}

static double least(double a, double b)
{
    return a < b ? a : b;
}

int main(int argc, char **argv)
{
    size_t megabytes = argc > 1 ? strtoul(argv[1], NULL, 10) : 100;
    const char *folder = getenv("TMPDIR");
    double whole = 1e9, events = 1e9, floor = 1e9, size;
    unsigned long outcomes = 0, none, lines = 0;
    char path[256];
    int fd;
    snprintf(path, sizeof(path), "%s/maillog.XXXXXX", folder != NULL ? folder : "/tmp");
    fd = mkstemp(path);
    if (fd < 0) {
        fail("cannot make a file");
    }
    size = (double)write_log(fd, megabytes) / 1e6;
    close(fd);
    for (int round = 0; round < ROUNDS; round++) {
        floor = least(floor, count_lines(path, &lines));
        events = least(events, read_log(path, false, &none));
        whole = least(whole, read_log(path, true, &outcomes));
    }
    unlink(path);
    printf("mb %.0f whole_mb_s %.0f events_mb_s %.0f floor_mb_s %.0f floors %.1f lines %lu "
           "outcomes %lu\n",
           size, size / whole, size / events, size / floor, whole / floor, lines, outcomes);
    return outcomes > 0 ? 0 : 1;
}
