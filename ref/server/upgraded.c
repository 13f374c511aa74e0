/* A WebSocket's life, from the 101 to its end: what the peer says, what the agent is told, and how it ends. */
#include "server/upgraded_private.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>

/* Begins the end; the first to call says why. WEBSOCKET_NO_CODE: the peer gave none. */
static void begin_close(struct connection *connection, int code, const char *reason)
{
    struct upgraded *upgraded = connection->upgraded;

    if (upgraded->is_closing || connection->phase != PHASE_UPGRADED)
        return;
    upgraded->is_closing = true;
    upgraded->close_code = code;
    snprintf(upgraded->close_reason, sizeof upgraded->close_reason, "%s", reason);
    connection_set_timer(connection, TIMER_CLOSE);
}

/* ---- what the agent wants ---- */

static void take_action(struct adapter_client *client, struct acp_action *action)
{
    struct upgraded *upgraded = (struct upgraded *)client;
    struct server *server = upgraded->connection->server;

    pthread_mutex_lock(&server->lock);
    bool is_news = !upgraded->is_told;
    *upgraded->told_end = action;
    upgraded->told_end = &action->next;
    if (is_news) {
        upgraded->is_told = true;
        upgraded->next_told = server->told;
        server->told = upgraded;
    }
    pthread_mutex_unlock(&server->lock);
    if (is_news)
        server_wake(server);
}

static struct acp_action *take_told(struct upgraded *upgraded)
{
    struct server *server = upgraded->connection->server;

    pthread_mutex_lock(&server->lock);
    struct acp_action *told = upgraded->told;
    upgraded->told = NULL;
    upgraded->told_end = &upgraded->told;
    upgraded->is_told = false;
    pthread_mutex_unlock(&server->lock);
    return told;
}

void upgraded_told(struct connection *connection)
{
    struct upgraded *upgraded = connection->upgraded;
    struct acp_action *next;

    for (struct acp_action *action = take_told(upgraded); action; action = next) {
        next = action->next;
        action->next = NULL;
        if (action->kind == ACP_SEND && connection->phase == PHASE_UPGRADED) {
            upgraded_add(upgraded, action);
            continue;
        }
        if (action->kind == ACP_CLOSE && connection->phase == PHASE_UPGRADED)
            begin_close(connection, action->code, action->text);
        acp_action_free(action);
    }
}

/* ---- what the agent is told ---- */

/* In the inbox. */
static size_t cost(const struct upgraded_message *message)
{
    return sizeof *message + message->bytes;
}

static void say(struct adapter *adapter, struct adapter_client *client, struct upgraded_work *work)
{
    while (work->messages) {
        struct upgraded_message *message = work->messages;

        if (!adapter_receive(adapter, client, message->text, message->bytes))
            return;
        work->messages = message->next;
        work->heard_bytes += cost(message);
        free(message);
    }
}

static void run_work(struct pool_job *job)
{
    struct connection *connection = (void *)((char *)job - offsetof(struct connection, job));
    struct adapter *adapter = connection->server->adapter;
    struct adapter_client *client = &connection->upgraded->client;
    struct upgraded_work *work = &connection->upgraded->work;

    if (work->join)
        work->joined = adapter_join(adapter, client, false);
    if (work->joined == ACP_OK) {
        if (work->taken_bytes > 0)
            adapter_taken(adapter, client, work->taken_bytes);
        say(adapter, client, work);
    }
    if (work->joined == ACP_OK && work->leave && !work->messages) {
        adapter_leave(adapter, client);
        work->left = true;
    }
    server_take_back(connection);
}

/* Moves the first messages from the inbox into the job. */
static void fill(struct upgraded *upgraded)
{
    struct upgraded_message **end = &upgraded->work.messages;

    for (int i = 0; i < UPGRADED_BATCH && upgraded->inbox; i++) {
        *end = upgraded->inbox;
        end = &(*end)->next;
        upgraded->inbox = *end;
    }
    *end = NULL;
    if (!upgraded->inbox)
        upgraded->inbox_end = &upgraded->inbox;
}

/* Begins a job, if there is something to tell, and no other job. */
static void tell(struct connection *connection)
{
    struct upgraded *upgraded = connection->upgraded;
    struct upgraded_work *work = &upgraded->work;
    bool is_over = upgraded->is_closing || connection->phase == PHASE_ABANDONED;

    if (upgraded->working || upgraded->left)
        return;
    work->taken_bytes = upgraded->taken_bytes;
    upgraded->taken_bytes = 0;
    if ((int64_t)upgraded->queue_bytes <= connection->server->limits.acp.queue_bytes)
        fill(upgraded);
    work->leave = is_over && !upgraded->inbox;
    if (!work->join && work->taken_bytes == 0 && !work->messages && !work->leave)
        return;
    upgraded->working = true;
    connection->job.run = run_work;
    pool_submit(connection->server->pool, &connection->job);
}

