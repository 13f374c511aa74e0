/* GET /metrics tells what the server does: the contract's names are there, each counts what happened, and counters
 * never go back. */
#include "check.h"
#include "base/text.h"
#include "http/expect.h"
#include "http/series.h"
#include "json/json.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

enum {
    ID_BYTES = 64,
    PATH_BYTES = 128,
    SCRAPE_MAX_BYTES = 1 << 20,
    SETTLE_MS = 5000, /* until what has happened is counted */
    AGAIN_MS = 10,
    RATE_PER_S = 5,
    BURST_MAX = 2000,
    PATIENCE_MS = 32000,
    REFUSALS = 7,
    SUBSCRIBERS = 3,
};

static const struct http_endpoint metrics = {"GET", "/metrics", NULL};

static struct http_answer ask(struct http_series *series, const char *method, const char *path)
{
    char request[4096];

    int length = snprintf(request, sizeof request, "%s %s HTTP/1.1\r\n%s\r\n", method, path, series->server->fields);
    if (length < 0 || (size_t)length >= sizeof request)
        error_of_harness("a request that is too long");
    return http_series_ask(series, request, (size_t)length);
}

/* --- the text: lines "name value", "name{labels} value", comments --- */

/* The next line of the text, without its end; false: there is none. */
static bool next_line(const char **at, char *line, size_t line_bytes)
{
    if (**at == '\0')
        return false;
    size_t length = strcspn(*at, "\n");
    snprintf(line, line_bytes, "%.*s", (int)length, *at);
    *at += length + ((*at)[length] == '\n');
    return true;
}

/* Splits a sample at the blank behind its name and labels, which may hold blanks and escaped quotation marks. */
static bool split(char *line, double *value)
{
    bool quoted = false;
    char *c = line;
    char *end;

    for (; *c && (quoted || (*c != ' ' && *c != '\t')); c++) {
        if (quoted && *c == '\\' && c[1])
            c++;
        else if (*c == '"')
            quoted = !quoted;
    }
    if (*c == '\0' || c == line)
        return false;
    *c = '\0';
    *value = strtod(c + 1, &end);
    return end != c + 1 && (*end == '\0' || *end == ' ' || *end == '\r');
}

static bool is_named(const char *sample, const char *name)
{
    size_t length = strlen(name);

    return strncmp(sample, name, length) == 0 && (sample[length] == '\0' || sample[length] == '{');
}

/* The sum of all samples of that name whose labels hold `label` ("" is held by all). False: there is none. */
static bool sum_of(const char *text, const char *name, const char *label, double *sum)
{
    char line[4096];
    double value;
    bool any = false;

    *sum = 0;
    while (next_line(&text, line, sizeof line))
        if (*line != '#' && split(line, &value) && is_named(line, name) && strstr(line, label)) {
            *sum += value;
            any = true;
        }
    return any;
}

/* --- scraping --- */

/* The text of an answer; the caller ends it with text_free(). */
static struct text text_of(struct http_answer answer)
{
    struct text text;

    text_init(&text, SCRAPE_MAX_BYTES);
    text_add_bytes(&text, answer.body, answer.body_bytes);
    return text;
}

static struct text scrape(struct http_series *series)
{
    struct http_answer answer = ask(series, metrics.method, metrics.path);

    expect_success(answer);
    return text_of(answer);
}

/* The sum as it is now; a sample that is not there yet counts 0. */
static double value_of(struct http_series *series, const char *name, const char *label)
{
    struct text text = scrape(series);
    double sum;

    sum_of(text.bytes, name, label, &sum);
    text_free(&text);
    return sum;
}

/* The sum becomes that value: what has happened may be counted a moment after the client was told. */
static void expect_value(struct http_series *series, const char *name, const char *label, double wanted)
{
    int64_t end_ns = deadline_after(SETTLE_MS);
    double value = value_of(series, name, label);
    char expected[128];

    while (value != wanted && now_ns() < end_ns) {
        http_pause(series->peer, AGAIN_MS);
        value = value_of(series, name, label);
    }
    snprintf(expected, sizeof expected, "%s%s is %.0f", name, label, wanted);
    expect(value == wanted, WRONG, expected, "%s is %.0f", name, value);
}

