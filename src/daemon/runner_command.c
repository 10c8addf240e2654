/*
 * runner_command: fork and exec of one command. What it reads lies in memory, so nobody has to feed
 * it; what it says goes through a pipe that never makes it wait.
 */
#include "daemon/runner_private.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "log/counter.h"
#include "log/log.h"
#include "util/clock.h"

#define ARGUMENTS_MAX 64
#define PATH_VARIABLE "PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
#define EXIT_CANNOT_RUN 127

struct words {
    const char *argv[ARGUMENTS_MAX + 1];
    const char *environment[REQUEST_FACTS_MAX + 3];
    struct buffer facts; /* each ended by NUL */
};

/* The request lives in a buffer that is used again, and its texts end in no NUL. */
static bool words_fill(struct words *words, const struct config_texts *argv,
                       const struct request *request)
{
    size_t count = 0, begin = 0;

    memset(words, 0, sizeof(*words));
    if (argv->count == 0 || argv->count > ARGUMENTS_MAX) {
        errno = E2BIG;
        return false;
    }
    memcpy(words->argv, argv->at, argv->count * sizeof(*argv->at));
    for (size_t i = 0; i < request->fact_count; i++) {
        buffer_add_span(&words->facts, request->facts[i]);
        buffer_add_char(&words->facts, '\0');
    }
    if (buffer_has_failed(&words->facts)) {
        errno = ENOMEM;
        return false;
    }
    words->environment[count++] = PATH_VARIABLE;
    words->environment[count++] = "LC_ALL=C";
    for (size_t i = 0; i < request->fact_count; i++) {
        words->environment[count++] = words->facts.at + begin;
        begin += request->facts[i].size + 1;
    }
    return true;
}

/* -1: errno. */
static int input_open(struct span input)
{
    int fd = memfd_create("egress-milter input", MFD_CLOEXEC);

    if (fd >= 0 &&
        (write(fd, input.at, input.size) != (ssize_t)input.size || lseek(fd, 0, SEEK_SET) != 0)) {
        close(fd);
        fd = -1;
    }
    return fd;
}

static _Noreturn void become(const struct words *words, int input_fd, int output_fd)
{
    sigset_t none;

    setpgid(0, 0);
    /* Where the program is no setgid one: should the runner be killed, nobody is left to end it. */
    prctl(PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0);
    for (int number = 1; number < NSIG; number++) {
        signal(number, SIG_DFL);
    }
    sigemptyset(&none);
    sigprocmask(SIG_SETMASK, &none, NULL);
    if (dup2(input_fd, STDIN_FILENO) >= 0 && dup2(output_fd, STDOUT_FILENO) >= 0 &&
        dup2(output_fd, STDERR_FILENO) >= 0 && chdir("/") == 0 &&
        close_range(STDERR_FILENO + 1, ~0U, 0) == 0) {
        execve(words->argv[0], (char *const *)(uintptr_t)words->argv,
               (char *const *)(uintptr_t)words->environment);
    }
    dprintf(STDERR_FILENO, "cannot be run: %s", strerror(errno));
    _exit(EXIT_CANNOT_RUN);
}

static bool start(struct runner_command *command, const struct words *words, int input_fd)
{
    int output[2];

    /* Only our end never waits; what a command says beyond what is kept is read and dropped. */
    if (pipe2(output, O_CLOEXEC) < 0) {
        return false;
    }
    fcntl(output[0], F_SETFL, O_NONBLOCK);
    command->pid = fork();
    if (command->pid == 0) {
        become(words, input_fd, output[1]);
    }
    close(output[1]);
    command->output_fd = output[0];
    if (command->pid > 0) {
        setpgid(command->pid, command->pid); /* before anybody kills the group */
        return true;
    }
    close(output[0]);
    command->output_fd = -1;
    command->pid = 0;
    return false;
}

bool runner_command_start(struct runner_command *command, const struct config_texts *argv,
                          const struct request *request)
{
    struct words words;
    int input_fd = -1, saved_errno;
    bool is_started = false;

    *command = (struct runner_command){ .output_fd = -1 };
    snprintf(command->name, sizeof(command->name), "%.*s", SPAN_ARG(request->command));
    if (words_fill(&words, argv, request)) {
        snprintf(command->path, sizeof(command->path), "%s", argv->at[0]);
        input_fd = input_open(request->input);
        is_started = input_fd >= 0 && start(command, &words, input_fd);
    }
    saved_errno = errno;
    if (input_fd >= 0) {
        close(input_fd);
    }
    buffer_free(&words.facts);
    errno = saved_errno;
    return is_started;
}

void runner_command_hear(struct runner_command *command)
{
    char piece[1024];
    ssize_t size;

    while ((size = read(command->output_fd, piece, sizeof(piece))) > 0) {
        size_t room = RUNNER_WORDS_MAX - command->words_size;
        size_t kept = (size_t)size < room ? (size_t)size : room;
        memcpy(command->words + command->words_size, piece, kept);
        command->words_size += kept;
        command->words[command->words_size] = '\0';
    }
    if (size == 0 || (errno != EAGAIN && errno != EINTR)) {
        close(command->output_fd);
        command->output_fd = -1;
    }
}

void runner_command_kill(struct runner_command *command)
{
    command->is_killed = true;
    kill(-command->pid, SIGKILL);
}

/* On one line. */
static const char *said(struct runner_command *command)
{
    while (command->words_size > 0 && strchr("\n\r ", command->words[command->words_size - 1])) {
        command->words[--command->words_size] = '\0';
    }
    for (char *c = command->words; *c != '\0'; c++) {
        *c = *c == '\n' ? '|' : *c;
    }
    return command->words;
}

void runner_count_failure(void)
{
    counter_add(COUNTER_COMMANDS_FAILED, 1);
    counter_set(COUNTER_LAST_COMMAND_FAILED_S, clock_wall_s(&clock_system));
}

static void tell(struct runner_command *command, int status)
{
    const char *words = said(command), *colon = words[0] != '\0' ? ": " : "";

    counter_add(COUNTER_COMMANDS, 1);
    if (WIFEXITED(status) && WEXITSTATUS(status) == 0) {
        log_write(LOG_LEVEL_INFO, "command %s for %s has run%s%s", command->path, command->name,
                  colon, words);
        return;
    }
    runner_count_failure();
    if (command->is_killed) {
        log_write(LOG_LEVEL_ERR, "command %s for %s took too long and was ended%s%s", command->path,
                  command->name, colon, words);
    } else if (WIFSIGNALED(status)) {
        log_write(LOG_LEVEL_ERR, "command %s for %s died of signal %d%s%s", command->path,
                  command->name, WTERMSIG(status), colon, words);
    } else {
        log_write(LOG_LEVEL_ERR, "command %s for %s ended with code %d%s%s", command->path,
                  command->name, WEXITSTATUS(status), colon, words);
    }
}

void runner_command_ended(struct runner_command *command, int status)
{
    if (command->output_fd >= 0) {
        runner_command_hear(command); /* a daemon of its own may keep the other end open */
    }
    tell(command, status);
    if (command->output_fd >= 0) {
        close(command->output_fd);
    }
    *command = (struct runner_command){ .output_fd = -1 };
}
