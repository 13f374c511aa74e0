/* Lines over the driver's pipes, read and written without blocking on either alone. */
#include "target/driver_wire.h"

#include "base/clock.h"
#include "base/xalloc.h"
#include "target/driver.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { READ_BYTES = 1 << 16 };

static void make_room(struct wire_buffer *buffer, size_t more)
{
    if (buffer->start == buffer->end)
        buffer->start = buffer->end = 0;
    if (buffer->capacity - buffer->end >= more)
        return;
    if (buffer->start > 0) /* so there are bytes to move; NULL is none that memmove() takes */
        memmove(buffer->bytes, buffer->bytes + buffer->start, buffer->end - buffer->start);
    buffer->end -= buffer->start;
    buffer->start = 0;
    if (buffer->capacity - buffer->end >= more)
        return;
    size_t wanted = buffer->end + more;
    buffer->capacity = wanted > 2 * buffer->capacity ? wanted : 2 * buffer->capacity;
    buffer->bytes = xalloc_resize(buffer->bytes, buffer->capacity, 1);
}

void wire_close_input(struct wire *wire)
{
    if (wire->input_fd >= 0)
        close(wire->input_fd);
    wire->input_fd = -1;
    wire->outbox.start = wire->outbox.end = 0;
}

void wire_open(struct wire *wire, int input_fd, int output_fd)
{
    *wire = (struct wire){.input_fd = input_fd, .output_fd = output_fd};
    fcntl(input_fd, F_SETFL, O_NONBLOCK);
    fcntl(output_fd, F_SETFL, O_NONBLOCK);
}

void wire_close(struct wire *wire)
{
    wire_close_input(wire);
    close(wire->output_fd);
    free(wire->inbox.bytes);
    free(wire->outbox.bytes);
}

static void flush_outbox(struct wire *wire)
{
    struct wire_buffer *outbox = &wire->outbox;

    while (wire->input_fd >= 0 && outbox->start < outbox->end) {
        ssize_t count = write(wire->input_fd, outbox->bytes + outbox->start, outbox->end - outbox->start);

        if (count >= 0)
            outbox->start += (size_t)count;
        else if (errno == EAGAIN)
            return;
        else if (errno != EINTR)
            wire_close_input(wire);
    }
}

void wire_send(struct wire *wire, const char *bytes, size_t count)
{
    make_room(&wire->outbox, count);
    memcpy(wire->outbox.bytes + wire->outbox.end, bytes, count);
    wire->outbox.end += count;
    flush_outbox(wire);
}

/* Takes the next line out of the inbox. */
static bool take_line(struct wire *wire, const char **line, size_t *bytes)
{
    struct wire_buffer *inbox = &wire->inbox;
    size_t held = inbox->end - inbox->start;
    char *from = inbox->bytes + inbox->start;
    char *newline = held > wire->searched ? memchr(from + wire->searched, '\n', held - wire->searched) : NULL;

    if (!newline) {
        wire->searched = held;
        return false;
    }
    *line = from;
    *bytes = (size_t)(newline - from);
    inbox->start += *bytes + 1;
    wire->searched = 0;
    return true;
}

static int milliseconds_until(int64_t deadline_ns)
{
    int64_t left = (deadline_ns - clock_ns() + 999999) / 1000000;

    return left < 0 ? 0 : left > 1000000 ? 1000000 : (int)left;
}

/* False at the end of the driver's output. */
static bool fill_inbox(struct wire *wire)
{
    make_room(&wire->inbox, READ_BYTES);
    ssize_t count = read(wire->output_fd, wire->inbox.bytes + wire->inbox.end, READ_BYTES);
    if (count > 0)
        wire->inbox.end += (size_t)count;
    return count > 0 || (count < 0 && (errno == EAGAIN || errno == EINTR));
}

void wire_poll_for(const struct wire *wire, struct pollfd polled[2])
{
    bool more_to_write = wire->input_fd >= 0 && wire->outbox.start < wire->outbox.end;

    polled[0] = (struct pollfd){.fd = wire->output_fd, .events = POLLIN};
    polled[1] = (struct pollfd){.fd = more_to_write ? wire->input_fd : -1, .events = POLLOUT};
}

/* What is there by the deadline counts, but no trickle of bytes puts the deadline off. */
enum wire_result wire_receive(struct wire *wire, int64_t deadline_ns, const char **line, size_t *bytes)
{
    bool late = false;

    while (!take_line(wire, line, bytes)) {
        if (wire->searched > DRIVER_LINE_MAX_BYTES)
            return WIRE_TOO_LONG;
        if (late)
            return WIRE_TIMEOUT;
        late = clock_ns() >= deadline_ns;
        struct pollfd polled[2];
        wire_poll_for(wire, polled);
        poll(polled, 2, milliseconds_until(deadline_ns));
        if (polled[1].revents)
            flush_outbox(wire);
        if (polled[0].revents && !fill_inbox(wire))
            return WIRE_CLOSED;
    }
    return *bytes > DRIVER_LINE_MAX_BYTES ? WIRE_TOO_LONG : WIRE_LINE;
}

size_t wire_rest(const struct wire *wire, const char **bytes)
{
    *bytes = wire->inbox.bytes + wire->inbox.start;
    return wire->inbox.end - wire->inbox.start;
}