/* Messages that the agent has not taken are the first again. */
static void put_back(struct upgraded *upgraded)
{
    struct upgraded_message **end = &upgraded->work.messages;

    while (*end)
        end = &(*end)->next;
    *end = upgraded->inbox;
    if (!upgraded->inbox)
        upgraded->inbox_end = end;
    upgraded->inbox = upgraded->work.messages;
    if (!upgraded->inbox)
        upgraded->inbox_end = &upgraded->inbox;
    upgraded->work.messages = NULL;
    upgraded->inbox_bytes -= upgraded->work.heard_bytes;
    upgraded->work.heard_bytes = 0;
}

static void clear_inbox(struct upgraded *upgraded)
{
    while (upgraded->inbox) {
        struct upgraded_message *message = upgraded->inbox;

        upgraded->inbox = message->next;
        upgraded->inbox_bytes -= cost(message);
        free(message);
    }
    upgraded->inbox_end = &upgraded->inbox;
}

static void take_refusal(struct connection *connection)
{
    struct upgraded *upgraded = connection->upgraded;
    bool full = upgraded->work.joined == ACP_FULL;

    upgraded->left = true;
    clear_inbox(upgraded);
    connection_log(connection, full ? LOG_DEBUG : LOG_ERROR, "ws.refused", full ? "too many clients" : "out of memory");
    if (full)
        begin_close(connection, 1013, "Too many clients");
    else
        begin_close(connection, 1011, "Registration failed");
}

void upgraded_heard(struct connection *connection)
{
    struct upgraded *upgraded = connection->upgraded;

    upgraded->working = false;
    put_back(upgraded);
    upgraded->left = upgraded->work.left;
    if (upgraded->work.join && upgraded->work.joined != ACP_OK)
        take_refusal(connection);
    upgraded->work.join = false;
    if (connection->phase != PHASE_ABANDONED)
        return;
    clear_inbox(upgraded);
    if (upgraded->left)
        connection->phase = PHASE_CLOSED;
    else
        tell(connection);
}

/* ---- what the peer says ---- */

static void add_message(struct connection *connection)
{
    struct upgraded *upgraded = connection->upgraded;
    const struct websocket_decoder *decoder = &upgraded->decoder;
    struct upgraded_message *message = malloc(sizeof *message + decoder->payload_bytes);

    if (!message) {
        begin_close(connection, WEBSOCKET_NO_MEMORY, "Out of memory");
        return;
    }
    message->next = NULL;
    message->bytes = decoder->payload_bytes;
    memcpy(message->text, decoder->payload, decoder->payload_bytes);
    *upgraded->inbox_end = message;
    upgraded->inbox_end = &message->next;
    upgraded->inbox_bytes += cost(message);
}

static void take_ping(struct upgraded *upgraded)
{
    upgraded->pong_is_owed = true;
    upgraded->pong_bytes = upgraded->decoder.payload_bytes;
    memcpy(upgraded->pong, upgraded->decoder.payload, upgraded->decoder.payload_bytes);
}

static void take_event(struct connection *connection, enum websocket_event event)
{
    struct upgraded *upgraded = connection->upgraded;
    const struct websocket_decoder *decoder = &upgraded->decoder;

    switch (event) {
    case WEBSOCKET_TEXT:
        if (!upgraded->is_closing)
            add_message(connection);
        break;
    case WEBSOCKET_PING:
        take_ping(upgraded);
        break;
    case WEBSOCKET_PONG:
        if (connection->timer_kind == TIMER_PONG)
            connection_set_timer(connection, TIMER_PING);
        break;
    case WEBSOCKET_CLOSE:
        upgraded->peer_is_done = true;
        begin_close(connection, decoder->close_code, "");
        break;
    case WEBSOCKET_FAILED:
        connection_log(connection, LOG_WARNING, "ws.malformed", decoder->fault);
        upgraded->peer_is_done = true;
        begin_close(connection, decoder->close_code, decoder->fault);
        break;
    case WEBSOCKET_MORE:
    case WEBSOCKET_BINARY: /* ACP's remote transport: ignored */
        break;
    }
}

static void decode(struct connection *connection, const char *bytes, size_t count)
{
    struct upgraded *upgraded = connection->upgraded;
    enum websocket_event event = WEBSOCKET_TEXT;
    size_t at = 0, consumed;

    while (event != WEBSOCKET_MORE && !upgraded->peer_is_done) {
        event = websocket_decode(&upgraded->decoder, bytes + at, count - at, &consumed);
        at += consumed;
        take_event(connection, event);
    }
}

