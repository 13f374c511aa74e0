/* One connection's life, from accept(2) to close(2): what its phases do, and what moves it from one to the next. */
#include "server/server_private.h"

#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <unistd.h>

static void set_timer(struct connection *connection, enum timer_kind kind)
{
    struct server *server = connection->server;

    timers_clear(&connection->timer);
    timers_set(&server->timers[kind], &connection->timer, server->now_ms);
    connection->timer_kind = kind;
}

static void watch(struct connection *connection, uint32_t interest)
{
    struct epoll_event event = {.events = interest, .data.ptr = connection};

    if (connection->interest == interest)
        return;
    epoll_ctl(connection->server->epoll, EPOLL_CTL_MOD, connection->fd, &event);
    connection->interest = interest;
}

static void log_client(struct connection *connection, enum log_level level, const char *event, const char *reason)
{
    char id[24];

    snprintf(id, sizeof id, "%llu", (unsigned long long)connection->id);
    log_event(&connection->server->log, level, event, "client", id, "reason", reason, NULL);
}

/* Waits for the next request. What the last one needed is freed: an idle connection is a structure and no more. */
static void begin_request(struct connection *connection)
{
    http_end(&connection->decoder);
    connection->phase = PHASE_READING;
    connection->response = response_new();
    connection->route = ROUTES_NONE;
    connection->refused = connection->head_only = connection->closing = false;
    set_timer(connection, TIMER_IDLE);
}

static void begin_writing(struct connection *connection)
{
    if (connection->out.failed) { /* out of memory, and what is there may be half an answer */
        buffer_free(&connection->out);
        connection->phase = PHASE_CLOSED;
        return;
    }
    connection->phase = PHASE_WRITING;
    connection->server->metrics.queue_bytes += (long long)connection->out.bytes;
    set_timer(connection, TIMER_WRITE);
}

/* Sends connection->response; the request is done with. */
static void respond(struct connection *connection)
{
    struct server *server = connection->server;
    struct response *response = &connection->response;

    connection->closing |= server->stop_ms != 0;
    connection->stream = response->stream && !connection->head_only;
    metrics_request(&server->metrics, connection->route, response->status);
    if (connection->stream) {
        connection->cursor = event_hub_join(&server->hub);
        server->metrics.clients++;
    }
    response_write(response, connection->closing, connection->head_only, &connection->out);
    connection->closing |= response->stream;
    response_free(response);
    buffer_free(&connection->body);
    begin_writing(connection);
}

/* Does the request, as far as it came, ask with HEAD? Then no answer has a body, not even a refusal. */
static bool is_head(const struct connection *connection)
{
    const struct http_request *request = http_request(&connection->decoder);

    return request && request->method && strcmp(request->method, "HEAD") == 0;
}

/* Answers with an error and ends the connection: nobody knows where the next request would begin. */
static void refuse(struct connection *connection, enum log_level level, int status, const char *reason)
{
    log_client(connection, level, "http.refused", reason);
    response_error(&connection->response, status, NULL);
    connection->head_only = is_head(connection);
    connection->closing = true;
    respond(connection);
}

static void run_route(struct pool_job *job)
{
    struct connection *connection = (void *)((char *)job - offsetof(struct connection, job));
    struct server *server = connection->server;
    const char *body = connection->body.data ? connection->body.data : "";

    routes_answer(&server->routes, connection->route, http_request(&connection->decoder), body, connection->body.bytes,
                  &connection->response);
    pthread_mutex_lock(&server->lock);
    connection->after = server->finished;
    server->finished = connection;
    pthread_mutex_unlock(&server->lock);
    server_wake(server);
}

/* May this request be served, as far as its head tells? Else the response says why not. */
static bool admit(struct connection *connection, const struct http_request *request)
{
    struct server *server = connection->server;
    struct response *response = &connection->response;
    int status = policy_judge(&server->policy, request, (const struct sockaddr *)&connection->peer, server->now_ms);

    if (routes_find(request, response, &connection->route) != 0 && status == 0)
        return false;
    if (status == 0)
        return true;
    response_error(response, status, NULL);
    if (status == 401)
        snprintf(response->field, sizeof response->field, "WWW-Authenticate: Bearer\r\n");
    if (status == 429) {
        snprintf(response->field, sizeof response->field, "Retry-After: 1\r\n");
        server->metrics.rate_limited++;
    }
    return false;
}

