/* store: losses of power, simulated. A process writes without pause while its file is copied as a
 * disk would have it: pages of all ages beside each other. Then the copies are cut, mixed with each
 * other, zeroed and filled with noise in places, and opened: that must succeed, or give way to the
 * checkpoint and say so, never crash, and never give a record that nobody wrote.
 *
 * Some ten seconds; EGRESS_LONG=1 takes ten minutes. What failed stays where the failure says.
 */
#include "tests/unit/test_state_support.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <sys/wait.h>
#include <time.h>

enum { COPIES = 10, ACCOUNTS = 300, PAGE = 4096, SECTOR = 512, ROWS = 4, TRIALS_LEAST = 60 };
enum { SECONDS = 8, SECONDS_LONG = 600, PIECE = 65536 };

/* --- what is written ------------------------------------------------------------------------- */

static uint64_t next_random(uint64_t *chance)
{
    *chance ^= *chance << 13;
    *chance ^= *chance >> 7;
    *chance ^= *chance << 17;
    return *chance;
}

/* Every value says what it is: it is its key, a number, and what follows from both. Some need pages
 * of their own. */
static void write_value(struct buffer *value, enum store_table table, struct span key,
                        uint64_t number)
{
    size_t size = number % 11 == 0 ? 3000 + number % 7000 : 20 + number % 300;
    uint64_t chance = number * 2654435761u + table + 1;
    buffer_clear(value);
    buffer_printf(value, "%.*s %llu ", SPAN_ARG(key), (unsigned long long)number);
    for (size_t i = value->size; i < size && table != STORE_KEYS; i++) {
        buffer_add_char(value, (char)('a' + next_random(&chance) % 26));
    }
}

static bool is_written(enum store_table table, struct span key, struct span value)
{
    struct buffer should = BUFFER_EMPTY;
    char text[64] = "";
    ptrdiff_t blank = span_find(value, ' ');
    if (blank < 0) {
        return false;
    }
    struct span digits = span_first(span_from(value, (size_t)blank + 1), sizeof(text) - 1);
    memcpy(text, digits.at, digits.size);
    write_value(&should, table, key, strtoull(text, NULL, 10));
    bool is_same = span_is_equal(buffer_span(&should), value);
    buffer_free(&should);
    return is_same;
}

static void change(struct store_row *rows, size_t count, void *context)
{
    uint64_t *number = context;
    for (size_t i = 0; i < count; i++) {
        bool is_removed = rows[i].is_found && *number % 17 == i;
        struct span key = span_from(rows[i].key, 1); /* as we named it */
        write_value(&rows[i].value, rows[i].table, key, *number);
        rows[i].edit = is_removed ? STORE_EDIT_UNSET : STORE_EDIT_SET;
    }
}

static bool write_once(struct store *store, uint64_t *chance, uint64_t number)
{
    static const enum store_table tables[ROWS] = { STORE_LIMITS, STORE_LIMITS, STORE_CHARGES,
                                                   STORE_KEYS };
    struct store_row rows[ROWS] = { 0 };
    char keys[ROWS][32];
    for (size_t i = 0; i < ROWS; i++) {
        unsigned account = (unsigned)(next_random(chance) % (ACCOUNTS / 2) * 2 + i % 2);
        snprintf(keys[i], sizeof(keys[i]), "account%05u", account * 7919 % 100000);
        rows[i].table = tables[i];
        rows[i].key = span_of(keys[i]);
    }
    return store_update_rows(store, rows, ROWS, STORE_SOON, change, &number);
}

static void write_forever(const char *directory)
{
    uint64_t chance = 4711;
    struct store *store = store_open(directory);
    alarm(60);
    for (uint64_t number = 1; store != NULL; number++) {
        if (!write_once(store, &chance, number) ||
            (number % 500 == 250 && !store_checkpoint(store))) {
            break;
        }
    }
    _exit(1);
}

/* --- copies ---------------------------------------------------------------------------------- */

/* A file up to the last piece in which something stands; zeros follow to its length. The store's is
 * 64 MiB long, of which a few are used: that much would only be carried about. */
struct copy {
    struct buffer bytes;
    size_t length;
};

struct bench {
    struct yard *yard;
    struct copy copies[COPIES], checkpoint;
    uint64_t chance;
    bool is_long, has_failed;
};

