/* Growing: room doubles up to the maximum, and the first failure sticks. */
#include "base/buffer.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { FIRST_ROOM_BYTES = 256 };

struct buffer buffer_new(size_t max_bytes)
{
    return (struct buffer){.max_bytes = max_bytes};
}

void buffer_free(struct buffer *buffer)
{
    free(buffer->data);
    *buffer = buffer_new(buffer->max_bytes);
}

void buffer_clear(struct buffer *buffer)
{
    buffer->bytes = 0;
    buffer->failed = false;
}

/* Makes room for more bytes and a NUL; room doubles, so that n additions cost n. */
static bool make_room(struct buffer *buffer, size_t more_bytes)
{
    size_t room_bytes = buffer->room_bytes ? buffer->room_bytes : FIRST_ROOM_BYTES;
    char *data;

    if (buffer->failed || more_bytes > buffer->max_bytes - buffer->bytes) {
        buffer->failed = true;
        return false;
    }
    if (buffer->bytes + more_bytes < buffer->room_bytes)
        return true;
    while (room_bytes <= buffer->bytes + more_bytes)
        room_bytes *= 2;
    data = realloc(buffer->data, room_bytes);
    if (!data) {
        buffer->failed = true;
        return false;
    }
    buffer->data = data;
    buffer->room_bytes = room_bytes;
    return true;
}

bool buffer_add(struct buffer *buffer, const void *data, size_t bytes)
{
    if (!make_room(buffer, bytes))
        return false;
    if (bytes > 0)
        memcpy(buffer->data + buffer->bytes, data, bytes);
    buffer->bytes += bytes;
    buffer->data[buffer->bytes] = '\0';
    return true;
}

bool buffer_add_text(struct buffer *buffer, const char *text)
{
    return buffer_add(buffer, text, strlen(text));
}

bool buffer_add_format(struct buffer *buffer, const char *format, ...)
{
    va_list arguments;
    int bytes;

    va_start(arguments, format);
    bytes = vsnprintf(NULL, 0, format, arguments);
    va_end(arguments);
    if (bytes < 0 || !make_room(buffer, (size_t)bytes)) {
        buffer->failed = true;
        return false;
    }
    va_start(arguments, format);
    vsnprintf(buffer->data + buffer->bytes, (size_t)bytes + 1, format, arguments);
    va_end(arguments);
    buffer->bytes += (size_t)bytes;
    return true;
}

void buffer_drop(struct buffer *buffer, size_t bytes)
{
    if (bytes == 0)
        return;
    buffer->bytes -= bytes;
    memmove(buffer->data, buffer->data + bytes, buffer->bytes + 1);
}

char *buffer_take(struct buffer *buffer, size_t *bytes)
{
    char *data = buffer->failed || buffer->bytes == 0 ? NULL : buffer->data;

    if (bytes)
        *bytes = data ? buffer->bytes : 0;
    if (!data)
        free(buffer->data);
    *buffer = buffer_new(buffer->max_bytes);
    return data;
}
