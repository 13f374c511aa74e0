/* What goes to the peer of a WebSocket: which frame is next, and how far it has got. Control frames go between the
 * frames of messages, never into one. */
#include "server/upgraded_private.h"

#include <errno.h>
#include <string.h>

enum { FRAME_KEPT_BYTES = 64 << 10 }; /* a buffer that grew larger is given back */

void upgraded_add(struct upgraded *upgraded, struct acp_action *action)
{
    *upgraded->queue_end = action;
    upgraded->queue_end = &action->next;
    upgraded->queue_bytes += action->bytes;
}

void upgraded_clear(struct upgraded *upgraded)
{
    while (upgraded->queue) {
        struct acp_action *action = upgraded->queue;

        upgraded->queue = action->next;
        acp_action_free(action);
    }
    upgraded->queue_end = &upgraded->queue;
    buffer_free(&upgraded->frame);
    upgraded->frame_sent = 0;
}

bool upgraded_is_sending(const struct upgraded *upgraded)
{
    return upgraded && upgraded->frame_sent < upgraded->frame.bytes;
}

static void add_frame(struct upgraded *upgraded, enum websocket_opcode opcode, const char *payload, size_t bytes)
{
    upgraded->frame_opcode = opcode;
    websocket_add_frame(&upgraded->frame, opcode, NULL, payload, bytes);
}

static void add_message(struct upgraded *upgraded)
{
    struct acp_action *action = upgraded->queue;

    upgraded->queue = action->next;
    if (!upgraded->queue)
        upgraded->queue_end = &upgraded->queue;
    upgraded->frame_text_bytes = action->bytes;
    add_frame(upgraded, WEBSOCKET_OPCODE_TEXT, action->text, action->bytes);
    acp_action_free(action);
}

/* Makes the next frame. False: there is none. */
static bool next_frame(struct upgraded *upgraded)
{
    if (upgraded->frame.room_bytes > FRAME_KEPT_BYTES)
        buffer_free(&upgraded->frame);
    buffer_clear(&upgraded->frame);
    upgraded->frame_sent = 0;
    if (upgraded->close_is_sent)
        return false;
    if (upgraded->pong_is_owed) {
        upgraded->pong_is_owed = false;
        add_frame(upgraded, WEBSOCKET_OPCODE_PONG, upgraded->pong, upgraded->pong_bytes);
    } else if (upgraded->ping_is_due) {
        upgraded->ping_is_due = false;
        add_frame(upgraded, WEBSOCKET_OPCODE_PING, "", 0);
    } else if (upgraded->queue) {
        add_message(upgraded);
    } else if (upgraded->is_closing && upgraded->left) {
        upgraded->frame_opcode = WEBSOCKET_OPCODE_CLOSE;
        websocket_add_close(&upgraded->frame, NULL, upgraded->close_code, upgraded->close_reason);
    } else {
        return false;
    }
    return true;
}

static void take_sent(struct connection *connection)
{
    struct upgraded *upgraded = connection->upgraded;

    if (upgraded->frame_opcode == WEBSOCKET_OPCODE_TEXT) {
        upgraded->queue_bytes -= upgraded->frame_text_bytes;
        upgraded->taken_bytes += upgraded->frame_text_bytes;
    } else if (upgraded->frame_opcode == WEBSOCKET_OPCODE_PING && !upgraded->is_closing) {
        connection_set_timer(connection, TIMER_PONG);
    } else if (upgraded->frame_opcode == WEBSOCKET_OPCODE_CLOSE) {
        upgraded->close_is_sent = true;
    }
}

static void wait_for_room(struct connection *connection)
{
    struct upgraded *upgraded = connection->upgraded;

    upgraded->is_blocked = true;
    if (!upgraded->stall.next)
        timers_set(&connection->server->timers[TIMER_STALL], &upgraded->stall, connection->server->now_ms);
}

void upgraded_write(struct connection *connection)
{
    struct upgraded *upgraded = connection->upgraded;

    upgraded->is_blocked = false;
    while (connection->phase == PHASE_UPGRADED && (upgraded_is_sending(upgraded) || next_frame(upgraded))) {
        if (upgraded->frame.failed) {
            upgraded_drop(connection, "out of memory");
            return;
        }
        ssize_t sent = send(connection->fd, upgraded->frame.data + upgraded->frame_sent,
                            upgraded->frame.bytes - upgraded->frame_sent, MSG_NOSIGNAL);
        if (sent < 0 && errno == EINTR)
            continue;
        if (sent < 0 && errno == EAGAIN) {
            wait_for_room(connection);
            return;
        }
        if (sent < 0) {
            connection_log(connection, LOG_DEBUG, "ws.send_failed", strerrorname_np(errno));
            upgraded_drop(connection, "cannot be sent to");
            return;
        }
        timers_clear(&upgraded->stall);
        upgraded->frame_sent += (size_t)sent;
        if (!upgraded_is_sending(upgraded))
            take_sent(connection);
    }
}