static const char nothing[PIECE];

static void add_zeros(struct copy *copy, size_t until)
{
    while (copy->bytes.size < until) {
        size_t missing = until - copy->bytes.size;
        buffer_add(&copy->bytes, nothing, missing < PIECE ? missing : PIECE);
    }
}

static void add_piece(struct copy *copy, const char *piece, size_t size)
{
    if (memcmp(piece, nothing, size) != 0) {
        add_zeros(copy, copy->length);
        buffer_add(&copy->bytes, piece, size);
    }
    copy->length += size;
}

static bool read_whole(const char *path, struct copy *copy)
{
    char piece[PIECE];
    int fd = open(path, O_RDONLY);
    ssize_t got = fd >= 0 ? 0 : -1;
    buffer_clear(&copy->bytes);
    copy->length = 0;
    while (fd >= 0 && (got = read(fd, piece, sizeof(piece))) > 0) {
        add_piece(copy, piece, (size_t)got);
    }
    if (fd >= 0) {
        close(fd);
    }
    return got == 0 && !buffer_has_failed(&copy->bytes);
}

static void write_whole(const char *path, const struct copy *copy)
{
    int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC, 0640);
    assert_true(fd >= 0);
    assert_int_equal(write(fd, copy->bytes.at, copy->bytes.size), copy->bytes.size);
    assert_int_equal(ftruncate(fd, (off_t)copy->length), 0);
    close(fd);
}

static struct copy copy_of(const struct copy *copy)
{
    struct copy another = { .length = copy->length };
    buffer_add_span(&another.bytes, buffer_span(&copy->bytes));
    return another;
}

/* So that any part of any of them can be that of another. */
static void make_equally_long(struct copy *copies)
{
    size_t longest = 0;
    for (size_t i = 0; i < COPIES; i++) {
        longest = copies[i].bytes.size > longest ? copies[i].bytes.size : longest;
    }
    for (size_t i = 0; i < COPIES; i++) {
        add_zeros(&copies[i], longest);
        assert_in_range(copies[i].length, longest, SIZE_MAX);
    }
}

/* The checkpoint is there only when there is something to copy, too. */
static void take_copies(struct bench *bench)
{
    const struct timespec pause = { .tv_nsec = 20000000 }; /* what it writes meanwhile matters */
    pid_t writer = fork();
    if (writer == 0) {
        write_forever(bench->yard->path);
    }
    int status;
    for (int tries = 0; !read_whole(yard_file(bench->yard, STORE_CHECKPOINT), &bench->checkpoint);
         tries++) {
        assert_true(tries < 1000 && waitpid(writer, &status, WNOHANG) == 0);
        nanosleep(&pause, NULL);
    }
    for (size_t i = 0; i < COPIES; i++) {
        assert_true(read_whole(yard_file(bench->yard, STORE_FILE), &bench->copies[i]));
        nanosleep(&pause, NULL);
    }
    assert_int_equal(kill(writer, SIGKILL), 0); /* the last copy is whole */
    assert_int_equal(waitpid(writer, &status, 0), writer);
    assert_true(WIFSIGNALED(status));
    assert_true(read_whole(yard_file(bench->yard, STORE_FILE), &bench->copies[COPIES - 1]));
    make_equally_long(bench->copies);
}

static int bench_set_up(void **state)
{
    struct bench *bench = calloc(1, sizeof(*bench));
    struct yard *yard = calloc(1, sizeof(*yard));
    /* In memory, where there is such a place: a real disk is waited for at every step. */
    snprintf(yard->path, sizeof(yard->path), "%s/test_state.XXXXXX",
             access("/dev/shm", W_OK) == 0 ? "/dev/shm" : "/tmp");
    bench->yard = yard;
    bench->chance = (uint64_t)time(NULL) << 1 | 1;
    bench->is_long = getenv("EGRESS_LONG") != NULL;
    *state = bench;
    return mkdtemp(yard->path) != NULL ? 0 : -1;
}

static int bench_take_down(void **state)
{
    struct bench *bench = *state;
    void *yard = bench->yard;
    for (size_t i = 0; i < COPIES; i++) {
        buffer_free(&bench->copies[i].bytes);
    }
    buffer_free(&bench->checkpoint.bytes);
    bool is_kept = bench->has_failed;
    free(bench);
    return is_kept ? 0 : yard_drop(&yard);
}

