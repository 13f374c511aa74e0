/* The loop's thread: waits for sockets, answers and time, and hands each to its connection. */
#include "server/server_private.h"
#include "server/upgraded_private.h"

#include "base/clock.h"

#include <errno.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <unistd.h>

enum {
    EVENTS_MAX = 64,       /* of epoll in one round */
    ACCEPTS_MAX = 64,      /* in one round */
    ACCEPT_PAUSE_MS = 100, /* when there are no descriptors left */
    WAIT_MAX_MS = 3600000,
};

void server_wake(struct server *server)
{
    uint64_t one = 1;
    /* The counter of an eventfd cannot overflow by ones, so there is nothing to look at in the result. */
    ssize_t written = write(server->wake, &one, sizeof one);

    (void)written;
}

void server_take_back(struct connection *connection)
{
    struct server *server = connection->server;

    pthread_mutex_lock(&server->lock);
    connection->after = server->finished;
    server->finished = connection;
    pthread_mutex_unlock(&server->lock);
    server_wake(server);
}

static void watch_listener(struct server *server, uint32_t interest)
{
    struct epoll_event event = {.events = interest, .data.ptr = &server->listener};

    epoll_ctl(server->epoll, EPOLL_CTL_MOD, server->listener, &event);
}

/* Without descriptors the listener stays ready: it must not be watched for a while, or the loop would spin. */
static void suspend_accepting(struct server *server)
{
    log_event(&server->log, LOG_ERROR, "http.accept_failed", "reason", "out of descriptors or memory", NULL);
    watch_listener(server, 0);
    server->accept_again_ms = server->now_ms + ACCEPT_PAUSE_MS;
}

static void resume_accepting(struct server *server)
{
    if (server->accept_again_ms == 0 || server->now_ms < server->accept_again_ms)
        return;
    server->accept_again_ms = 0;
    watch_listener(server, EPOLLIN);
}

static void accept_peers(struct server *server)
{
    int64_t limit = server->limits.connections;

    for (int i = 0; i < ACCEPTS_MAX; i++) {
        struct sockaddr_storage peer = {0};
        socklen_t length = sizeof peer;
        int fd = accept4(server->listener, (struct sockaddr *)&peer, &length, SOCK_NONBLOCK | SOCK_CLOEXEC);

        if (fd < 0) {
            if (errno == EMFILE || errno == ENFILE || errno == ENOBUFS || errno == ENOMEM)
                suspend_accepting(server);
            return;
        }
        if (server->connection_count >= limit + SERVER_TURNED_AWAY_MAX)
            close(fd);
        else
            connection_open(server, fd, &peer, server->connection_count >= limit);
    }
}

/* Connections whose jobs are done since the last round, and those of which the agent wants something. What it wanted
 * before a job was done is looked at before. */
static void take_answers(struct server *server)
{
    pthread_mutex_lock(&server->lock);
    struct connection *connection = server->finished;
    server->finished = NULL;
    struct upgraded *told = server->told;
    server->told = NULL;
    pthread_mutex_unlock(&server->lock);
    while (told) {
        struct upgraded *next = told->next_told;

        connection_told(told->connection);
        told = next;
    }
    while (connection) {
        struct connection *after = connection->after;

        connection_answered(connection);
        connection = after;
    }
}

/* New events come from routes, and each route wakes the loop when it is done. */
static void notify_subscribers(struct server *server)
{
    uint64_t end = event_hub_end(&server->hub);
    struct connection *next;

    if (end == server->events_seen)
        return;
    server->events_seen = end;
    for (struct connection *connection = server->connections; connection; connection = next) {
        next = connection->next;
        connection_notify(connection);
    }
}

static void end_timers(struct server *server)
{
    for (int kind = 0; kind < TIMER_KINDS; kind++) {
        struct timer *timer;

        while ((timer = timers_first(&server->timers[kind])) && timer->ends_ms <= server->now_ms) {
            timers_clear(timer);
            if (kind == TIMER_STALL)
                connection_stalled(upgraded_of_stall(timer)->connection);
            else
                connection_timeout((struct connection *)timer);
        }
    }
}

static void stop_connections(struct server *server, bool now)
{
    struct connection *next;

    for (struct connection *connection = server->connections; connection; connection = next) {
        next = connection->next;
        connection_stop(connection, now);
    }
}

static void stop_if_asked(struct server *server)
{
    pthread_mutex_lock(&server->lock);
    bool asked = server->stop_asked;
    pthread_mutex_unlock(&server->lock);
    if (asked && server->stop_ms == 0) {
        server->stop_ms = server->now_ms + server->limits.stop_ms;
        server->accept_again_ms = 0;
        close(server->listener);
        server->listener = -1;
        take_answers(server); /* what the agent said when it was stopped is sent before the close */
        stop_connections(server, false);
    } else if (asked && server->now_ms >= server->stop_ms) {
        stop_connections(server, true);
    }
}

static void free_closed(struct server *server)
{
    while (server->closed) {
        struct connection *connection = server->closed;

        server->closed = connection->after;
        free(connection);
    }
}

static void sooner(int64_t *when_ms, int64_t other_ms)
{
    if (other_ms < *when_ms)
        *when_ms = other_ms;
}

/* Until the first thing that happens by itself. */
static int wait_ms(struct server *server)
{
    int64_t when_ms = server->now_ms + WAIT_MAX_MS;

    for (int kind = 0; kind < TIMER_KINDS; kind++) {
        struct timer *first = timers_first(&server->timers[kind]);

        if (first)
            sooner(&when_ms, first->ends_ms);
    }
    if (server->accept_again_ms != 0)
        sooner(&when_ms, server->accept_again_ms);
    if (server->stop_ms > server->now_ms)
        sooner(&when_ms, server->stop_ms);
    int64_t wait = when_ms - clock_ms();
    return wait > 0 ? (int)wait : 0;
}

static void take_event(struct server *server, const struct epoll_event *event)
{
    uint64_t count;

    if (event->data.ptr == &server->listener)
        accept_peers(server);
    else if (event->data.ptr == &server->wake)
        (void)!read(server->wake, &count, sizeof count);
    else
        connection_ready(event->data.ptr);
}

void *server_loop(void *argument)
{
    struct server *server = argument;
    struct epoll_event events[EVENTS_MAX];

    server->now_ms = clock_ms();
    while (server->stop_ms == 0 || server->connections) {
        int count = epoll_wait(server->epoll, events, EVENTS_MAX, wait_ms(server));

        server->now_ms = clock_ms();
        for (int i = 0; i < count; i++)
            take_event(server, &events[i]);
        take_answers(server);
        notify_subscribers(server);
        end_timers(server);
        resume_accepting(server);
        stop_if_asked(server);
        free_closed(server);
    }
    return NULL;
}
