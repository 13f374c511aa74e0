/* noise: answers everything in the right shape, with values drawn by lot. */
#include "base/directory.h"
#include "base/text.h"
#include "tests/targets/small_driver.h"
#include "tests/targets/standing_claims.h"
#include "tests/targets/standing_server.h"

#include <stdio.h>
#include <stdlib.h>
#include <sys/random.h>

enum { EVENTS_MAX = 5, RESPONSE_MAX_BYTES = 512, PATH_BYTES = 8192 };

static char directory[PATH_BYTES / 2]; /* of store.start */

/* A number below `end`. */
static unsigned lot(unsigned end)
{
    unsigned drawn;

    if (getrandom(&drawn, sizeof drawn, 0) != (ssize_t)sizeof drawn)
        abort();
    return drawn % end;
}

/* A line where the manifest says that the events lie. */
static void write_events(const char *sid)
{
    struct text path;

    text_init(&path, PATH_BYTES);
    text_addf(&path, "%s/sessions/%s", directory, sid);
    bool made = directory_make(path.bytes);
    text_add(&path, "/events.jsonl");
    FILE *file = made ? fopen(path.bytes, "we") : NULL;
    text_free(&path);
    if (!file)
        return;
    fprintf(file, "{\"type\":\"noise\",\"seq\":%u}\n", 1 + lot(1000));
    fclose(file);
}

static void answer_sid(const struct request *request)
{
    char sid[33];

    snprintf(sid, sizeof sid, "%08x%08x%08x%08x", lot(1 << 30), lot(1 << 30), lot(1 << 30), lot(1 << 30));
    write_events(sid);
    small_driver_answer(request, "{\"sid\":\"%s\"}", sid);
}

static void start_store(const struct request *request)
{
    const char *given = json_get_string(request->params, "directory");

    snprintf(directory, sizeof directory, "%s", given ? given : "");
    small_driver_answer(request, "{}");
}

static void answer_events(const struct request *request)
{
    struct text page, event;

    text_init(&page, RESPONSE_MAX_BYTES * EVENTS_MAX);
    text_init(&event, RESPONSE_MAX_BYTES);
    struct json_writer writer = json_write(&page);
    json_open(&writer, '{');
    json_key(&writer, "events");
    json_open(&writer, '[');
    for (unsigned i = lot(EVENTS_MAX); i > 0; i--) {
        text_clear(&event);
        text_addf(&event, "{\"type\":\"noise\",\"ts\":%u,\"seq\":%u,\"op\":\"%x\"}", lot(1 << 30), 1 + lot(1000),
                  lot(1 << 30));
        json_string(&writer, event.bytes);
    }
    json_close(&writer, ']');
    json_close(&writer, '}');
    small_driver_answer_bytes(request, page.bytes, page.length);
    text_free(&event);
    text_free(&page);
}

static void respond(int connection)
{
    static const char *const statuses[] = {"200 OK",
                                           "201 Created",
                                           "204 No Content",
                                           "302 Found",
                                           "400 Bad Request",
                                           "401 Unauthorized",
                                           "404 Not Found",
                                           "413 Content Too Large",
                                           "500 Internal Server Error",
                                           "503 Service Unavailable"};
    unsigned drawn = lot(sizeof statuses / sizeof *statuses);
    char body[64], response[RESPONSE_MAX_BYTES];
    int bytes = snprintf(body, sizeof body, "{\"noise\":%u}", lot(1 << 30));

    if (drawn == 2) /* 204 has no body */
        snprintf(response, sizeof response, "HTTP/1.1 %s\r\nConnection: close\r\n\r\n", statuses[drawn]);
    else
        snprintf(response, sizeof response,
                 "HTTP/1.1 %s\r\nContent-Type: application/json\r\nContent-Length: %d\r\nConnection: close\r\n\r\n%s",
                 statuses[drawn], bytes, body);
    standing_server_respond(connection, response);
}

static void start_server(const struct request *request, const char *scheme)
{
    int listener = standing_server_listen(0);

    if (listener >= 0 && standing_server_start(listener, respond))
        small_driver_answer(request, "{\"url\":\"%s://127.0.0.1:%d\"}", scheme, standing_server_port(listener));
    else
        small_driver_refuse(request, "failed", "no server");
}

static bool answer(const struct request *request)
{
    if (request_is(request, "hello"))
        small_driver_hello(request, "noise", STANDING_CLAIMS);
    else if (request_is(request, "echo"))
        small_driver_echo(request);
    else if (request_is(request, "http.start"))
        start_server(request, "http");
    else if (request_is(request, "ws.start"))
        start_server(request, "ws");
    else if (request_is(request, "store.start"))
        start_store(request);
    else if (request_is(request, "store.create") || request_is(request, "store.fork"))
        answer_sid(request);
    else if (request_is(request, "store.append"))
        small_driver_answer(request, "{\"seq\":%u}", 1 + lot(1000));
    else if (request_is(request, "store.read"))
        answer_events(request);
    else if (request_is(request, "store.metadata"))
        small_driver_answer(request, "{\"metadata\":{\"noise\":%u}}", lot(1 << 30));
    else if (request_is(request, "store.resume"))
        small_driver_answer(request, "{\"next_seq\":%u}", 1 + lot(1000));
    else
        small_driver_answer(request, "{}");
    return !request_is(request, "stop");
}

int main(void)
{
    struct request request;

    while (small_driver_next(&request) && answer(&request))
        ;
    return 0;
}
