/* Lines in, lines out, in one thread that waits for both, and for what the agent wants. */
#include "adapter/stdio.h"

#include "base/buffer.h"
#include "base/clock.h"

#include <errno.h>
#include <limits.h>
#include <poll.h>
#include <pthread.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>

enum { READ_BYTES = 64 << 10, WRITE_BYTES = PIPE_BUF /* for which there is room if poll(2) says that there is any */ };

struct stdio {
    struct adapter_client client; /* first, so that a client's address is its own */
    struct adapter *adapter;
    const struct stdio_config *config;
    enum stdio_result result;
    int wake;         /* an eventfd: `told` has got something */
    int64_t until_ms; /* when patience ends; 0: nobody has asked to come to an end */
    bool is_stopping;
    bool is_closed;    /* by the agent */
    bool is_skipping;  /* to the end of a line that was too long */
    struct buffer in;  /* not heard yet */
    struct buffer out; /* one line, and how much of it was written */
    size_t written;
    struct acp_action *queue;

    pthread_mutex_t lock;
    struct acp_action *told, **told_end; /* under lock */
};

static void take_action(struct adapter_client *client, struct acp_action *action)
{
    struct stdio *stdio = (struct stdio *)client;

    pthread_mutex_lock(&stdio->lock);
    *stdio->told_end = action;
    stdio->told_end = &action->next;
    pthread_mutex_unlock(&stdio->lock);
    eventfd_write(stdio->wake, 1);
}

/* The oldest thing that the agent wants; it belongs to the caller. */
static struct acp_action *next_action(struct stdio *stdio)
{
    if (!stdio->queue) {
        pthread_mutex_lock(&stdio->lock);
        stdio->queue = stdio->told;
        stdio->told = NULL;
        stdio->told_end = &stdio->told;
        pthread_mutex_unlock(&stdio->lock);
    }
    struct acp_action *action = stdio->queue;
    if (action)
        stdio->queue = action->next;
    return action;
}

/* ---- out ---- */

/* Makes the next line. False: there is none. */
static bool next_line(struct stdio *stdio)
{
    struct acp_action *action = stdio->is_closed ? NULL : next_action(stdio);

    if (!action)
        return false;
    buffer_clear(&stdio->out);
    stdio->written = 0;
    if (action->kind == ACP_CLOSE) {
        log_event(stdio->config->log, LOG_INFO, "stdio.closed", "reason", action->text, NULL);
        stdio->is_closed = true;
    } else {
        buffer_add(&stdio->out, action->text, action->bytes);
        buffer_add_text(&stdio->out, "\n");
    }
    acp_action_free(action);
    return !stdio->is_closed;
}

static bool is_writing(const struct stdio *stdio)
{
    return stdio->written < stdio->out.bytes;
}

/* There is room for some bytes. */
static bool write_some(struct stdio *stdio)
{
    size_t left = stdio->out.bytes - stdio->written;
    ssize_t written =
        write(stdio->config->out, stdio->out.data + stdio->written, left < WRITE_BYTES ? left : WRITE_BYTES);

    if (written < 0)
        return errno == EINTR || errno == EAGAIN;
    stdio->written += (size_t)written;
    if (!is_writing(stdio))
        adapter_taken(stdio->adapter, &stdio->client, stdio->out.bytes - 1);
    return true;
}

/* ---- in ---- */

/* The client has taken enough to be heard again. */
static bool hear_line(struct stdio *stdio, const char *line, size_t bytes)
{
    if (bytes > stdio->config->message_max_bytes) /* what is no JSON gets the answer that this line must have */
        return adapter_receive(stdio->adapter, &stdio->client, "", 0);
    return bytes == 0 || adapter_receive(stdio->adapter, &stdio->client, line, bytes);
}

/* Hears the lines that have come. Those behind one that the agent does not want yet have to wait. */
static void hear(struct stdio *stdio)
{
    const char *end;
    size_t at = 0;

    while ((end = stdio->in.bytes > at ? memchr(stdio->in.data + at, '\n', stdio->in.bytes - at) : NULL)) {
        size_t bytes = (size_t)(end - stdio->in.data) - at;

        if (!stdio->is_skipping && !hear_line(stdio, stdio->in.data + at, bytes))
            break;
        stdio->is_skipping = false;
        at += bytes + 1;
    }
    buffer_drop(&stdio->in, at);
    if (!end && stdio->in.bytes > stdio->config->message_max_bytes &&
        (stdio->is_skipping || hear_line(stdio, stdio->in.data, stdio->in.bytes))) {
        stdio->is_skipping = true;
        buffer_clear(&stdio->in);
    }
}

