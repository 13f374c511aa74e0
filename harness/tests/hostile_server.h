/* A server for tests of the HTTP peer: one thread, one connection, and a play that says how it misbehaves. Every play
 * ends when its client is gone. */
#ifndef ASSAY_TESTS_HOSTILE_SERVER_H
#define ASSAY_TESTS_HOSTILE_SERVER_H

#include <netinet/in.h>
#include <poll.h>
#include <pthread.h>
#include <stdbool.h>
#include <stddef.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

struct hostile_server {
    int listener;
    struct sockaddr_in address;
    pthread_t thread;
    void (*play)(int client);
};

static int hostile_listener; /* of the last one */

static inline void *hostile_server_run(void *argument)
{
    struct hostile_server *server = argument;
    int client = accept(server->listener, NULL, NULL);

    if (client >= 0) {
        server->play(client);
        close(client);
    }
    return NULL;
}

/* Listens, and lets nobody in yet. False: this machine has no socket for it. */
static inline bool hostile_server_listen(struct hostile_server *server, void (*play)(int client))
{
    socklen_t bytes = sizeof server->address;

    memset(server, 0, sizeof *server);
    server->play = play;
    server->listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    hostile_listener = server->listener;
    server->address.sin_family = AF_INET;
    server->address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    return server->listener >= 0 && bind(server->listener, (struct sockaddr *)&server->address, bytes) == 0 &&
           listen(server->listener, 8) == 0 &&
           getsockname(server->listener, (struct sockaddr *)&server->address, &bytes) == 0;
}

/* From here on the process has a thread, and must not fork: what a thread has locked stays locked in the child. */
static inline bool hostile_server_begin(struct hostile_server *server)
{
    return pthread_create(&server->thread, NULL, hostile_server_run, server) == 0;
}

static inline bool hostile_server_start(struct hostile_server *server, void (*play)(int client))
{
    return hostile_server_listen(server, play) && hostile_server_begin(server);
}

/* Blocks until the play is over: the client must have gone. */
static inline void hostile_server_stop(struct hostile_server *server)
{
    pthread_join(server->thread, NULL);
    close(server->listener);
}

/* --- what plays are made of --- */

/* Whoever connects from now on is refused. */
static inline void hostile_stop_listening(void)
{
    shutdown(hostile_listener, SHUT_RDWR);
}

static inline bool hostile_send(int client, const char *bytes)
{
    size_t count = strlen(bytes);

    return send(client, bytes, count, MSG_NOSIGNAL) == (ssize_t)count;
}

static inline bool hostile_send_for_ever(int client, const char *bytes)
{
    while (hostile_send(client, bytes))
        ;
    return false;
}

/* Reads the head of one request. */
static inline void hostile_take_request(int client)
{
    static const char end[] = "\r\n\r\n";
    size_t matched = 0;
    char c;

    while (matched < 4 && recv(client, &c, 1, 0) == 1)
        matched = c == end[matched] ? matched + 1 : c == '\r';
}

/* Reads until the client closes or resets. */
static inline void hostile_take_all(int client)
{
    char block[4096];

    while (recv(client, block, sizeof block, 0) > 0)
        ;
}

/* Waits, without reading, until the client closes or resets. */
static inline void hostile_wait_for_end(int client)
{
    struct pollfd gone = {.fd = client, .events = POLLRDHUP};

    poll(&gone, 1, -1);
}

/* Sends one byte every few milliseconds. */
static inline void hostile_drip(int client, const char *bytes, int pause_ms)
{
    struct pollfd gone = {.fd = client, .events = POLLRDHUP};

    for (; *bytes && poll(&gone, 1, pause_ms) == 0; bytes++)
        send(client, bytes, 1, MSG_NOSIGNAL);
}

/* Closing then resets the connection. */
static inline void hostile_set_reset(int client)
{
    struct linger discard = {.l_onoff = 1, .l_linger = 0};

    setsockopt(client, SOL_SOCKET, SO_LINGER, &discard, sizeof discard);
}

#endif