/* --- damage ---------------------------------------------------------------------------------- */

static size_t below(struct bench *bench, size_t limit)
{
    return limit > 0 ? (size_t)(next_random(&bench->chance) % limit) : 0;
}

static void copy_part(struct buffer *to, const struct buffer *from, size_t at, size_t size)
{
    if (at + size <= to->size && at + size <= from->size) {
        memcpy(to->at + at, from->at + at, size);
    }
}

static void damage_none(struct bench *bench, struct copy *file)
{
    (void)bench;
    (void)file;
}

static void damage_cut(struct bench *bench, struct copy *file)
{
    file->length = below(bench, below(bench, 2) == 0 ? file->length : file->bytes.size);
    file->bytes.size = file->length < file->bytes.size ? file->length : file->bytes.size;
}

/* Pieces of another age, each with the same chance. */
static void mix(struct bench *bench, struct copy *file, size_t piece)
{
    const struct buffer *other = &bench->copies[below(bench, COPIES)].bytes;
    size_t chance = 1 + below(bench, 64);
    for (size_t at = 0; at < file->bytes.size; at += piece) {
        if (below(bench, chance) == 0) {
            copy_part(&file->bytes, other, at, piece);
        }
    }
}

static void damage_mix_pages(struct bench *bench, struct copy *file)
{
    mix(bench, file, PAGE);
}

static void damage_mix_sectors(struct bench *bench, struct copy *file)
{
    mix(bench, file, SECTOR);
}

/* The beginning of one age, all else of another: what was synced last, and what was not. */
static void damage_old_beginning(struct bench *bench, struct copy *file)
{
    copy_part(&file->bytes, &bench->copies[below(bench, COPIES)].bytes, below(bench, 2) * PAGE,
              PAGE);
}

static void damage_zero(struct bench *bench, struct copy *file)
{
    for (size_t count = 1 + below(bench, 8); count > 0 && file->bytes.size >= PAGE; count--) {
        memset(file->bytes.at + below(bench, file->bytes.size / PAGE) * PAGE, 0, PAGE);
    }
}

static void damage_noise(struct bench *bench, struct copy *file)
{
    size_t at = below(bench, file->bytes.size / PAGE) * PAGE;
    for (size_t i = at; i < at + PAGE && i < file->bytes.size; i++) {
        file->bytes.at[i] = (char)next_random(&bench->chance);
    }
}

static void damage_octets(struct bench *bench, struct copy *file)
{
    for (size_t count = 1 + below(bench, 4); count > 0 && file->bytes.size > 0; count--) {
        file->bytes.at[below(bench, file->bytes.size)] ^= (char)(1u << below(bench, 8));
    }
}

/* Values of old tables have no seal: where less than a page is changed, those may be anything. */
static const struct {
    const char *name;
    void (*damage)(struct bench *bench, struct copy *file);
    bool spares_pages;
} damages[] = {
    { "killed only", damage_none, true }, /* of the last copy, which is whole */
    { "torn", damage_none, true },
    { "cut", damage_cut, true },
    { "pages mixed", damage_mix_pages, true },
    { "pages mixed", damage_mix_pages, true },
    { "sectors mixed", damage_mix_sectors, false },
    { "an old beginning", damage_old_beginning, true },
    { "pages zeroed", damage_zero, true },
    { "noise", damage_noise, false },
    { "octets changed", damage_octets, false },
};
enum { DAMAGES = sizeof(damages) / sizeof(damages[0]) };

/* --- opening --------------------------------------------------------------------------------- */

enum { SAW_WHOLE = 10, SAW_LOST = 11, SAW_NO_STORE, SAW_SILENT, SAW_GARBAGE, SAW_NO_WRITE };

struct looking {
    enum store_table table;
    bool is_good;
};

static bool look(struct span key, struct span value, void *context)
{
    struct looking *looking = context;
    looking->is_good &= is_written(looking->table, key, value);
    return looking->is_good;
}

static bool all_is_written(struct store *store, bool with_keys)
{
    static const enum store_table tables[] = { STORE_LIMITS, STORE_CHARGES, STORE_KEYS };
    for (size_t i = 0; i < (with_keys ? 3 : 2); i++) {
        struct looking looking = { tables[i], true };
        if (!store_walk(store, tables[i], SPAN(""), look, &looking) || !looking.is_good) {
            return false;
        }
    }
    return true;
}

