/* What a connection that does not come about says of the server. */
#include "target/dial.h"

#include "case/exchange.h"
#include "check.h"

#include <errno.h>
#include <string.h>

void dial_server(struct tcp *wire, const struct server_address *address, int receive_window_bytes, int64_t deadline_ns,
                 const char *name)
{
    const char *host = address->host;

    switch (tcp_dial(wire, (const struct sockaddr *)&address->socket, address->socket_bytes, receive_window_bytes,
                     deadline_ns)) {
    case TCP_OK:
        exchange_note(name, "opened to %s", host);
        return;
    case TCP_LATE:
        exchange_note(name, "not accepted by %s", host);
        fail_case(HANG, "the server accepts connections", "no connection before the deadline", "cannot connect to %s",
                  host);
    case TCP_ERROR:
        error_of_environment("cannot connect to %s: %s", host, strerror(errno));
    default:
        exchange_note(name, "refused by %s", host);
        fail_case(CRASH, "the server goes on serving", "connection refused", "nobody listens at %s any more", host);
    }
}
