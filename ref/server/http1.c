/* A request's turn on its connection: decoded, judged, run, answered, and what comes after the answer. */
#include "server/server_private.h"
#include "server/upgraded_private.h"

#include <stdio.h>
#include <string.h>
#include <sys/epoll.h>

void http1_begin_request(struct connection *connection)
{
    http_end(&connection->decoder);
    connection->phase = PHASE_READING;
    connection->response = response_new();
    connection->route = ROUTES_NONE;
    connection->refused = false;
    connection->then = THEN_NEXT_REQUEST;
    connection_set_timer(connection, TIMER_IDLE);
}

/* Does the request, as far as it came, ask with HEAD? Then no answer has a body, not even a refusal. */
static bool is_head(const struct connection *connection)
{
    const struct http_request *request = http_request(&connection->decoder);

    return request && request->method && strcmp(request->method, "HEAD") == 0;
}

void http1_respond(struct connection *connection)
{
    struct server *server = connection->server;
    struct response *response = &connection->response;
    bool head_only = is_head(connection);

    if (server->stop_ms != 0)
        connection->then = THEN_END;
    metrics_request(&server->metrics, connection->route, response->status);
    response_write(response, connection->then == THEN_END, head_only, &connection->out);
    if (response->stream)
        connection->then = head_only ? THEN_END : THEN_STREAM;
    if (connection->then == THEN_STREAM) {
        connection->cursor = event_hub_join(&server->hub);
        server->metrics.clients++;
    }
    response_free(response);
    buffer_free(&connection->body);
    connection_begin_writing(connection);
}

void http1_refuse(struct connection *connection, enum log_level level, int status, const char *reason)
{
    connection_log(connection, level, "http.refused", reason);
    response_error(&connection->response, status, NULL);
    connection->then = THEN_END;
    http1_respond(connection);
}

static void run_route(struct pool_job *job)
{
    struct connection *connection = (void *)((char *)job - offsetof(struct connection, job));
    const char *body = connection->body.data ? connection->body.data : "";

    routes_answer(&connection->server->routes, connection->route, http_request(&connection->decoder), body,
                  connection->body.bytes, &connection->response);
    server_take_back(connection);
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
        return !routes_is_upgrade(connection->route) || upgrade_judge(server->adapter, request, response);
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

    connection_set_timer(connection, TIMER_BODY);
    if (request->close)
        connection->then = THEN_END;
    connection->refused = !admit(connection, request);
    if (!request->expect_continue || body_has_begun)
        return;
    if (connection->refused) {
        connection->then = THEN_END;
        http1_respond(connection);
    } else if (send(connection->fd, go_on, sizeof go_on - 1, MSG_NOSIGNAL) != (ssize_t)sizeof go_on - 1) {
        connection->phase = PHASE_CLOSED; /* it has not even taken the last responses */
    }
}

static void take_body(struct connection *connection)
{
    const struct http_decoder *decoder = &connection->decoder;

    if (!connection->refused && !buffer_add(&connection->body, decoder->body, decoder->body_count))
        http1_refuse(connection, LOG_ERROR, 503, "out of memory");
}

/* The last answer in HTTP. */
static void upgrade(struct connection *connection)
{
    if (connection->server->stop_ms != 0 || !upgraded_new(connection)) {
        http1_refuse(connection, LOG_DEBUG, 503, "no memory, or stopping");
        return;
    }
    connection->then = THEN_UPGRADE;
    http1_respond(connection);
}

static void take_request(struct connection *connection)
{
    if (connection->refused) {
        http1_respond(connection);
        return;
    }
    if (routes_is_upgrade(connection->route)) {
        upgrade(connection);
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
        http1_refuse(connection, LOG_WARNING, connection->decoder.refusal.status, connection->decoder.refusal.reason);
    }
}

void http1_decode(struct connection *connection)
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
        connection_set_timer(connection, TIMER_HEADER);
    connection_watch(connection, EPOLLIN);
}

/* A close() while bytes are unread would make the kernel send a reset, and that discards what the peer has not read
 * yet: our last answer. So say that nothing more comes, and read on for a while (RFC 9112 9.6). */
static void begin_lingering(struct connection *connection)
{
    shutdown(connection->fd, SHUT_WR);
    http_end(&connection->decoder);
    buffer_free(&connection->in);
    connection->phase = PHASE_LINGERING;
    connection_set_timer(connection, TIMER_LINGER);
    connection_watch(connection, EPOLLIN);
}

void http1_written(struct connection *connection)
{
    buffer_free(&connection->out);
    connection->sent = 0;
    if (connection->then == THEN_STREAM && connection->server->stop_ms == 0) {
        connection->phase = PHASE_STREAMING;
        connection_set_timer(connection, TIMER_HEARTBEAT);
    } else if (connection->then == THEN_UPGRADE) {
        upgraded_begin(connection);
    } else if (connection->then == THEN_NEXT_REQUEST && connection->server->stop_ms == 0) {
        http1_begin_request(connection);
    } else {
        begin_lingering(connection);
    }
}
