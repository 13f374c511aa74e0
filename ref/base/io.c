/* The loops around read(2) and write(2), each of which may move fewer bytes than it was asked to, or none. */
#include "base/io.h"

#include <errno.h>
#include <unistd.h>

enum { BLOCK_BYTES = 4096 };

bool io_write_all(int fd, const char *data, size_t bytes)
{
    while (bytes > 0) {
        ssize_t written = write(fd, data, bytes);

        if (written < 0 && errno == EINTR)
            continue;
        if (written < 0)
            return false;
        data += written;
        bytes -= (size_t)written;
    }
    return true;
}

bool io_write_all_at(int fd, const char *data, size_t bytes, uint64_t offset)
{
    while (bytes > 0) {
        ssize_t written = pwrite(fd, data, bytes, (off_t)offset);

        if (written < 0 && errno == EINTR)
            continue;
        if (written < 0)
            return false;
        data += written;
        bytes -= (size_t)written;
        offset += (uint64_t)written;
    }
    return true;
}

bool io_read_all_at(int fd, char *data, size_t bytes, uint64_t offset)
{
    while (bytes > 0) {
        ssize_t done = pread(fd, data, bytes, (off_t)offset);

        if (done < 0 && errno == EINTR)
            continue;
        if (done == 0)
            errno = EIO; /* the file is shorter than it was */
        if (done <= 0)
            return false;
        data += done;
        bytes -= (size_t)done;
        offset += (uint64_t)done;
    }
    return true;
}

bool io_read_to_end(int fd, struct buffer *out)
{
    char block[BLOCK_BYTES];

    for (;;) {
        ssize_t bytes = read(fd, block, sizeof block);

        if (bytes < 0 && errno == EINTR)
            continue;
        if (bytes < 0)
            return false;
        if (bytes == 0 || !buffer_add(out, block, (size_t)bytes))
            return true;
    }
}

void io_close(int *fd)
{
    if (*fd >= 0)
        close(*fd);
    *fd = -1;
}
