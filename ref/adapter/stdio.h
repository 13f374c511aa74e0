/* The Agent Client Protocol on two descriptors, such as standard input and output: one message a line, as ACP's stdio
 * transport has it. One more client of the adapter, and the only one that may be silent for as long as it likes. */
#ifndef REF_ADAPTER_STDIO_H
#define REF_ADAPTER_STDIO_H

#include "adapter/adapter.h"

struct stdio_config {
    int in;
    int out;
    int stop;                 /* to be readable means: come to an end */
    size_t message_max_bytes; /* a longer line is answered with an error and skipped */
    int64_t end_ms;           /* after the end of input, for the answers that are still to come */
    int64_t stop_ms;          /* after the stop, likewise */
    const struct log *log;
};

enum stdio_result {
    STDIO_OK,
    STDIO_REFUSED, /* too many clients, or no memory, already at the beginning */
    STDIO_CLOSED,  /* the agent did not want the client any more: the log says why */
    STDIO_BROKEN,  /* it cannot be read or written */
};

/* Serves until the end of input or the stop. Blocks for all that, and ignores SIGPIPE only if its caller does. */
enum stdio_result stdio_serve(struct adapter *adapter, const struct stdio_config *config);

#endif