/* --- sessions --- */

static void create(struct http_series *series, char id[ID_BYTES])
{
    struct http_answer answer = http_series_ask_json(series, series->server->json_endpoints, "{}", 2);

    expect_success(answer);
    const struct json *created = json_read(answer.body, answer.body_bytes, NULL);
    const char *given = json_get_string(created, "session_id");
    expect(given, WRONG, "a session_id", "%s", answer.summary);
    snprintf(id, ID_BYTES, "%s", given);
    json_free(created);
}

/* Numbers are compared exactly, so nobody else may be using the server: NA unless assay has started it. */
static struct http_series contract_series(void **state)
{
    http_need_contract(*state);

    (void)http_usage(*state);
    return (struct http_series){.server = *state};
}

/* --- cases --- */

static void the_names_of_the_contract_are_there(void **state)
{
    static const char *const names[] = {"assay_clients", "assay_sessions", "assay_queue_bytes",
                                        "assay_rate_limited_total", "assay_requests_total"};
    struct http_series series = contract_series(state);
    struct text text = scrape(&series);

    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        double value;
        bool there = sum_of(text.bytes, names[i], "", &value);

        expect(there, WRONG, names[i], "no such line");
        expect(value >= 0, WRONG, "0 or more", "%s is %.0f", names[i], value);
    }
    text_free(&text);
    http_series_end(&series);
}

static void sessions_are_counted(void **state)
{
    struct http_series series = contract_series(state);
    double before = value_of(&series, "assay_sessions", "");
    char path[PATH_BYTES];
    char id[ID_BYTES];

    for (int i = 0; i < 3; i++)
        create(&series, id);
    expect_value(&series, "assay_sessions", "", before + 3);
    snprintf(path, sizeof path, "/session/%.63s", id);
    expect_success(ask(&series, "DELETE", path));
    expect_value(&series, "assay_sessions", "", before + 2);
    http_series_end(&series);
}

static void requests_are_counted_by_status(void **state)
{
    static const char unknown[] = "/session/00112233445566778899aabbccddeeff";
    static const char name[] = "assay_requests_total";
    struct http_series series = contract_series(state);
    double not_found = value_of(&series, name, "status=\"404\"");
    double bad = value_of(&series, name, "status=\"400\"");

    for (int i = 0; i < REFUSALS; i++)
        expect_status(ask(&series, "GET", unknown), 404);
    expect_status(http_series_ask_json(&series, series.server->json_endpoints, "{", 1), 400);
    expect_value(&series, name, "status=\"404\"", not_found + REFUSALS);
    expect_value(&series, name, "status=\"400\"", bad + 1);
    http_series_end(&series);
}

/* No sum of samples of a name that ends in _total is less than it was. */
static void expect_no_step_back(const char *before, const char *after)
{
    const char *at = before;
    char line[4096];
    double was, is;

    while (next_line(&at, line, sizeof line)) {
        size_t name = strcspn(line, "{ \t");

        if (*line == '#' || name < 6 || strncmp(line + name - 6, "_total", 6) != 0)
            continue;
        line[name] = '\0';
        sum_of(before, line, "", &was);
        sum_of(after, line, "", &is);
        expect(is >= was, WRONG, "a counter that never goes back", "%s was %.0f and is %.0f", line, was, is);
    }
}

static void counters_never_go_back(void **state)
{
    struct http_series series = contract_series(state);
    char id[ID_BYTES];

    for (int i = 0; i < 3; i++)
        create(&series, id);
    struct text before = scrape(&series);
    for (int i = 0; i < 3; i++) {
        struct text after = scrape(&series);

        expect_no_step_back(before.bytes, after.bytes);
        text_free(&before);
        before = after;
    }
    text_free(&before);
    http_series_end(&series);
}

