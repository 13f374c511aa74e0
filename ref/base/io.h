/* Whole buffers to and from descriptors, whatever the system moves at a time and whichever signals come in between.
 * Each blocks until it is done. False: errno says why, and a part may have been moved. Any thread. */
#ifndef REF_BASE_IO_H
#define REF_BASE_IO_H

#include "base/buffer.h"

#include <stdint.h>

/* Writes at the descriptor's position: at the end, with O_APPEND. */
bool io_write_all(int fd, const char *data, size_t bytes);

/* Write and read at an offset. With O_APPEND, Linux would write at the end all the same (pwrite(2)). EIO: the file ends
 * before all was read. */
bool io_write_all_at(int fd, const char *data, size_t bytes, uint64_t offset);
bool io_read_all_at(int fd, char *data, size_t bytes, uint64_t offset);

/* Adds what is left of the file. True as well when it does not fit: then out->failed says so. */
bool io_read_to_end(int fd, struct buffer *out);

/* Closes the descriptor unless it is -1, and makes it -1. */
void io_close(int *fd);

#endif