/* More is read as long as no line waits to be heard. */
static bool wants_to_read(const struct stdio *stdio)
{
    return stdio->until_ms == 0 && stdio->in.bytes <= stdio->config->message_max_bytes &&
           !(stdio->in.bytes > 0 && memchr(stdio->in.data, '\n', stdio->in.bytes));
}

static bool read_some(struct stdio *stdio)
{
    char block[READ_BYTES];
    ssize_t count = read(stdio->config->in, block, sizeof block);

    if (count < 0)
        return errno == EINTR || errno == EAGAIN;
    if (count > 0)
        return buffer_add(&stdio->in, block, (size_t)count);
    if (stdio->in.bytes > 0 && !stdio->is_skipping)
        buffer_add_text(&stdio->in, "\n"); /* the last line may end without */
    stdio->until_ms = clock_ms() + stdio->config->end_ms;
    return true;
}

/* ---- both ---- */

/* Everything that can be said is said, or nobody waits for it any longer. */
static bool is_over(struct stdio *stdio)
{
    bool ends = stdio->until_ms != 0;
    bool is_awaited = ends && (stdio->in.bytes > 0 || adapter_is_busy(stdio->adapter, &stdio->client));

    if (ends && clock_ms() >= stdio->until_ms)
        return true;
    if (is_writing(stdio) || next_line(stdio)) /* after the question above: what was busy may have answered since */
        return false;
    return stdio->is_closed || (ends && !is_awaited);
}

static int wait_ms(const struct stdio *stdio)
{
    int64_t left_ms = stdio->until_ms - clock_ms();

    if (stdio->until_ms == 0)
        return -1;
    return left_ms > 0 ? (int)left_ms : 0;
}

static void stop(struct stdio *stdio)
{
    adapter_close(stdio->adapter);
    stdio->is_stopping = true;
    stdio->until_ms = clock_ms() + stdio->config->stop_ms;
}

/* Waits for the first thing that can be done, and does it. False: it cannot be read or written. */
static bool take_round(struct stdio *stdio)
{
    struct pollfd ready[] = {
        {.fd = wants_to_read(stdio) ? stdio->config->in : -1, .events = POLLIN},
        {.fd = stdio->config->out, .events = is_writing(stdio) ? POLLOUT : 0}, /* or to see its reader leave */
        {.fd = stdio->is_stopping ? -1 : stdio->config->stop, .events = POLLIN},
        {.fd = stdio->wake, .events = POLLIN},
    };
    eventfd_t count;

    if (poll(ready, sizeof ready / sizeof *ready, wait_ms(stdio)) < 0)
        return errno == EINTR;
    if (ready[3].revents)
        eventfd_read(stdio->wake, &count);
    if (ready[2].revents)
        stop(stdio);
    if ((ready[1].revents & (POLLERR | POLLHUP)) || (ready[1].revents && !write_some(stdio)))
        return false;
    if (ready[0].revents && !read_some(stdio))
        return false;
    hear(stdio);
    return !stdio->out.failed;
}

static void converse(struct stdio *stdio)
{
    while (!is_over(stdio)) {
        if (!take_round(stdio)) {
            stdio->result = STDIO_BROKEN;
            break;
        }
    }
    if (stdio->result == STDIO_OK && stdio->is_closed && stdio->until_ms == 0)
        stdio->result = STDIO_CLOSED;
    adapter_leave(stdio->adapter, &stdio->client);
}

enum stdio_result stdio_serve(struct adapter *adapter, const struct stdio_config *config)
{
    struct stdio stdio = {.client.take = take_action, .adapter = adapter, .config = config};
    struct acp_action *action;

    stdio.in = buffer_new(config->message_max_bytes + 2 * READ_BYTES);
    stdio.out = buffer_new(SIZE_MAX);
    stdio.told_end = &stdio.told;
    stdio.wake = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    if (stdio.wake < 0)
        return STDIO_REFUSED;
    pthread_mutex_init(&stdio.lock, NULL);
    if (adapter_join(adapter, &stdio.client, true) == ACP_OK)
        converse(&stdio);
    else
        stdio.result = STDIO_REFUSED;
    while ((action = next_action(&stdio)))
        acp_action_free(action);
    pthread_mutex_destroy(&stdio.lock);
    close(stdio.wake);
    buffer_free(&stdio.in);
    buffer_free(&stdio.out);
    return stdio.result;
}
