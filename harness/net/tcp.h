/* A TCP connection for a client that misbehaves on purpose: it cuts what it sends as a plan says, closes one half,
 * resets, reads slowly or not at all, and always comes back by its deadline.
 *
 * Sending and reading go on side by side, so that a server that answers early is heard and two full buffers cannot
 * lock each other. How the other side ended is told apart: a FIN after its last byte, or a reset. Deadlines are
 * absolute, on the clock of base/clock.h. Not thread-safe; SIGPIPE is never raised. */
#ifndef ASSAY_NET_TCP_H
#define ASSAY_NET_TCP_H

#include "net/tcp_plan.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/socket.h>

enum { TCP_BUFFER_BYTES = 64 << 10 };

enum tcp_result {
    TCP_OK,
    TCP_FIN,   /* the other side sent all it had and closed */
    TCP_RESET, /* it, or its system, reset the connection */
    TCP_LATE,  /* the deadline passed */
    TCP_ERROR, /* this machine refuses: errno says why */
};

struct tcp {
    int fd;
    bool over;             /* all that will ever come has been read */
    bool reset;            /* a reset was seen; what came before it may still be read */
    bool deaf;             /* reads only when told to, not while it sends */
    size_t read_bytes;     /* at most so many a read; 0: as they come */
    int64_t read_pause_ms; /* after each read */
    size_t begin, end;     /* received and not yet taken */
    char buffer[TCP_BUFFER_BYTES];
};

/* Connects. receive_window_bytes > 0 keeps the socket's receive buffer that small (the system's minimum applies), so
 * that a server soon finds that it cannot go on writing. RESET: nobody listens. The socket is closed unless OK. */
enum tcp_result tcp_dial(struct tcp *wire, const struct sockaddr *address, socklen_t address_bytes,
                         int receive_window_bytes, int64_t deadline_ns);

/* Sends as the plan says. RESET: the other side takes no more. LATE: it does not read. *sent_bytes (may be NULL) says
 * how much the system took. A FIN of the other side does not stop the sending: it has closed its own half only. */
enum tcp_result tcp_send(struct tcp *wire, const char *bytes, size_t count, const struct tcp_plan *plan,
                         int64_t deadline_ns, size_t *sent_bytes);

/* Waits until there are bytes at buffer + begin. FIN and RESET are reported once those that came before are taken. */
enum tcp_result tcp_receive(struct tcp *wire, int64_t deadline_ns);

/* Waits for pause_ms while reading what comes, unless deaf. */
void tcp_pause(struct tcp *wire, int64_t pause_ms);

/* FIN: this side has sent all it will. */
void tcp_half_close(struct tcp *wire);

/* Closes the socket, with a FIN or with a reset that discards whatever is under way. */
void tcp_close(struct tcp *wire);
void tcp_reset(struct tcp *wire);

#endif
