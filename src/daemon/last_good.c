/*
 * last_good: an anonymous file: eight bytes of size, then the text. The size is written last and
 * cleared first, so that a process killed while it writes leaves nothing that looks whole.
 */
#include "daemon/last_good.h"

#include <stdint.h>
#include <sys/mman.h>
#include <unistd.h>

#define TEXT_BYTES_MAX ((size_t)64 << 20)

int last_good_open(void)
{
    return memfd_create("egress-milter configuration", MFD_CLOEXEC);
}

void last_good_write(int fd, struct span text)
{
    uint64_t size = 0;
    bool is_whole;

    if (fd < 0 || pwrite(fd, &size, sizeof(size), 0) != sizeof(size))
        return;
    size = text.size;
    is_whole = text.size > 0 && text.size <= TEXT_BYTES_MAX &&
               pwrite(fd, text.at, text.size, sizeof(size)) == (ssize_t)text.size;
    if (is_whole && pwrite(fd, &size, sizeof(size), 0) != sizeof(size))
        return; /* as good as nothing kept */
}

bool last_good_read(int fd, struct buffer *out)
{
    char piece[8192];
    uint64_t size = 0, done = 0;

    if (fd < 0 || pread(fd, &size, sizeof(size), 0) != sizeof(size) || size == 0 ||
        size > TEXT_BYTES_MAX)
        return false;
    while (done < size) {
        size_t want = size - done < sizeof(piece) ? (size_t)(size - done) : sizeof(piece);
        ssize_t got = pread(fd, piece, want, (off_t)(sizeof(size) + done));
        if (got <= 0)
            return false;
        buffer_add(out, piece, (size_t)got);
        done += (uint64_t)got;
    }
    return !buffer_has_failed(out);
}