/* A server may notice that a subscriber has left when it has something to tell it. */
static void give_them_something_to_hear(struct http_series *series)
{
    static const char text[] = "{\"text\":\"hello\"}";
    const struct http_endpoint prompt = {"POST", "/tui/append-prompt", NULL};

    for (int i = 0; i < SUBSCRIBERS; i++)
        expect_success(http_series_ask_json(series, &prompt, text, strlen(text)));
}

static void subscribers_are_counted(void **state)
{
    struct http_series series = contract_series(state);
    struct http_peer *peers[SUBSCRIBERS];
    double before = value_of(&series, "assay_clients", "");

    for (int i = 0; i < SUBSCRIBERS; i++) {
        peers[i] = http_dial(series.server);
        http_send(peers[i], "GET /event HTTP/1.1\r\n%s\r\n", series.server->fields);
        struct http_answer answer = http_read_more(peers[i], 0, HTTP_WAIT_MS);
        expect(answer.outcome == HTTP_ANSWER, SILENT, "the first event", "%s", answer.summary);
    }
    expect_value(&series, "assay_clients", "", before + SUBSCRIBERS);
    for (int i = 0; i < SUBSCRIBERS; i++)
        http_hang_up(peers[i]);
    give_them_something_to_hear(&series);
    expect_value(&series, "assay_clients", "", before);
    http_series_end(&series);
}

/* Scrapes until that is turned away, and waits until it is not; the answer is the metrics. */
static struct http_answer scrape_over_the_rate(struct http_series *series, int *refused)
{
    struct http_answer answer = {.status = 200};

    for (int i = 0; answer.status != 429; i++) {
        if (i == BURST_MAX)
            not_applicable("%d requests to /metrics without pause were not turned away", BURST_MAX);
        answer = ask(series, metrics.method, metrics.path);
    }
    for (int64_t wait_ms = 1000; answer.status == 429; wait_ms *= 2) {
        ++*refused;
        if (wait_ms > PATIENCE_MS)
            not_applicable("the server turns its client away for longer than this case waits");
        http_pause(series->peer, wait_ms);
        http_series_end(series);
        answer = ask(series, metrics.method, metrics.path);
    }
    return answer;
}

static void requests_over_the_rate_are_counted(void **state)
{
    struct http_series series = contract_series(state);
    int refused = 0;
    double value;

    http_restart(series.server, &(struct server_settings){.limits = {{"http.rate_per_s", RATE_PER_S}}});
    struct http_answer answer = scrape_over_the_rate(&series, &refused);
    expect_success(answer);
    struct text text = text_of(answer);
    sum_of(text.bytes, "assay_rate_limited_total", "", &value);
    text_free(&text);
    expect_integer((int64_t)value, refused, "assay_rate_limited_total");
    http_series_end(&series);
}

static void the_metrics_are_text(void **state)
{
    struct http_series series = contract_series(state);
    struct http_answer answer = ask(&series, metrics.method, metrics.path);
    const char *type = http_answer_field(&answer, "Content-Type");

    expect_status(answer, 200);
    expect(type &&
               (strncasecmp(type, "text/plain", 10) == 0 || strncasecmp(type, "application/openmetrics-text", 28) == 0),
           WRONG, "Content-Type: text/plain", "%s", type ? type : "none");
    http_series_end(&series);
}

const struct check check = {
    .title = "The metrics count what happened",
    .level = MUST,
    .origins = {"the openagentic-sdk HTTP contract", "P28S next steps"},
    .cases =
        {
            CASE(the_names_of_the_contract_are_there),
            CASE(sessions_are_counted),
            CASE(requests_are_counted_by_status),
            CASE(counters_never_go_back),
            CASE(subscribers_are_counted),
            CASE(requests_over_the_rate_are_counted),
            CONTROL(the_metrics_are_text),
        },
};