/* While it has much to take, or the agent much to hear, the peer has to wait. */
static bool wants_to_read(const struct connection *connection)
{
    const struct upgraded *upgraded = connection->upgraded;

    return !upgraded->peer_is_done && upgraded->inbox_bytes <= SERVER_INBOX_MAX_BYTES &&
           (int64_t)upgraded->queue_bytes <= connection->server->limits.acp.queue_bytes;
}

void upgraded_receive(struct connection *connection)
{
    struct server *server = connection->server;

    if (connection->interest != 0 && !(connection->interest & EPOLLIN))
        return; /* there is room to write */
    ssize_t count = recv(connection->fd, server->scratch, sizeof server->scratch, 0);
    if (count < 0 && (errno == EAGAIN || errno == EINTR))
        return;
    if (count <= 0)
        upgraded_drop(connection, count < 0 ? "reset" : "gone without a close");
    else
        decode(connection, server->scratch, (size_t)count);
}

/* ---- beginning and end ---- */

bool upgraded_new(struct connection *connection)
{
    struct upgraded *upgraded = calloc(1, sizeof *upgraded);

    if (!upgraded)
        return false;
    upgraded->client.take = take_action;
    upgraded->connection = connection;
    websocket_begin(&upgraded->decoder, WEBSOCKET_SERVER, (size_t)connection->server->limits.message_bytes);
    upgraded->inbox_end = &upgraded->inbox;
    upgraded->queue_end = &upgraded->queue;
    upgraded->told_end = &upgraded->told;
    upgraded->frame = buffer_new(SIZE_MAX);
    upgraded->work.join = true;
    connection->upgraded = upgraded;
    return true;
}

void upgraded_free(struct upgraded *upgraded)
{
    if (!upgraded)
        return;
    timers_clear(&upgraded->stall);
    websocket_end(&upgraded->decoder);
    clear_inbox(upgraded);
    upgraded_clear(upgraded);
    free(upgraded);
}

struct upgraded *upgraded_of_stall(struct timer *stall)
{
    return (void *)((char *)stall - offsetof(struct upgraded, stall));
}

void upgraded_begin(struct connection *connection)
{
    struct buffer *in = &connection->in;

    http_end(&connection->decoder);
    connection->phase = PHASE_UPGRADED;
    connection_set_timer(connection, TIMER_PING);
    if (in->bytes > 0)
        decode(connection, in->data, in->bytes);
    buffer_free(in);
    if (connection->server->stop_ms != 0)
        upgraded_stop(connection, false);
}

/* Nothing more will be said. A close(2) now might reset the connection before the peer has read our last frame; so it
 * is for the peer to go first, in what is left of ws.close_ms. */
static void linger(struct connection *connection)
{
    timers_clear(&connection->upgraded->stall);
    shutdown(connection->fd, SHUT_WR);
    connection->phase = PHASE_LINGERING;
    connection_watch(connection, EPOLLIN);
}

void upgraded_advance(struct connection *connection)
{
    struct upgraded *upgraded = connection->upgraded;

    upgraded_write(connection);
    if (connection->phase != PHASE_UPGRADED)
        return;
    tell(connection);
    if (upgraded->close_is_sent && upgraded->peer_is_done)
        linger(connection);
    else
        connection_watch(connection,
                         (wants_to_read(connection) ? EPOLLIN : 0u) | (upgraded->is_blocked ? EPOLLOUT : 0u));
}

void upgraded_heartbeat(struct connection *connection)
{
    if (connection->timer_kind == TIMER_PING)
        connection->upgraded->ping_is_due = true;
    else if (wants_to_read(connection))
        begin_close(connection, 1011, "No pong");
    else
        connection_set_timer(connection, TIMER_PONG); /* it may be there, and we do not look */
}

void upgraded_drop(struct connection *connection, const char *reason)
{
    struct upgraded *upgraded = connection->upgraded;

    connection_log(connection, LOG_DEBUG, "ws.dropped", reason);
    timers_clear(&connection->timer);
    timers_clear(&upgraded->stall);
    clear_inbox(upgraded);
    if (upgraded->left) {
        connection->phase = PHASE_CLOSED;
        return;
    }
    connection->phase = PHASE_ABANDONED;
    epoll_ctl(connection->server->epoll, EPOLL_CTL_DEL, connection->fd, NULL);
    tell(connection);
}

void upgraded_stop(struct connection *connection, bool now)
{
    if (now)
        upgraded_drop(connection, "the server stops");
    else
        begin_close(connection, 1001, "Stopping");
}
