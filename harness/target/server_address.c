/* From a url to a socket's address. */
#include "target/server_address.h"

#include <arpa/inet.h>
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

/* HOST:PORT of the url, copied; what follows it, or NULL: it is none, or too long. */
static const char *copy_authority(const char *url, const char *scheme, char host[SERVER_HOST_BYTES])
{
    if (strncmp(url, scheme, strlen(scheme)) != 0)
        return NULL;
    url += strlen(scheme);
    size_t length = strcspn(url, "/?#@");
    if (length >= SERVER_HOST_BYTES || strpbrk(url + length, "?#@"))
        return NULL;
    memcpy(host, url, length);
    host[length] = '\0';
    return url + length;
}

const char *server_address_read(const char *url, const char *scheme, struct server_address *address)
{
    const struct addrinfo hints = {.ai_socktype = SOCK_STREAM, .ai_flags = AI_NUMERICSERV};
    struct addrinfo *found = NULL;
    char name[SERVER_HOST_BYTES];
    const char *port;

    const char *path = copy_authority(url, scheme, address->host);
    if (!path || !split_authority(address->host, name, sizeof name, &port) ||
        getaddrinfo(name, port, &hints, &found) != 0)
        return NULL;
    memcpy(&address->socket, found->ai_addr, found->ai_addrlen);
    address->socket_bytes = found->ai_addrlen;
    freeaddrinfo(found);
    return path;
}

static bool is_near_v4(uint32_t address)
{
    return address >> 24 == 127 || address >> 24 == 10 || address >> 20 == (172 << 4 | 1) ||
           address >> 16 == (192 << 8 | 168);
}

static bool is_near_v6(const struct in6_addr *address)
{
    return IN6_IS_ADDR_LOOPBACK(address) || (address->s6_addr[0] & 0xfe) == 0xfc;
}

bool server_address_is_near(const char *url, const char *scheme)
{
    char host[SERVER_HOST_BYTES], name[SERVER_HOST_BYTES];
    struct in_addr v4;
    struct in6_addr v6;
    const char *port;

    if (!copy_authority(url, scheme, host) || !split_authority(host, name, sizeof name, &port))
        return false;
    if (strspn(port, "0123456789") != strlen(port) && strcmp(port, "${PORT}") != 0)
        return false;
    if (inet_pton(AF_INET, name, &v4) == 1)
        return is_near_v4(ntohl(v4.s_addr));
    return inet_pton(AF_INET6, name, &v6) == 1 ? is_near_v6(&v6) : strcmp(name, "localhost") == 0;
}

bool server_address_answers(const struct server_address *address)
{
    int fd = socket(address->socket.ss_family, SOCK_STREAM | SOCK_CLOEXEC, 0);
    bool connected = fd >= 0 && connect(fd, (const struct sockaddr *)&address->socket, address->socket_bytes) == 0;

    if (fd >= 0)
        close(fd);
    return connected;
}
