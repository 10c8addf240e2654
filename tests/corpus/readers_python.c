/*
 * readers_python: a message as Python's email package sees it, asked of corpus_readers.py.
 */
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

#include "tests/corpus/readers.h"

static struct {
    FILE *to, *from;
    pid_t pid;
} python;

static void close_both(int pair[2])
{
    close(pair[0]);
    close(pair[1]);
}

bool readers_python_start(void)
{
    char script[4096];
    int to[2], from[2];
    const char *top = getenv("TOP_SRCDIR"), *interpreter = getenv("PYTHON3");

    if (top == NULL || interpreter == NULL || pipe(to) != 0)
        return false;
    if (pipe(from) != 0) {
        close_both(to);
        return false;
    }
    snprintf(script, sizeof(script), "%s/tests/corpus/corpus_readers.py", top);
    signal(SIGPIPE, SIG_IGN);
    python.pid = fork();
    if (python.pid == 0) {
        dup2(to[0], 0);
        dup2(from[1], 1);
        close_both(to);
        close_both(from);
        execl(interpreter, interpreter, script, (char *)NULL);
        _exit(127);
    }
    close(to[0]);
    close(from[1]);
    python.to = fdopen(to[1], "w");
    python.from = fdopen(from[0], "r");
    return python.pid > 0 && python.to != NULL && python.from != NULL;
}

/* "message SIZE", the octets; the answer is one line for each aspect. */
bool readers_python(const struct subject *subject, struct view *view)
{
    char *line = NULL;
    size_t room = 0;
    bool is_read = fprintf(python.to, "message %zu\n", subject->raw.size) > 0 &&
                   fwrite(subject->raw.at, 1, subject->raw.size, python.to) == subject->raw.size &&
                   fflush(python.to) == 0;

    for (int i = 0; i < ASPECTS && is_read; i++) {
        ssize_t size = getline(&line, &room, python.from);

        is_read = size > 0;
        if (is_read)
            buffer_add(&view->text[i], line, (size_t)size - 1);
    }
    free(line);
    return is_read;
}

bool readers_python_end(void)
{
    int status = -1;

    fclose(python.to);
    fclose(python.from);
    return waitpid(python.pid, &status, 0) == python.pid && status == 0;
}
