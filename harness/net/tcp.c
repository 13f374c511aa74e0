/* The connection of a client that misbehaves on purpose: non-blocking, so that poll(2) keeps the deadlines. */
#include "net/tcp.h"

#include "base/clock.h"

#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <string.h>
#include <unistd.h>

/* Waits for one of `events`; returns those that came, 0 when the deadline passed first. */
static short await(const struct tcp *wire, short events, int64_t deadline_ns)
{
    for (;;) {
        struct pollfd socket = {.fd = wire->fd, .events = events};
        int64_t left_ns = deadline_ns - clock_ns();
        int left_ms = left_ns <= 0 ? 0 : (int)((left_ns + 999999) / 1000000);

        if (poll(&socket, 1, left_ms) > 0)
            return socket.revents;
        if (left_ns <= 0)
            return 0;
    }
}

enum tcp_result tcp_dial(struct tcp *wire, const struct sockaddr *address, socklen_t address_bytes,
                         int receive_window_bytes, int64_t deadline_ns)
{
    enum tcp_result result = TCP_ERROR;
    int on = 1;
    int error = 0;
    socklen_t error_bytes = sizeof error;

    memset(wire, 0, offsetof(struct tcp, buffer));
    wire->fd = socket(address->sa_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (wire->fd < 0)
        return TCP_ERROR;
    setsockopt(wire->fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    if (receive_window_bytes > 0)
        setsockopt(wire->fd, SOL_SOCKET, SO_RCVBUF, &receive_window_bytes, sizeof receive_window_bytes);
    if (connect(wire->fd, address, address_bytes) == 0)
        return TCP_OK;
    if (errno == EINPROGRESS) {
        if (await(wire, POLLOUT, deadline_ns) == 0) {
            result = TCP_LATE;
            goto out;
        }
        getsockopt(wire->fd, SOL_SOCKET, SO_ERROR, &error, &error_bytes);
        errno = error;
        if (error == 0)
            return TCP_OK;
    }
    if (errno == ECONNREFUSED || errno == ECONNRESET)
        result = TCP_RESET;
out:
    error = errno;
    close(wire->fd);
    wire->fd = -1;
    errno = error;
    return result;
}

static bool can_read(const struct tcp *wire)
{
    return !wire->over && wire->end - wire->begin < TCP_BUFFER_BYTES;
}

/* One read into the free part of the buffer, as much as the wire may take at a time. */
static void pull(struct tcp *wire)
{
    if (wire->begin > 0) {
        memmove(wire->buffer, wire->buffer + wire->begin, wire->end - wire->begin);
        wire->end -= wire->begin;
        wire->begin = 0;
    }
    size_t room = TCP_BUFFER_BYTES - wire->end;
    if (wire->read_bytes > 0 && wire->read_bytes < room)
        room = wire->read_bytes;
    ssize_t count = recv(wire->fd, wire->buffer + wire->end, room, 0);
    if (count > 0)
        wire->end += (size_t)count;
    else if (count == 0)
        wire->over = true;
    else if (errno != EAGAIN && errno != EINTR)
        wire->over = wire->reset = true;
}

/* Waits for the deadline, for one of `events` when it is not 0, or for the end of the connection; reads meanwhile
 * unless deaf. A hang-up without an error is no reset: both sides have closed their half. */
static short await_reading(struct tcp *wire, short events, int64_t deadline_ns)
{
    for (;;) {
        bool listen = !wire->deaf && can_read(wire);
        short came = await(wire, (short)(events | (listen ? POLLIN : 0)), deadline_ns);

        if (came & POLLIN && listen)
            pull(wire);
        else if (came & POLLERR)
            wire->reset = true;
        if (came == 0 || came & (events | POLLHUP))
            return came;
    }
}

void tcp_pause(struct tcp *wire, int64_t pause_ms)
{
    await_reading(wire, 0, clock_ns() + pause_ms * 1000000);
}

/* One piece; it may take several send() when the other side reads slowly. */
static enum tcp_result send_piece(struct tcp *wire, const char *bytes, size_t count, int64_t deadline_ns,
                                  size_t *sent_bytes)
{
    size_t done = 0;

    while (done < count) {
        ssize_t taken = send(wire->fd, bytes + done, count - done, MSG_NOSIGNAL);

        if (taken >= 0) {
            done += (size_t)taken;
            *sent_bytes += (size_t)taken;
        } else if (errno == EAGAIN) {
            if (await_reading(wire, POLLOUT, deadline_ns) == 0)
                return TCP_LATE;
            if (wire->reset)
                return TCP_RESET;
        } else if (errno != EINTR) {
            wire->reset = true;
            return TCP_RESET;
        }
    }
    return TCP_OK;
}

enum tcp_result tcp_send(struct tcp *wire, const char *bytes, size_t count, const struct tcp_plan *plan,
                         int64_t deadline_ns, size_t *sent_bytes)
{
    enum tcp_result result = TCP_OK;
    size_t ignored;
    size_t offset = 0;

    if (!sent_bytes)
        sent_bytes = &ignored;
    *sent_bytes = 0;
    while (result == TCP_OK && offset < count) {
        size_t piece = tcp_plan_next(plan, offset, count);

        if (offset > 0 && plan->pause_ms > 0)
            tcp_pause(wire, plan->pause_ms);
        if (clock_ns() >= deadline_ns)
            return TCP_LATE;
        result = send_piece(wire, bytes + offset, piece, deadline_ns, sent_bytes);
        offset += piece;
    }
    return result;
}

enum tcp_result tcp_receive(struct tcp *wire, int64_t deadline_ns)
{
    while (wire->begin == wire->end) {
        if (wire->over)
            return wire->reset ? TCP_RESET : TCP_FIN;
        if (wire->read_pause_ms > 0 && clock_ns() >= deadline_ns)
            return TCP_LATE; /* who reads slowly leaves the rest for later */
        if (await(wire, POLLIN, deadline_ns) == 0)
            return TCP_LATE;
        pull(wire);
        if (wire->read_pause_ms > 0)
            await(wire, 0, clock_ns() + wire->read_pause_ms * 1000000);
    }
    return TCP_OK;
}

void tcp_half_close(struct tcp *wire)
{
    shutdown(wire->fd, SHUT_WR);
}

void tcp_close(struct tcp *wire)
{
    if (wire->fd >= 0)
        close(wire->fd);
    wire->fd = -1;
}

void tcp_reset(struct tcp *wire)
{
    struct linger discard = {.l_onoff = 1, .l_linger = 0};

    setsockopt(wire->fd, SOL_SOCKET, SO_LINGER, &discard, sizeof discard);
    tcp_close(wire);
}
