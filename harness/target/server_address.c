/* From a url to a socket's address. */
#include "target/server_address.h"

#include <netdb.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

/* Splits HOST:PORT or [V6]:PORT; false when there is no port. */
static bool split_authority(const char *authority, char *name, size_t name_bytes, const char **port)
{
    const char *colon = strrchr(authority, ':');
    const char *end = colon;

    if (!colon)
        return false;
    if (*authority == '[' && end > authority + 1 && end[-1] == ']') {
        authority++;
        end--;
    }
    *port = colon + 1;
    return snprintf(name, name_bytes, "%.*s", (int)(end - authority), authority) < (int)name_bytes && *name && **port;
}

const char *server_address_read(const char *url, const char *scheme, struct server_address *address)
{
    const struct addrinfo hints = {.ai_socktype = SOCK_STREAM, .ai_flags = AI_NUMERICSERV};
    struct addrinfo *found = NULL;
    char name[SERVER_HOST_BYTES];
    const char *port;

    if (strncmp(url, scheme, strlen(scheme)) != 0)
        return NULL;
    url += strlen(scheme);
    size_t length = strcspn(url, "/?#@");
    if (length >= sizeof address->host || strpbrk(url + length, "?#@"))
        return NULL;
    memcpy(address->host, url, length);
    address->host[length] = '\0';
    if (!split_authority(address->host, name, sizeof name, &port) || getaddrinfo(name, port, &hints, &found) != 0)
        return NULL;
    memcpy(&address->socket, found->ai_addr, found->ai_addrlen);
    address->socket_bytes = found->ai_addrlen;
    freeaddrinfo(found);
    return url + length;
}

bool server_address_answers(const struct server_address *address)
{
    int fd = socket(address->socket.ss_family, SOCK_STREAM | SOCK_CLOEXEC, 0);
    bool connected = fd >= 0 && connect(fd, (const struct sockaddr *)&address->socket, address->socket_bytes) == 0;

    if (fd >= 0)
        close(fd);
    return connected;
}