/* The head has come. A client that asks before it sends the body (RFC 9110 10.1.1) gets its answer now: go on, or the
 * final one, after which the body will not be waited for. */
static void take_head(struct connection *connection, bool body_has_begun)
{
    static const char go_on[] = "HTTP/1.1 100 Continue\r\n\r\n";
    const struct http_request *request = http_request(&connection->decoder);

    set_timer(connection, TIMER_BODY);
    connection->closing = request->close;
    connection->head_only = is_head(connection);
    connection->refused = !admit(connection, request);
    if (!request->expect_continue || body_has_begun)
        return;
    if (connection->refused) {
        connection->closing = true;
        respond(connection);
    } else if (send(connection->fd, go_on, sizeof go_on - 1, MSG_NOSIGNAL) != (ssize_t)sizeof go_on - 1) {
        connection->phase = PHASE_CLOSED; /* it has not even taken the last responses */
    }
}

static void take_body(struct connection *connection)
{
    const struct http_decoder *decoder = &connection->decoder;

    if (!connection->refused && !buffer_add(&connection->body, decoder->body, decoder->body_count))
        refuse(connection, LOG_ERROR, 503, "out of memory");
}

static void take_request(struct connection *connection)
{
    if (connection->refused) {
        respond(connection);
        return;
    }
    timers_clear(&connection->timer);
    connection->phase = PHASE_RUNNING;
    connection->job.run = run_route;
    pool_submit(connection->server->pool, &connection->job);
}

static void take_event(struct connection *connection, enum http_event event, bool more_has_come)
{
    switch (event) {
    case HTTP_MORE:
        break;
    case HTTP_HEAD:
        take_head(connection, more_has_come);
        break;
    case HTTP_BODY:
        take_body(connection);
        break;
    case HTTP_END:
        take_request(connection);
        break;
    case HTTP_REFUSED:
        refuse(connection, LOG_WARNING, connection->decoder.refusal.status, connection->decoder.refusal.reason);
    }
}

/* Decodes what has come, up to the end of one request; what is behind it waits for its turn. */
static void decode(struct connection *connection)
{
    struct buffer *in = &connection->in;
    enum http_event event = HTTP_HEAD;
    size_t at = 0, consumed;

    while (connection->phase == PHASE_READING && event != HTTP_MORE) {
        event = http_decode(&connection->decoder, in->data ? in->data + at : "", in->bytes - at, &consumed);
        at += consumed;
        take_event(connection, event, at < in->bytes);
    }
    buffer_drop(in, at);
    if (in->bytes == 0)
        buffer_free(in);
    if (connection->phase != PHASE_READING)
        return;
    if (connection->timer_kind == TIMER_IDLE && http_is_reading(&connection->decoder))
        set_timer(connection, TIMER_HEADER);
    watch(connection, EPOLLIN);
}

/* A close() while bytes are unread would make the kernel send a reset, and that discards what the peer has not read
 * yet: our last answer. So say that nothing more comes, and read on for a while (RFC 9112 9.6). */
static void begin_lingering(struct connection *connection)
{
    shutdown(connection->fd, SHUT_WR);
    http_end(&connection->decoder);
    buffer_free(&connection->in);
    connection->phase = PHASE_LINGERING;
    set_timer(connection, TIMER_LINGER);
    watch(connection, EPOLLIN);
}

static void end_writing(struct connection *connection)
{
    buffer_free(&connection->out);
    connection->sent = 0;
    if (connection->stream && connection->server->stop_ms == 0) {
        connection->phase = PHASE_STREAMING;
        set_timer(connection, TIMER_HEARTBEAT);
    } else if (connection->closing || connection->server->stop_ms != 0) {
        begin_lingering(connection);
    } else {
        begin_request(connection);
    }
}

