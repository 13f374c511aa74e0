/* Requests one after the other, and what is done when the server ends the connection in between. */
#include "http/series.h"

#include "base/text.h"
#include "check.h"

#include <string.h>

enum { REQUEST_MAX_BYTES = 16 << 20, BUSY_ATTEMPTS = 3 };

void http_series_end(struct http_series *series)
{
    http_hang_up(series->peer);
    series->peer = NULL;
    series->used = false;
}

static bool ended_without_an_answer(struct http_answer answer)
{
    return answer.outcome == HTTP_CLOSED || answer.outcome == HTTP_RESET;
}

static struct http_answer ask_once(struct http_series *series, const void *request, size_t count)
{
    if (!series->peer)
        series->peer = http_dial(series->server);
    http_send_bytes(series->peer, request, count);
    return http_read(series->peer);
}

struct http_answer http_series_ask(struct http_series *series, const void *request, size_t count)
{
    if (series->peer && (!series->used || http_pause(series->peer, 0)))
        http_series_end(series); /* its last answer said so, or it has ended since */
    struct http_answer answer = ask_once(series, request, count);

    if (series->used && ended_without_an_answer(answer)) {
        http_series_end(series);
        answer = ask_once(series, request, count);
    }
    series->used = answer.outcome == HTTP_ANSWER && !answer.closes;
    return answer;
}

static struct http_answer ask_json(struct http_series *series, const struct http_endpoint *endpoint, const char *body,
                                   size_t body_bytes)
{
    struct text request;

    text_init(&request, REQUEST_MAX_BYTES);
    text_addf(&request, "%s %s HTTP/1.1\r\n%sContent-Length: %zu\r\n\r\n", endpoint->method, endpoint->path,
              series->server->fields, body_bytes);
    text_add_bytes(&request, body, body_bytes);
    if (request.cut)
        error_of_harness("a request of more than %d bytes", REQUEST_MAX_BYTES);
    struct http_answer answer = http_series_ask(series, request.bytes, request.length);
    text_free(&request);
    return answer;
}

_Noreturn static void give_up(struct http_answer answer)
{
    not_applicable("the server turns its client away, so nothing can be said of this: %s", answer.summary);
}

struct http_answer http_series_ask_json(struct http_series *series, const struct http_endpoint *endpoint,
                                        const char *body, size_t body_bytes)
{
    const struct http_endpoint *right = series->server->json_endpoints;
    struct http_answer answer = ask_json(series, endpoint, body, body_bytes);

    /* 503 for a moment is an overload. Where a right request is served in between, time after time, it is the answer
     * to this request, and the room judges it. */
    for (int attempt = 1; attempt < BUSY_ATTEMPTS && answer.status == 503; attempt++) {
        answer = ask_json(series, right, right->body, strlen(right->body));
        if (answer.status == 503)
            give_up(answer);
        answer = ask_json(series, endpoint, body, body_bytes);
    }
    if (answer.status == 429)
        give_up(answer);
    return answer;
}
