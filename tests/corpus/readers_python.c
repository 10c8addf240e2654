/*
 * readers_python: a message as Python's email package sees it, asked of corpus_readers.py.
 */
#include <stdio.h>
#include <stdlib.h>

#include "tests/corpus/python_pipe.h"
#include "tests/corpus/readers.h"

static struct python_pipe python;

bool readers_python_start(void)
{
    return python_pipe_start("tests/corpus/corpus_readers.py", &python);
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
    return python_pipe_end(&python) == 0;
}
