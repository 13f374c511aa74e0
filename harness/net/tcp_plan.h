/* How a run of bytes is cut into pieces and how long the pauses between them are. A piece is one send() with Nagle's
 * algorithm off, so it leaves as a packet of its own; a pause of some milliseconds makes the other side read it alone.
 * No I/O: the socket asks for the next piece. */
#ifndef ASSAY_NET_TCP_PLAN_H
#define ASSAY_NET_TCP_PLAN_H

#include <stddef.h>
#include <stdint.h>

struct tcp_plan {
    size_t first_bytes; /* of the first piece; 0: like the others */
    size_t piece_bytes; /* of each other piece; 0: all that is left */
    int64_t pause_ms;   /* between pieces, not scaled: it is what is sent, not a deadline */
};

/* Everything at once. */
struct tcp_plan tcp_plan_whole(void);

/* Two pieces: `offset` bytes, a pause, the rest. */
struct tcp_plan tcp_plan_cut_at(size_t offset, int64_t pause_ms);

/* Pieces of piece_bytes, which must not be 0, with a pause between each two. */
struct tcp_plan tcp_plan_drip(size_t piece_bytes, int64_t pause_ms);

/* The size of the piece that begins at offset; 0 at the end. */
size_t tcp_plan_next(const struct tcp_plan *plan, size_t offset, size_t total_bytes);

#endif
