/* One connection's life, from accept(2) to close(2): what its phases do, and what moves it from one to the next. */
#include "server/server_private.h"
#include "server/upgraded_private.h"

#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <unistd.h>

void connection_set_timer(struct connection *connection, enum timer_kind kind)
{
    struct server *server = connection->server;

    timers_clear(&connection->timer);
    timers_set(&server->timers[kind], &connection->timer, server->now_ms);
    connection->timer_kind = kind;
}

void connection_watch(struct connection *connection, uint32_t interest)
{
    struct epoll_event event = {.events = interest, .data.ptr = connection};

    if (connection->interest == interest)
        return;
    epoll_ctl(connection->server->epoll, EPOLL_CTL_MOD, connection->fd, &event);
    connection->interest = interest;
}

void connection_log(struct connection *connection, enum log_level level, const char *event, const char *reason)
{
    char id[24];

    snprintf(id, sizeof id, "%llu", (unsigned long long)connection->id);
    log_event(&connection->server->log, level, event, "client", id, "reason", reason, NULL);
}

void connection_begin_writing(struct connection *connection)
{
    if (connection->out.failed) { /* out of memory, and what is there may be half an answer */
        buffer_free(&connection->out);
        connection->phase = PHASE_CLOSED;
        return;
    }
    connection->phase = PHASE_WRITING;
    connection->server->metrics.queue_bytes += (long long)connection->out.bytes;
    connection_set_timer(connection, TIMER_WRITE);
}

static void write_out(struct connection *connection)
{
    while (connection->sent < connection->out.bytes) {
        ssize_t sent = send(connection->fd, connection->out.data + connection->sent,
                            connection->out.bytes - connection->sent, MSG_NOSIGNAL);

        if (sent < 0 && errno == EINTR)
            continue;
        if (sent < 0 && errno == EAGAIN) {
            connection_watch(connection, EPOLLOUT);
            return;
        }
        if (sent < 0) {
            connection->phase = PHASE_CLOSED;
            return;
        }
        connection->sent += (size_t)sent;
        connection->server->metrics.queue_bytes -= sent;
    }
    http1_written(connection);
}

static void drop_subscriber(struct connection *connection)
{
    connection_log(connection, LOG_WARNING, "http.subscriber_dropped", "too many events behind");
    connection->server->metrics.dropped++;
    connection->phase = PHASE_CLOSED;
}

static void stream(struct connection *connection)
{
    switch (event_hub_next(&connection->server->hub, &connection->cursor, &connection->out)) {
    case EVENT_HUB_OK:
        connection_begin_writing(connection);
        break;
    case EVENT_HUB_NONE:
        connection_watch(connection, EPOLLIN); /* only to see the peer leave */
        break;
    case EVENT_HUB_LAPPED:
        drop_subscriber(connection);
    }
}

/* Ends the connection; its memory stays until the round ends, since epoll may have told of it already. */
static void end_connection(struct connection *connection)
{
    static const struct linger with_reset = {.l_onoff = 1, .l_linger = 0};
    struct server *server = connection->server;

    timers_clear(&connection->timer);
    epoll_ctl(server->epoll, EPOLL_CTL_DEL, connection->fd, NULL);
    /* Half an answer must not look like a whole one, nor wait in the kernel for a peer that does not read. */
    if (connection->sent < connection->out.bytes || upgraded_is_sending(connection->upgraded))
        setsockopt(connection->fd, SOL_SOCKET, SO_LINGER, &with_reset, sizeof with_reset);
    close(connection->fd);
    if (connection->then == THEN_STREAM) {
        event_hub_leave(&server->hub);
        server->metrics.clients--;
    }
    server->metrics.queue_bytes -= (long long)(connection->out.bytes - connection->sent);
    server->metrics.connections--;
    server->metrics.ended++;
    server->metrics.ended_ms += server->now_ms - connection->opened_ms;
    server->connection_count--;
    http_end(&connection->decoder);
    buffer_free(&connection->in);
    buffer_free(&connection->body);
    buffer_free(&connection->out);
    response_free(&connection->response);
    upgraded_free(connection->upgraded);
    if (connection->previous)
        connection->previous->next = connection->next;
    else
        server->connections = connection->next;
    if (connection->next)
        connection->next->previous = connection->previous;
    connection->after = server->closed;
    server->closed = connection;
}

/* Does what can be done now: goes from phase to phase until one of them waits. */
static void advance(struct connection *connection)
{
    enum phase before;

    do {
        before = connection->phase;
        if (before == PHASE_READING)
            http1_decode(connection);
        else if (before == PHASE_WRITING)
            write_out(connection);
        else if (before == PHASE_STREAMING)
            stream(connection);
        else if (before == PHASE_UPGRADED)
            upgraded_advance(connection);
    } while (connection->phase != before);
    if (connection->phase == PHASE_RUNNING)
        connection_watch(connection, 0);
    if (connection->phase == PHASE_CLOSED)
        end_connection(connection);
}

