/* Over the rate a client is told so by 429, and is served again when its time has come. */
#include "check.h"
#include "base/text.h"
#include "http/expect.h"
#include "http/series.h"

#include <stdlib.h>
#include <string.h>

enum {
    RATE_PER_S = 2,
    WINDOW_S = 60, /* the longest over which a server may add up its rate */
    WINDOWS = 2,   /* the end of one window, and the beginning of the next */
    RATE_MAX = 50, /* a fixed one: beyond, a slow machine is not over it */
    NO_RATE = 100000,
    BURST_MS = 20000,
    BELOW = 40,
    BELOW_MS = 5000,
    WAITS = 6, /* of 1 s, 2 s, … 32 s: more than a window of the longest kind */
    WAITS_TOLD = 4,
    PATIENCE_S = 90,
    REQUEST_MAX_BYTES = 1 << 20,
};

/* Returns the rate. */
static int64_t limited_server(struct http_target *server)
{
    return http_restart_with_limit(server, "http.rate_per_s", RATE_PER_S, RATE_MAX);
}

static struct http_answer ask(struct http_series *series)
{
    const struct http_endpoint *endpoint = series->server->json_endpoints;
    struct text request;

    text_init(&request, REQUEST_MAX_BYTES);
    text_addf(&request, "%s %s HTTP/1.1\r\n%sContent-Length: %zu\r\n\r\n%s", endpoint->method, endpoint->path,
              series->server->fields, strlen(endpoint->body), endpoint->body);
    struct http_answer answer = http_series_ask(series, request.bytes, request.length);
    text_free(&request);
    return answer;
}

/* Asks without pause until it is turned away; each time on a new connection, if told so. A server that adds up its
 * rate over a minute has let in two minutes' worth by then, and what the rate gives meanwhile; whatever is served
 * beyond twice that is over any rate of that kind. The answer is the 429. */
static struct http_answer ask_until_turned_away(struct http_series *series, int64_t rate_per_s, bool anew)
{
    int64_t begun_ns = now_ns();
    struct http_answer answer = ask(series);

    for (int64_t served = 1; answer.status != 429; served++) {
        int64_t passed_ms = (now_ns() - begun_ns) / 1000000;

        expect_success(answer);
        expect(served <= rate_per_s * (WINDOWS * WINDOW_S * 1000 + 2 * passed_ms) / 1000, WRONG,
               "429 to a client without pause", "%lld requests within %lld ms, and all of them were served",
               (long long)served, (long long)passed_ms);
        if (passed_ms > scaled_ms(BURST_MS))
            error_of_environment("%lld requests took %lld ms: too slow to be over any rate", (long long)served,
                                 (long long)passed_ms);
        if (anew)
            http_series_end(series);
        answer = ask(series);
    }
    return answer;
}

static void a_burst_is_turned_away(void **state)
{
    struct http_series series = {.server = *state};
    int64_t rate_per_s = limited_server(series.server);

    expect_status(ask_until_turned_away(&series, rate_per_s, false), 429);
    http_series_end(&series);
}

/* The rate belongs to the client, not to its connection. */
static void a_new_connection_is_no_new_start(void **state)
{
    struct http_series series = {.server = *state};
    int64_t rate_per_s = limited_server(series.server);

    expect_status(ask_until_turned_away(&series, rate_per_s, true), 429);
    http_series_end(&series);
}

/* What Retry-After says, in whole seconds; 0: it is not there, or is a date. */
static int64_t retry_after_s(struct http_answer answer)
{
    const char *named = http_answer_field(&answer, "Retry-After");
    char *end = NULL;

    long long seconds = named ? strtoll(named, &end, 10) : 0;

    return named && end != named && *end == '\0' && seconds > 0 ? seconds : 0;
}

/* Asks again when it is told to and not before, and waits twice as long each time: a server may count those, too, that
 * it turns away. The waiting is what is judged here. */
static void the_client_is_served_again(void **state)
{
    struct http_series series = {.server = *state};
    int64_t rate_per_s = limited_server(series.server);
    struct http_answer answer = ask_until_turned_away(&series, rate_per_s, false);
    int64_t wait_s = 1;

    for (int waits = 0; answer.status == 429; waits++, wait_s *= 2) {
        int64_t told_s = retry_after_s(answer);

        if (series.server->exact_errors)
            expect(http_answer_field(&answer, "Retry-After"), WRONG, "Retry-After with a 429", "none");
        expect(waits < (told_s ? WAITS_TOLD : WAITS), WRONG, "served again when the time has come",
               "still 429 after %d pauses, of %lld s the last", waits, (long long)wait_s / 2);
        wait_s = told_s > wait_s ? told_s : wait_s;
        if (wait_s > PATIENCE_S)
            not_applicable("the server says to come back after %lld s, which is longer than this case waits",
                           (long long)wait_s);
        http_pause(series.peer, wait_s * 1000);
        http_series_end(&series);
        answer = ask(&series);
    }
    expect_success(answer);
    http_series_end(&series);
}

static void below_the_rate_all_are_served(void **state)
{
    struct http_series series = {.server = *state};
    int64_t rate_per_s = http_restart_with_limit(series.server, "http.rate_per_s", NO_RATE, NO_RATE);
    int64_t end_ns = deadline_after(BELOW_MS);

    for (int i = 0; i < BELOW && now_ns() < end_ns; i++) {
        expect_success(ask(&series));
        http_pause(series.peer, 2 * 1000 / rate_per_s); /* half the rate */
    }
    http_series_end(&series);
}

const struct check check = {
    .title = "Over its rate a client is told 429, and is served again later",
    .level = MUST,
    .tags = {"security"},
    .origins = {"P28C-12", "RFC 6585 4", "CWE-770"},
    .cases =
        {
            CASE(a_burst_is_turned_away),
            CASE(a_new_connection_is_no_new_start),
            CASE(the_client_is_served_again),
            CONTROL(below_the_rate_all_are_served),
        },
};
