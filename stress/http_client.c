/* A client's blocking connection, with time-outs of the socket's own. */
#include "http_client.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

int http_client_dial(int port)
{
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons((uint16_t)port)};
    struct timeval patience = {.tv_sec = HTTP_CLIENT_WAIT_S};
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

    if (fd < 0)
        return -1;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
    setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &patience, sizeof patience);
    if (connect(fd, (struct sockaddr *)&address, sizeof address) == 0)
        return fd;
    close(fd);
    return -1;
}

bool http_client_send(int fd, const char *text)
{
    size_t bytes = strlen(text);

    while (bytes > 0) {
        ssize_t sent = send(fd, text, bytes, MSG_NOSIGNAL);

        if (sent <= 0)
            return false;
        text += sent;
        bytes -= (size_t)sent;
    }
    return true;
}

/* Receives at most so many bytes more. */
static bool receive(int fd, struct http_answer *answer, size_t at_most)
{
    size_t room = sizeof answer->text - 1 - answer->bytes;
    ssize_t received = recv(fd, answer->text + answer->bytes, at_most < room ? at_most : room, 0);

    if (received <= 0)
        return false;
    answer->bytes += (size_t)received;
    answer->text[answer->bytes] = '\0';
    return true;
}

static void begin(struct http_answer *answer)
{
    answer->status = 0;
    answer->bytes = 0;
    answer->text[0] = '\0';
}

/* The head byte by byte, so that nothing of the next answer is taken. */
bool http_client_read(int fd, struct http_answer *answer)
{
    begin(answer);
    while (answer->bytes < 4 || memcmp(answer->text + answer->bytes - 4, "\r\n\r\n", 4) != 0)
        if (!receive(fd, answer, 1))
            return false;
    const char *length = strstr(answer->text, "\r\nContent-Length: ");
    if (!length || sscanf(answer->text, "HTTP/1.1 %d ", &answer->status) != 1)
        return false;
    size_t end = answer->bytes + strtoul(length + strlen("\r\nContent-Length: "), NULL, 10);
    while (answer->bytes < end)
        if (!receive(fd, answer, end - answer->bytes))
            return false;
    return true;
}

bool http_client_read_until(int fd, struct http_answer *answer, const char *text)
{
    begin(answer);
    while (!strstr(answer->text, text))
        if (!receive(fd, answer, sizeof answer->text))
            return false;
    return true;
}

bool http_client_is_over(int fd)
{
    char byte;

    return recv(fd, &byte, 1, 0) == 0;
}

void http_client_reset(int fd)
{
    struct linger at_once = {.l_onoff = 1, .l_linger = 0};

    setsockopt(fd, SOL_SOCKET, SO_LINGER, &at_once, sizeof at_once);
    close(fd);
}
