/* One thread that accepts for ever, and one for each connection, up to a maximum. */
#include "tests/targets/standing_server.h"

#include <arpa/inet.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

enum { CONNECTIONS_MAX = 1000, BACKLOG = 128, HEAD_MAX_BYTES = 64 << 10, LINGER_MAX_BYTES = 4 << 20, PATIENCE_S = 3 };

static int the_listener;
static standing_server_treatment *the_treatment;
static atomic_int connections;

int standing_server_listen(int port)
{
    struct sockaddr_in address = {
        .sin_family = AF_INET, .sin_port = htons((uint16_t)port), .sin_addr = {.s_addr = htonl(INADDR_LOOPBACK)}};
    int one = 1, listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

    if (listener < 0)
        return -1;
    setsockopt(listener, SOL_SOCKET, SO_REUSEADDR, &one, sizeof one);
    if (bind(listener, (struct sockaddr *)&address, sizeof address) == 0 && listen(listener, BACKLOG) == 0)
        return listener;
    close(listener);
    return -1;
}

int standing_server_port(int listener)
{
    struct sockaddr_in address = {0};
    socklen_t size = sizeof address;

    getsockname(listener, (struct sockaddr *)&address, &size);
    return ntohs(address.sin_port);
}

static void *deal_with(void *argument)
{
    int connection = (int)(intptr_t)argument;

    the_treatment(connection);
    close(connection);
    atomic_fetch_sub(&connections, 1);
    return NULL;
}

static void hand_over(int connection)
{
    pthread_t thread;

    if (atomic_fetch_add(&connections, 1) < CONNECTIONS_MAX &&
        !pthread_create(&thread, NULL, deal_with, (void *)(intptr_t)connection)) {
        pthread_detach(thread);
        return;
    }
    atomic_fetch_sub(&connections, 1);
    close(connection);
}

static void *accept_for_ever(void *argument)
{
    (void)argument;
    for (;;) {
        int connection = accept4(the_listener, NULL, NULL, SOCK_CLOEXEC);

        if (connection >= 0)
            hand_over(connection);
    }
    return NULL;
}

bool standing_server_start(int listener, standing_server_treatment *treat)
{
    pthread_t thread;

    the_listener = listener;
    the_treatment = treat;
    if (pthread_create(&thread, NULL, accept_for_ever, NULL))
        return false;
    pthread_detach(thread);
    return true;
}

/* Reads until the head of a request is over, which is all that is looked at. */
static void read_head(int connection)
{
    char head[HEAD_MAX_BYTES];
    size_t held = 0;

    while (held < sizeof head) {
        ssize_t count = recv(connection, head + held, sizeof head - held, 0);

        if (count <= 0)
            return;
        held += (size_t)count;
        if (memmem(head, held, "\r\n\r\n", 4))
            return;
    }
}

void standing_server_respond(int connection, const char *response)
{
    const struct timeval patience = {.tv_sec = PATIENCE_S};
    char rest[1 << 14];

    setsockopt(connection, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
    read_head(connection);
    if (send(connection, response, strlen(response), MSG_NOSIGNAL) < 0)
        return;
    shutdown(connection, SHUT_WR);
    for (size_t taken = 0; taken < LINGER_MAX_BYTES;) {
        ssize_t count = recv(connection, rest, sizeof rest, 0);

        if (count <= 0)
            return;
        taken += (size_t)count;
    }
}