void connection_open(struct server *server, int fd, const struct sockaddr_storage *peer, bool turned_away)
{
    struct connection *connection = calloc(1, sizeof *connection);
    struct epoll_event event = {.events = 0, .data.ptr = connection};
    int on = 1;

    if (!connection || epoll_ctl(server->epoll, EPOLL_CTL_ADD, fd, &event) != 0) {
        free(connection);
        close(fd);
        return;
    }
    setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    connection->server = server;
    connection->id = ++server->next_id;
    connection->opened_ms = server->now_ms;
    connection->fd = fd;
    connection->peer = *peer;
    connection->in = buffer_new(SERVER_READ_BYTES);
    connection->body = buffer_new((size_t)server->limits.body_bytes);
    connection->out = buffer_new(RESPONSE_HEAD_MAX_BYTES + RESPONSE_BODY_MAX_BYTES);
    connection->next = server->connections;
    if (connection->next)
        connection->next->previous = connection;
    server->connections = connection;
    server->connection_count++;
    server->metrics.connections++;
    http_begin(&connection->decoder, (uint64_t)server->limits.body_bytes);
    http1_begin_request(connection);
    if (turned_away) {
        server->metrics.turned_away++;
        http1_refuse(connection, LOG_DEBUG, 503, "too many connections");
    }
    advance(connection);
}

static void receive(struct connection *connection)
{
    struct server *server = connection->server;
    ssize_t count = recv(connection->fd, server->scratch, sizeof server->scratch, 0);

    if (count < 0 && (errno == EAGAIN || errno == EINTR))
        return;
    if (count <= 0) {
        connection->phase = PHASE_CLOSED;
        return;
    }
    if (connection->phase == PHASE_READING && !buffer_add(&connection->in, server->scratch, (size_t)count))
        connection->phase = PHASE_CLOSED;
    if (connection->phase == PHASE_LINGERING) {
        connection->lingered_bytes += (size_t)count;
        if (connection->lingered_bytes > SERVER_LINGER_MAX_BYTES)
            connection->phase = PHASE_CLOSED;
    }
}

void connection_ready(struct connection *connection)
{
    if (connection->phase == PHASE_CLOSED || connection->phase == PHASE_ABANDONED)
        return;
    if (connection->phase == PHASE_RUNNING) { /* nothing was asked for, so this is a reset; epoll would go on and on */
        connection->phase = PHASE_ABANDONED;
        epoll_ctl(connection->server->epoll, EPOLL_CTL_DEL, connection->fd, NULL);
        return;
    }
    if (connection->phase == PHASE_UPGRADED)
        upgraded_receive(connection);
    else if (connection->phase != PHASE_WRITING)
        receive(connection);
    advance(connection);
}

void connection_timeout(struct connection *connection)
{
    switch (connection->timer_kind) {
    case TIMER_HEADER:
    case TIMER_BODY:
        http1_refuse(connection, LOG_DEBUG, 408, "the request did not come in time");
        break;
    case TIMER_HEARTBEAT:
        buffer_add_text(&connection->out, "data: {\"type\":\"server.heartbeat\"}\n\n");
        connection_begin_writing(connection);
        break;
    case TIMER_PING:
    case TIMER_PONG:
        upgraded_heartbeat(connection);
        break;
    default:
        if (connection->phase == PHASE_UPGRADED)
            upgraded_drop(connection, "no end of the closing handshake");
        else
            connection->phase = PHASE_CLOSED;
    }
    advance(connection);
}

void connection_stalled(struct connection *connection)
{
    upgraded_drop(connection, "takes nothing");
    advance(connection);
}

void connection_told(struct connection *connection)
{
    upgraded_told(connection);
    advance(connection);
}

void connection_answered(struct connection *connection)
{
    if (connection->upgraded)
        upgraded_heard(connection);
    else if (connection->phase == PHASE_ABANDONED)
        connection->phase = PHASE_CLOSED;
    else
        http1_respond(connection);
    advance(connection);
}

void connection_notify(struct connection *connection)
{
    if (connection->then != THEN_STREAM)
        return;
    if (connection->phase == PHASE_WRITING && event_hub_is_lapped(&connection->server->hub, connection->cursor))
        drop_subscriber(connection);
    advance(connection);
}

void connection_stop(struct connection *connection, bool now)
{
    bool runs = connection->phase == PHASE_RUNNING || connection->phase == PHASE_ABANDONED;
    bool waits = connection->phase == PHASE_READING || connection->phase == PHASE_STREAMING;

    if (connection->phase == PHASE_UPGRADED)
        upgraded_stop(connection, now);
    else if (!runs && (now || waits))
        connection->phase = PHASE_CLOSED;
    advance(connection);
}
