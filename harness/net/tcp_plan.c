/* Plans, and where the next piece of one ends. */
#include "net/tcp_plan.h"

struct tcp_plan tcp_plan_whole(void)
{
    return (struct tcp_plan){0};
}

struct tcp_plan tcp_plan_cut_at(size_t offset, int64_t pause_ms)
{
    return (struct tcp_plan){.first_bytes = offset, .pause_ms = pause_ms};
}

struct tcp_plan tcp_plan_drip(size_t piece_bytes, int64_t pause_ms)
{
    return (struct tcp_plan){.piece_bytes = piece_bytes, .pause_ms = pause_ms};
}

size_t tcp_plan_next(const struct tcp_plan *plan, size_t offset, size_t total_bytes)
{
    size_t left = total_bytes - offset;
    size_t piece = offset == 0 && plan->first_bytes > 0 ? plan->first_bytes : plan->piece_bytes;

    return piece == 0 || piece > left ? left : piece;
}
