/* A file's lines, read block by block into a buffer that holds one line and what came behind it. */
#include "store/lines.h"

#include "store/event.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

enum { BLOCK_BYTES = 64 * 1024 };

struct lines store_lines(int fd, uint64_t offset, uint64_t end_offset)
{
    return (struct lines){
        .fd = fd,
        .offset = offset,
        .end_offset = end_offset,
        .buffer = buffer_new(STORE_LINE_MAX_BYTES + BLOCK_BYTES),
    };
}

void store_lines_free(struct lines *lines)
{
    buffer_free(&lines->buffer);
}

/* Reads another block behind what the buffer holds. */
static enum store_result read_block(struct lines *lines, struct error *err)
{
    char block[BLOCK_BYTES];
    uint64_t left = lines->end_offset - lines->offset;
    ssize_t bytes = pread(lines->fd, block, left < sizeof block ? left : sizeof block, (off_t)lines->offset);

    if (bytes < 0 && errno == EINTR)
        return STORE_OK;
    if (bytes == 0)
        errno = EIO; /* the file is shorter than it was */
    if (bytes <= 0) {
        error_set_errno(err, "cannot read the events");
        return STORE_IO;
    }
    lines->offset += (uint64_t)bytes;
    if (!buffer_add(&lines->buffer, block, (size_t)bytes)) {
        error_set(err, "a line of more than %d bytes, or out of memory", STORE_LINE_MAX_BYTES);
        return STORE_DAMAGED;
    }
    return STORE_OK;
}

enum store_result store_lines_next(struct lines *lines, struct json_span *line, struct error *err)
{
    size_t searched = lines->used_bytes;

    *line = (struct json_span){0};
    for (;;) {
        const char *data = lines->buffer.data;
        const char *newline = data ? memchr(data + searched, '\n', lines->buffer.bytes - searched) : NULL;
        enum store_result result;

        if (newline) {
            line->at = data + lines->used_bytes;
            line->bytes = (size_t)(newline + 1 - line->at);
            lines->used_bytes += line->bytes;
            return STORE_OK;
        }
        if (lines->offset == lines->end_offset)
            return STORE_OK;
        buffer_drop(&lines->buffer, lines->used_bytes);
        lines->used_bytes = 0;
        searched = lines->buffer.bytes;
        result = read_block(lines, err);
        if (result != STORE_OK)
            return result;
    }
}