static bool count_row(struct span key, struct span value, void *context)
{
    (void)key;
    (void)value;
    ++*(uint64_t *)context;
    return true;
}

static bool is_counted(struct store *store)
{
    uint64_t rows = 0;
    return store_walk(store, STORE_LIMITS, SPAN(""), count_row, &rows) &&
           rows == store_count(store, STORE_LIMITS);
}

/* In a process of its own, which may not die of it. */
static int open_and_use(const char *directory, bool with_keys)
{
    struct error trouble;
    int64_t since_s;
    uint64_t chance = 99;
    struct store *store = store_open(directory);
    if (store == NULL || !store_is_shared(store)) {
        return SAW_NO_STORE;
    }
    bool is_lost = store_history(store, &since_s) == STORE_LOST;
    if (is_lost != store_trouble(store, &trouble)) {
        return SAW_SILENT;
    }
    if (!all_is_written(store, with_keys) || !is_counted(store)) {
        return SAW_GARBAGE;
    }
    for (uint64_t number = 1; number < 40; number++) {
        if (!write_once(store, &chance, number)) {
            return SAW_NO_WRITE;
        }
    }
    bool is_good = all_is_written(store, with_keys) && is_counted(store);
    store_close(&store);
    return !is_good ? SAW_GARBAGE : is_lost ? SAW_LOST : SAW_WHOLE;
}

static int try_directory(const char *directory, bool with_keys)
{
    int status;
    pid_t pid = fork();
    if (pid == 0) {
        alarm(60);
        _exit(open_and_use(directory, with_keys));
    }
    return waitpid(pid, &status, 0) == pid && WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

/* The locks of a machine that is no more, or noise. */
static void lay_out_lock(struct bench *bench, bool is_noise)
{
    struct copy file = { .length = 8192 + below(bench, 16384) };
    for (size_t i = 0; is_noise && i < file.length; i++) {
        buffer_add_char(&file.bytes, (char)next_random(&bench->chance));
    }
    write_whole(yard_file(bench->yard, STORE_FILE "-lock"), &file);
    buffer_free(&file.bytes);
}

/* The files of one loss of power; nothing of the one before. */
static bool lay_out(struct bench *bench, size_t kind)
{
    static const char *const names[] = { STORE_FILE_NAMES };
    size_t number = kind == 0 ? COPIES - 1 : below(bench, COPIES), lock = below(bench, 3);
    struct copy file = copy_of(&bench->copies[number]), checkpoint = copy_of(&bench->checkpoint);
    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
        unlink(yard_file(bench->yard, names[i]));
    }
    damages[kind].damage(bench, &file);
    write_whole(yard_file(bench->yard, STORE_FILE), &file);
    if (below(bench, 4) == 0) {
        damage_noise(bench, &checkpoint);
    }
    if (below(bench, 8) != 0) {
        write_whole(yard_file(bench->yard, STORE_CHECKPOINT), &checkpoint);
    }
    if (lock > 0) {
        lay_out_lock(bench, lock == 2);
    }
    buffer_free(&file.bytes);
    buffer_free(&checkpoint.bytes);
    return damages[kind].spares_pages;
}

static void test_losses_of_power(void **state)
{
    struct bench *bench = *state;
    unsigned whole = 0, lost = 0, trials = 0;
    take_copies(bench);
    time_t end_s = time(NULL) + (bench->is_long ? SECONDS_LONG : SECONDS);
    for (; trials < TRIALS_LEAST || time(NULL) < end_s; trials++) {
        size_t kind = trials % DAMAGES;
        bool with_keys = lay_out(bench, kind);
        int saw = try_directory(bench->yard->path, with_keys);
        assert_true(kind != 0 || saw == SAW_WHOLE);
        whole += saw == SAW_WHOLE;
        lost += saw == SAW_LOST;
        if (saw != SAW_WHOLE && saw != SAW_LOST) {
            bench->has_failed = true;
            fail_msg("%s: %d, in %s", damages[kind].name, saw, bench->yard->path);
        }
    }
    print_message("%u losses of power: %u stores whole, %u gave way\n", trials, whole, lost);
    assert_true(whole > 0 && lost > 0); /* else nothing was tried */
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_losses_of_power, bench_set_up, bench_take_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
