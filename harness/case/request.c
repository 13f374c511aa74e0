/* The front of a request, and the state in which a failure finds it. */
#include "case/request.h"

#include "case/state.h"

#include <string.h>

const struct request request_none;

void request_add(struct request *request, const void *bytes, size_t count)
{
    size_t kept = request->bytes < REQUEST_FRONT_BYTES ? request->bytes : REQUEST_FRONT_BYTES;
    size_t room = REQUEST_FRONT_BYTES - kept;

    memcpy(request->front + kept, bytes, count < room ? count : room);
    request->bytes += count;
}

/* The whole length is told: the front holds all that is looked at. */
static void show(const struct request *request, const struct request *before)
{
    struct text *sent = &case_state()->sent;

    text_clear(sent);
    if (before->bytes) {
        text_add_visible(sent, before->front, before->bytes, REQUEST_BEFORE_SHOWN_BYTES);
        text_add(sent, "\nand, when that was answered:\n");
    }
    text_add_visible(sent, request->front, request->bytes, REQUEST_SHOWN_BYTES);
}

void request_goes_out(const struct request *request, const struct request *before)
{
    case_state()->sent_by_room = false;
    show(request, before);
}

void request_is_answered(const struct request *request, const struct request *before)
{
    if (!case_state()->sent_by_room)
        show(request, before);
}

void requests_go_out(struct requests *requests, const void *bytes, size_t count)
{
    if (requests->answered) {
        requests->before = requests->now;
        requests->now.bytes = 0;
    }
    requests->answered = false;
    request_add(&requests->now, bytes, count);
    request_goes_out(&requests->now, &requests->before);
}

void requests_read(struct requests *requests, bool answered)
{
    requests->answered = answered;
    request_is_answered(&requests->now, &requests->before);
}
