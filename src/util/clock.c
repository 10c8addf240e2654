/*
 * clock: the system's time and randomness, and a clock that stands still for tests.
 */
#include "util/clock.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdlib.h>
#include <sys/random.h>
#include <time.h>
#include <unistd.h>

#include "util/siphash.h"
#include "util/span.h"

static int64_t system_wall_s(const struct clock *clock)
{
    struct timespec now;

    (void)clock;
    clock_gettime(CLOCK_REALTIME, &now);
    return now.tv_sec;
}

static uint64_t system_mono_ns(const struct clock *clock)
{
    struct timespec now;

    (void)clock;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (uint64_t)now.tv_sec * 1000000000u + (uint64_t)now.tv_nsec;
}

static int32_t system_utc_offset_s(const struct clock *clock, int64_t wall_s)
{
    time_t when = (time_t)wall_s;
    struct tm local;

    (void)clock;
    /* Fails only for years that no int holds; UTC is then as good as anything. */
    if (localtime_r(&when, &local) == NULL)
        return 0;
    return (int32_t)local.tm_gmtoff;
}

static void system_random(const struct clock *clock, void *bytes_r, size_t size)
{
    char *at = bytes_r;

    (void)clock;
    while (size > 0) {
        ssize_t got = getrandom(at, size, 0);

        if (got < 0 && errno != EINTR)
            abort(); /* a kernel without randomness: nothing that needs it may go on */
        if (got > 0) {
            at += got;
            size -= (size_t)got;
        }
    }
}

/* The kernel's name of this start; 0 where there is none, as in a bare chroot. */
static uint64_t boot_number(void)
{
    static const uint64_t key[2] = { 0, 0 };
    char name[64];
    int fd = open("/proc/sys/kernel/random/boot_id", O_RDONLY | O_CLOEXEC);
    ssize_t size;

    if (fd < 0)
        return 0;
    size = read(fd, name, sizeof(name));
    close(fd);
    return size > 0 ? siphash(key, (struct span){ name, (size_t)size }) : 0;
}

static uint64_t system_boot_ns(const struct clock *clock, uint64_t *boot_r)
{
    struct timespec now;

    (void)clock;
    if (boot_r != NULL)
        *boot_r = boot_number();
    clock_gettime(CLOCK_BOOTTIME, &now);
    return (uint64_t)now.tv_sec * 1000000000u + (uint64_t)now.tv_nsec;
}

const struct clock clock_system = { system_wall_s, system_mono_ns, system_utc_offset_s,
                                    system_random, system_boot_ns };

int clock_left_ms(uint64_t deadline_ns)
{
    const uint64_t ns_per_ms = 1000000;
    uint64_t now_ns = clock_mono_ns(&clock_system), left_ms;

    if (now_ns >= deadline_ns)
        return 0;
    left_ms = (deadline_ns - now_ns + ns_per_ms - 1) / ns_per_ms;
    return left_ms < INT_MAX ? (int)left_ms : INT_MAX;
}

static int64_t fixed_wall_s(const struct clock *clock)
{
    return ((const struct clock_fixed *)clock)->now_s;
}

static uint64_t fixed_mono_ns(const struct clock *clock)
{
    return ((const struct clock_fixed *)clock)->now_ns;
}

static int32_t fixed_utc_offset_s(const struct clock *clock, int64_t wall_s)
{
    (void)clock;
    (void)wall_s;
    return 0;
}

/* Goes on where the last call ended, so that two texts made of it differ. A fixed clock is never a
 * const object, only seen as one by those it is handed to. */
static void fixed_random(const struct clock *clock, void *bytes_r, size_t size)
{
    struct clock_fixed *fixed = (struct clock_fixed *)clock;
    unsigned char *at = bytes_r;

    for (size_t i = 0; i < size; i++)
        at[i] = fixed->next_random++;
}

static uint64_t fixed_boot_ns(const struct clock *clock, uint64_t *boot_r)
{
    const struct clock_fixed *fixed = (const struct clock_fixed *)clock;

    if (boot_r != NULL)
        *boot_r = fixed->boot;
    return fixed->now_ns;
}

void clock_fixed_init(struct clock_fixed *fixed, int64_t now_s)
{
    fixed->clock = (struct clock){ fixed_wall_s, fixed_mono_ns, fixed_utc_offset_s, fixed_random,
                                   fixed_boot_ns };
    fixed->now_s = now_s;
    fixed->now_ns = 0;
    fixed->boot = 1;
    fixed->next_random = 0;
}
