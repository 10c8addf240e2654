/*
 * process: a child as its parent knows it: how it is started, what it says, how it ended.
 */
#ifndef EM_DAEMON_PROCESS_H
#define EM_DAEMON_PROCESS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "daemon/link.h"

#define PROCESS_NO_SLOT SIZE_MAX /* adopted, and its socket is configured no longer */
#define PROCESS_WORDS_MAX 1500   /* bytes of its last words that are kept */

enum process_state {
    PROCESS_STARTING, /* has not said that it serves */
    PROCESS_SERVING,
    PROCESS_RETIRING /* a successor serves; ends by itself when its sessions have */
};

struct process {
    pid_t pid;
    size_t slot;
    size_t former_slot; /* of an adopted one: in the program that was here before this one */
    size_t row;         /* where it counts (log/counter.h) */
    enum process_state state;
    int link_fd;                   /* our end; -1: closed */
    int voice_fd;                  /* its stderr; -1: none, or closed */
    bool is_adopted;               /* of the program that was here before this one */
    uint64_t started_ms, ready_ms; /* ready_ms 0: never served */
    bool tells_life;               /* it has said LINK_ALIVE: silence means something */
    unsigned silent;               /* looks since it last did */
    bool reloads;                  /* told to, and has not said that it is over */
    char words[PROCESS_WORDS_MAX + 1];
    size_t words_size;
};

/* A child's side of it. */
struct child_link {
    int fd;
    int voice_fd; /* where stderr is to go when nobody stands by; -1: leave it */
    size_t slot;
    unsigned deaths;  /* of earlier children of this slot */
    bool is_attended; /* somebody stands by and reads stderr: the first start of all */
};

/* The child serves. The first time every child has said so, the start has succeeded. */
void child_link_ready(const struct child_link *link);
/* The other children are to reload too. */
void child_link_reload_others(const struct child_link *link);

/*
 * Forks. In the child it returns 0 with *link_r filled but for deaths and is_attended; in the
 * parent the pid with *process_r filled but for row; -1 with errno. `hears`: stderr of the child
 * is listened to.
 */
pid_t process_fork(size_t slot, bool hears, struct process *process_r, struct child_link *link_r);
/* Takes in what stderr of the child has said. */
void process_hear_voice(struct process *process);
/* Adds a text to its last words. */
void process_note_words(struct process *process, const char *text, size_t size);
void process_close(struct process *process);
/* "died of signal 11 (Segmentation fault); last words: ..."; for waitpid()'s status. */
void process_describe_end(const struct process *process, int status, char *out, size_t size);

#endif
