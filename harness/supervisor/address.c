/* Puts the socket addresses of a call, or of a descriptor, into words. */
#include "supervisor/address.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <sys/un.h>

/* A path may lack its NUL, and an abstract name begins with one (unix(7)). */
static void print_unix(const struct sockaddr_storage *address, socklen_t bytes, char *text, size_t text_bytes)
{
    const struct sockaddr_un *un = (const struct sockaddr_un *)address;
    size_t length = bytes > offsetof(struct sockaddr_un, sun_path) ? bytes - offsetof(struct sockaddr_un, sun_path) : 0;

    if (length > sizeof un->sun_path)
        length = sizeof un->sun_path;
    if (length > 0 && un->sun_path[0] == '\0')
        snprintf(text, text_bytes, "unix:@%.*s", (int)length - 1, un->sun_path + 1);
    else
        snprintf(text, text_bytes, "unix:%.*s", (int)length, un->sun_path);
}

static void print(const struct sockaddr_storage *address, socklen_t bytes, char *text, size_t text_bytes)
{
    char host[INET6_ADDRSTRLEN] = "";
    const struct sockaddr_in *in = (const struct sockaddr_in *)address;
    const struct sockaddr_in6 *in6 = (const struct sockaddr_in6 *)address;

    if (address->ss_family == AF_INET && bytes >= sizeof *in) {
        inet_ntop(AF_INET, &in->sin_addr, host, sizeof host);
        snprintf(text, text_bytes, "%s:%u", host, (unsigned)ntohs(in->sin_port));
    } else if (address->ss_family == AF_INET6 && bytes >= offsetof(struct sockaddr_in6, sin6_scope_id)) {
        inet_ntop(AF_INET6, &in6->sin6_addr, host, sizeof host);
        snprintf(text, text_bytes, "[%s]:%u", host, (unsigned)ntohs(in6->sin6_port));
    } else if (address->ss_family == AF_UNIX) {
        print_unix(address, bytes, text, text_bytes);
    } else {
        snprintf(text, text_bytes, "family %u", (unsigned)address->ss_family);
    }
}

enum supervisor_look supervisor_address_of_argument(pid_t tid, uint64_t address, uint64_t bytes, char *text,
                                                    size_t text_bytes)
{
    struct sockaddr_storage storage = {0};

    if ((int)bytes < (int)sizeof storage.ss_family || bytes > sizeof storage)
        return LOOK_ABSENT;
    enum supervisor_look look = inspect_read(tid, address, &storage, bytes);
    if (look == LOOK_OK)
        print(&storage, (socklen_t)bytes, text, text_bytes);
    return look;
}

enum supervisor_look supervisor_address_of_peer(int fd, char *text, size_t text_bytes)
{
    struct sockaddr_storage storage = {0};
    socklen_t bytes = sizeof storage;

    if (getpeername(fd, (struct sockaddr *)&storage, &bytes) != 0)
        return LOOK_ABSENT;
    print(&storage, bytes, text, text_bytes);
    return LOOK_OK;
}

int supervisor_address_type(int fd)
{
    int type = 0;
    socklen_t bytes = sizeof type;

    return getsockopt(fd, SOL_SOCKET, SO_TYPE, &type, &bytes) == 0 ? type : 0;
}
