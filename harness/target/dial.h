/* A connection to the server of a case, for the peers of its rooms. */
#ifndef ASSAY_TARGET_DIAL_H
#define ASSAY_TARGET_DIAL_H

#include "net/tcp.h"
#include "target/server_address.h"

/* Connects as tcp_dial() does, and enters in the exchange, under the connection's name, what became of it. A server
 * that lets nobody in ends the case as HANG, one that is gone as CRASH, a machine that refuses as ERROR(environment).
 */
void dial_server(struct tcp *wire, const struct server_address *address, int receive_window_bytes, int64_t deadline_ns,
                 const char *name);

#endif
