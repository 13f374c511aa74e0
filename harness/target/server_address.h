/* Where a server listens, as a url says it. */
#ifndef ASSAY_TARGET_SERVER_ADDRESS_H
#define ASSAY_TARGET_SERVER_ADDRESS_H

#include <stdbool.h>
#include <sys/socket.h>

enum { SERVER_HOST_BYTES = 300 };

struct server_address {
    struct sockaddr_storage socket;
    socklen_t socket_bytes;
    char host[SERVER_HOST_BYTES]; /* HOST:PORT, as the url has it: "127.0.0.1:8080" */
};

/* Reads a url: the scheme ("http://"), HOST:PORT, and no more than a path. Returns the path, which may be "", or NULL:
 * it is no such url. Resolves names, so it may block. */
const char *server_address_read(const char *url, const char *scheme, struct server_address *address);

/* Whether such a url, in which the port may still be "${PORT}", leads no further than to a network of one's own: to
 * localhost, or to an address, not a name, of loopback (127.0.0.0/8, ::1) or of the private ranges (RFC 1918 3, RFC
 * 4193 3.1). What assay sends is meant to do harm, so it is sent to nobody else. Does not block. */
bool server_address_is_near(const char *url, const char *scheme);

/* Whether somebody accepts connections there now. */
bool server_address_answers(const struct server_address *address);

#endif
