/* Starting and stopping the server: listener, epoll, pool and the loop's thread, in that order, and back. */
#include "server/server_private.h"

#include "base/io.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <unistd.h>

enum { BACKLOG = 511 };

static bool read_address(const struct server_config *config, struct sockaddr_storage *address, socklen_t *length)
{
    struct sockaddr_in *four = (struct sockaddr_in *)address;
    struct sockaddr_in6 *six = (struct sockaddr_in6 *)address;

    memset(address, 0, sizeof *address);
    if (inet_pton(AF_INET, config->address, &four->sin_addr) == 1) {
        four->sin_family = AF_INET;
        four->sin_port = htons((uint16_t)config->port);
        *length = sizeof *four;
        return true;
    }
    six->sin6_family = AF_INET6;
    six->sin6_port = htons((uint16_t)config->port);
    *length = sizeof *six;
    return inet_pton(AF_INET6, config->address, &six->sin6_addr) == 1;
}

static enum server_result open_listener(struct server *server, const struct server_config *config, struct error *err)
{
    struct sockaddr_storage address;
    socklen_t length;
    int on = 1;

    if (config->port < 0 || config->port > 65535 || !read_address(config, &address, &length)) {
        error_set(err, "the address must be numeric, and the port 0 to 65535");
        return SERVER_BAD_ADDRESS;
    }
    server->listener = socket(address.ss_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (server->listener < 0) {
        error_set_errno(err, "cannot open a socket");
        return SERVER_SYSTEM;
    }
    setsockopt(server->listener, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
    if (bind(server->listener, (struct sockaddr *)&address, length) != 0 || listen(server->listener, BACKLOG) != 0 ||
        getsockname(server->listener, (struct sockaddr *)&address, &length) != 0) {
        error_set_errno(err, "cannot listen on port %d", config->port);
        return SERVER_NO_PORT;
    }
    /* sin_port and sin6_port are at the same place. */
    server->port = ntohs(((struct sockaddr_in *)&address)->sin_port);
    return SERVER_OK;
}

static bool open_epoll(struct server *server, struct error *err)
{
    struct epoll_event listener = {.events = EPOLLIN, .data.ptr = &server->listener};
    struct epoll_event wake = {.events = EPOLLIN, .data.ptr = &server->wake};

    server->epoll = epoll_create1(EPOLL_CLOEXEC);
    server->wake = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    if (server->epoll < 0 || server->wake < 0 ||
        epoll_ctl(server->epoll, EPOLL_CTL_ADD, server->listener, &listener) != 0 ||
        epoll_ctl(server->epoll, EPOLL_CTL_ADD, server->wake, &wake) != 0) {
        error_set_errno(err, "cannot watch sockets");
        return false;
    }
    return true;
}

static void init_timers(struct server *server)
{
    const struct server_limits *limits = &server->limits;
    const int64_t durations_ms[TIMER_KINDS] = {
        [TIMER_IDLE] = limits->idle_ms,         [TIMER_HEADER] = limits->header_ms,
        [TIMER_BODY] = limits->body_ms,         [TIMER_WRITE] = limits->write_ms,
        [TIMER_LINGER] = limits->linger_ms,     [TIMER_HEARTBEAT] = limits->heartbeat_ms,
        [TIMER_PING] = limits->ws_heartbeat_ms, [TIMER_PONG] = limits->pong_ms,
        [TIMER_CLOSE] = limits->close_ms,       [TIMER_STALL] = limits->ws_write_ms,
    };

    for (int kind = 0; kind < TIMER_KINDS; kind++)
        timers_init(&server->timers[kind], durations_ms[kind]);
}

/* Everything but descriptors and threads. NULL: no memory. */
static struct server *new_server(const struct server_config *config)
{
    struct server *server = calloc(1, sizeof *server);

    if (!server)
        return NULL;
    server->limits = config->limits;
    server->log = config->log;
    server->adapter = config->adapter;
    server->epoll = server->listener = server->wake = -1;
    if (!event_hub_init(&server->hub, (size_t)config->limits.event_queue)) {
        free(server);
        return NULL;
    }
    pthread_mutex_init(&server->lock, NULL);
    policy_init(&server->policy, config->token, config->local_only, config->origins, config->limits.rate_per_s);
    routes_init(&server->routes, config->store, &server->log, &server->hub, &server->metrics, config->adapter);
    init_timers(server);
    return server;
}

static void free_server(struct server *server)
{
    if (server->pool)
        pool_stop(server->pool);
    io_close(&server->listener);
    io_close(&server->wake);
    io_close(&server->epoll);
    routes_destroy(&server->routes);
    event_hub_destroy(&server->hub);
    pthread_mutex_destroy(&server->lock);
    free(server);
}

enum server_result server_start(const struct server_config *config, struct server **out, struct error *err)
{
    struct server *server = new_server(config);
    enum server_result result = SERVER_SYSTEM;

    if (!server) {
        error_set(err, "out of memory");
        return SERVER_SYSTEM;
    }
    result = open_listener(server, config, err);
    if (result != SERVER_OK)
        goto failed;
    result = SERVER_SYSTEM;
    if (!open_epoll(server, err))
        goto failed;
    server->pool = pool_start((int)config->limits.threads, err);
    if (!server->pool)
        goto failed;
    errno = pthread_create(&server->thread, NULL, server_loop, server);
    if (errno != 0) {
        error_set_errno(err, "cannot start a thread");
        goto failed;
    }
    *out = server;
    return SERVER_OK;
failed:
    free_server(server);
    return result;
}

int server_port(const struct server *server)
{
    return server->port;
}

void server_stop(struct server *server)
{
    if (server->adapter)
        adapter_close(server->adapter);
    pthread_mutex_lock(&server->lock);
    server->stop_asked = true;
    pthread_mutex_unlock(&server->lock);
    server_wake(server);
    pthread_join(server->thread, NULL);
    free_server(server);
}
