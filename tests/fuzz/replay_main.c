/*
 * replay_main: run a fuzz target over files instead of under libFuzzer.
 *
 * Without arguments it feeds every file of the target's seed folder,
 * TOP_SRCDIR/tests/fuzz/seeds/NAME, where NAME is the program's name without "fuzz_"; with
 * arguments, the named files. An empty or missing folder is a failure: a replay that replays
 * nothing proves nothing.
 */
#include <dirent.h>
#include <limits.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static int replay_file(const char *path)
{
    FILE *file = fopen(path, "rb");
    if (file == NULL || fseek(file, 0, SEEK_END) != 0) {
        perror(path);
        return 1;
    }
    long size = ftell(file);
    rewind(file);
    uint8_t *bytes = malloc(size > 0 ? (size_t)size : 1);
    if (bytes == NULL || fread(bytes, 1, (size_t)size, file) != (size_t)size) {
        perror(path);
        return 1;
    }
    fclose(file);
    LLVMFuzzerTestOneInput(bytes, (size_t)size);
    free(bytes);
    return 0;
}

static const char *target_name(const char *program)
{
    const char *slash = strrchr(program, '/');
    const char *base = slash != NULL ? slash + 1 : program;
    if (strncmp(base, "lt-", 3) == 0) {
        base += 3;
    }
    return strncmp(base, "fuzz_", 5) == 0 ? base + 5 : base;
}

static int replay_folder(const char *folder)
{
    DIR *dir = opendir(folder);
    if (dir == NULL) {
        perror(folder);
        return 1;
    }
    int failed = 0;
    unsigned files = 0;
    for (struct dirent *entry; (entry = readdir(dir)) != NULL;) {
        if (entry->d_name[0] == '.') {
            continue;
        }
        char path[PATH_MAX + 256]; /* a folder's path and a name in it */
        snprintf(path, sizeof(path), "%s/%s", folder, entry->d_name);
        failed |= replay_file(path);
        files++;
    }
    closedir(dir);
    printf("%u files replayed from %s\n", files, folder);
    return files == 0 ? 1 : failed;
}

int main(int argc, char **argv)
{
    int failed = 0;
    if (argc > 1) {
        for (int i = 1; i < argc; i++) {
            failed |= replay_file(argv[i]);
        }
        return failed;
    }
    const char *top = getenv("TOP_SRCDIR");
    char folder[PATH_MAX];
    snprintf(folder, sizeof(folder), "%s/tests/fuzz/seeds/%s", top != NULL ? top : ".",
             target_name(argv[0]));
    return replay_folder(folder);
}
