/* Reads /proc and process clocks. See process_account.h, proc(5), clock_getcpuclockid(3). */
#include "process_account.h"

#include <ctype.h>
#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

static bool read_cpu_clock(pid_t pid, uint64_t *used_ns_r)
{
    clockid_t clock;
    struct timespec used;

    if (clock_getcpuclockid(pid, &clock) != 0 || clock_gettime(clock, &used) != 0)
        return false;
    *used_ns_r = (uint64_t)used.tv_sec * 1000000000u + (uint64_t)used.tv_nsec;
    return true;
}

bool account_add(struct process_account *account, const char *list)
{
    uint64_t unused;

    while (*list) {
        char *end;
        long pid = strtol(list, &end, 10);

        if (end == list || pid <= 0 || (*end && *end != ',') ||
            account->roots == ACCOUNT_PIDS_MAX || !read_cpu_clock((pid_t)pid, &unused))
            return false;
        account->root[account->roots++] = (pid_t)pid;
        list = *end ? end + 1 : end;
    }
    return true;
}

static pid_t parent_of(pid_t pid)
{
    char path[64];
    char text[1024];
    const char *after_name;
    size_t length;
    FILE *file;
    int parent = 0;

    snprintf(path, sizeof path, "/proc/%d/stat", (int)pid);
    file = fopen(path, "r");
    if (!file)
        return 0; /* ended meanwhile */
    length = fread(text, 1, sizeof text - 1, file);
    fclose(file);
    text[length] = 0;
    after_name = strrchr(text, ')'); /* the name may hold anything, parentheses too */
    if (!after_name || sscanf(after_name + 1, " %*c %d", &parent) != 1)
        return 0;
    return parent;
}

static bool is_listed(const struct process_account *account, pid_t pid)
{
    for (size_t i = 0; i < account->count; i++)
        if (account->pid[i] == pid)
            return true;
    return false;
}

static void find_descendants(struct process_account *account)
{
    size_t before;

    memcpy(account->pid, account->root, account->roots * sizeof *account->pid);
    account->count = account->roots;
    do { /* a child may be listed before its parent: until nothing new appears */
        DIR *proc = opendir("/proc");
        struct dirent *entry;

        before = account->count;
        while (proc && (entry = readdir(proc))) {
            pid_t pid = (pid_t)atoi(entry->d_name);

            if (!isdigit((unsigned char)entry->d_name[0]) || is_listed(account, pid) ||
                account->count == ACCOUNT_PIDS_MAX)
                continue;
            if (is_listed(account, parent_of(pid)))
                account->pid[account->count++] = pid;
        }
        if (proc)
            closedir(proc);
    } while (account->count > before);
}

uint64_t account_cpu_ns(struct process_account *account)
{
    uint64_t sum_ns = 0;

    find_descendants(account);
    for (size_t i = 0; i < account->count; i++) {
        uint64_t used_ns;

        if (read_cpu_clock(account->pid[i], &used_ns))
            sum_ns += used_ns;
    }
    return sum_ns;
}

enum mapping { MAPPING_OWN, MAPPING_SHARED, MAPPING_FILE };

/* "/dev/zero (deleted)" and "/memfd:..." are the kernel's names for memory without a file. */
static bool names_file(const char *path)
{
    return path[0] == '/' && strncmp(path, "/dev/zero", 9) != 0 && strncmp(path, "/memfd:", 7) != 0;
}

/* A mapping's head is "start-end perms offset device inode path"; the lines after it are "Name:  N
 * kB". */
static void add_smaps_line(const char *line, enum mapping *mapping, struct process_memory *memory)
{
    char perms[8];
    char name[32];
    int path = 0;
    unsigned long long kib;

    if (sscanf(line, "%*x-%*x %7s %*s %*s %*s %n", perms, &path) == 1) {
        bool is_shared = strlen(perms) == 4 && perms[3] == 's';

        *mapping = !is_shared                            ? MAPPING_OWN
                   : path > 0 && names_file(line + path) ? MAPPING_FILE
                                                         : MAPPING_SHARED;
        return;
    }
    if (sscanf(line, "%31[A-Za-z_]: %llu kB", name, &kib) != 2)
        return;
    if (strcmp(name, "Rss") == 0)
        memory->rss_kib += kib;
    else if (strcmp(name, "Anonymous") == 0 && *mapping == MAPPING_OWN)
        memory->anonymous_kib += kib;
    else if (*mapping == MAPPING_SHARED &&
             (strcmp(name, "Shared_Dirty") == 0 || strcmp(name, "Private_Dirty") == 0))
        memory->shared_dirty_kib += kib;
}

static bool add_process_memory(pid_t pid, struct process_memory *memory)
{
    char path[64];
    char line[4096];
    enum mapping mapping = MAPPING_OWN;
    FILE *file;

    snprintf(path, sizeof path, "/proc/%d/smaps", (int)pid);
    file = fopen(path, "r");
    if (!file)
        return false;
    while (fgets(line, sizeof line, file))
        add_smaps_line(line, &mapping, memory);
    fclose(file);
    return true;
}

bool account_memory(struct process_account *account, struct process_memory *memory_r)
{
    bool found = false;

    *memory_r = (struct process_memory){ 0 };
    find_descendants(account);
    for (size_t i = 0; i < account->count; i++)
        found = add_process_memory(account->pid[i], memory_r) || found;
    return found;
}