static void write_out(struct connection *connection)
{
    while (connection->sent < connection->out.bytes) {
        ssize_t sent = send(connection->fd, connection->out.data + connection->sent,
                            connection->out.bytes - connection->sent, MSG_NOSIGNAL);
        if (sent < 0 && errno == EINTR)
            continue;
        if (sent < 0 && errno == EAGAIN) {
            watch(connection, EPOLLOUT);
            return;
        }
        if (sent < 0) {
            connection->phase = PHASE_CLOSED;
            return;
        }
        connection->sent += (size_t)sent;
        connection->server->metrics.queue_bytes -= sent;
    }
    end_writing(connection);
}

static void drop_subscriber(struct connection *connection)
{
    log_client(connection, LOG_WARNING, "http.subscriber_dropped", "too many events behind");
    connection->server->metrics.dropped++;
    connection->phase = PHASE_CLOSED;
}

static void stream(struct connection *connection)
{
    switch (event_hub_next(&connection->server->hub, &connection->cursor, &connection->out)) {
    case EVENT_HUB_OK:
        begin_writing(connection);
        break;
    case EVENT_HUB_NONE:
        watch(connection, EPOLLIN); /* only to see the peer leave */
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
    if (connection->sent < connection->out.bytes)
        setsockopt(connection->fd, SOL_SOCKET, SO_LINGER, &with_reset, sizeof with_reset);
    close(connection->fd);
    if (connection->stream) {
        event_hub_leave(&server->hub);
        server->metrics.clients--;
    }
    server->metrics.queue_bytes -= (long long)(connection->out.bytes - connection->sent);
    server->metrics.connections--;
    server->connection_count--;
    http_end(&connection->decoder);
    buffer_free(&connection->in);
    buffer_free(&connection->body);
    buffer_free(&connection->out);
    response_free(&connection->response);
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
            decode(connection);
        else if (before == PHASE_WRITING)
            write_out(connection);
        else if (before == PHASE_STREAMING)
            stream(connection);
    } while (connection->phase != before);
    if (connection->phase == PHASE_RUNNING)
        watch(connection, 0);
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
    begin_request(connection);
    if (turned_away) {
        server->metrics.turned_away++;
        refuse(connection, LOG_DEBUG, 503, "too many connections");
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
    if (connection->phase == PHASE_CLOSED)
        return;
    if (connection->phase == PHASE_RUNNING) { /* nothing was asked for, so this is a reset; epoll would go on and on */
        connection->gone = true;
        epoll_ctl(connection->server->epoll, EPOLL_CTL_DEL, connection->fd, NULL);
        return;
    }
    if (connection->phase != PHASE_WRITING)
        receive(connection);
    advance(connection);
}

void connection_timeout(struct connection *connection)
{
    switch (connection->timer_kind) {
    case TIMER_HEADER:
    case TIMER_BODY:
        refuse(connection, LOG_DEBUG, 408, "the request did not come in time");
        break;
    case TIMER_HEARTBEAT:
        buffer_add_text(&connection->out, "data: {\"type\":\"server.heartbeat\"}\n\n");
        begin_writing(connection);
        break;
    default:
        connection->phase = PHASE_CLOSED;
    }
    advance(connection);
}

void connection_answered(struct connection *connection)
{
    if (connection->gone)
        connection->phase = PHASE_CLOSED;
    else
        respond(connection);
    advance(connection);
}

void connection_notify(struct connection *connection)
{
    if (!connection->stream)
        return;
    if (connection->phase == PHASE_WRITING && event_hub_is_lapped(&connection->server->hub, connection->cursor))
        drop_subscriber(connection);
    advance(connection);
}

void connection_stop(struct connection *connection, bool now)
{
    bool waits = connection->phase == PHASE_READING || connection->phase == PHASE_STREAMING;

    if (connection->phase != PHASE_RUNNING && (now || waits))
        connection->phase = PHASE_CLOSED;
    advance(connection);
}
