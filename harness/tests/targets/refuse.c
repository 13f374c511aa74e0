/* refuse: starts, and then says no to everything, politely and definitely: a room must not take that for being right
 * about what has to be refused. */
#include "tests/targets/small_driver.h"
#include "tests/targets/standing_claims.h"
#include "tests/targets/standing_server.h"

static void forbid(int connection)
{
    standing_server_respond(connection, "HTTP/1.1 403 Forbidden\r\nContent-Type: application/json\r\n"
                                        "Content-Length: 21\r\nConnection: close\r\n\r\n{\"error\":\"forbidden\"}");
}

static void start_server(const struct request *request, const char *scheme)
{
    int listener = standing_server_listen(0);

    if (listener >= 0 && standing_server_start(listener, forbid))
        small_driver_answer(request, "{\"url\":\"%s://127.0.0.1:%d\"}", scheme, standing_server_port(listener));
    else
        small_driver_refuse(request, "failed", "no server");
}

static bool answer(const struct request *request)
{
    if (request_is(request, "hello"))
        small_driver_hello(request, "refuse", STANDING_CLAIMS);
    else if (request_is(request, "echo"))
        small_driver_echo(request);
    else if (request_is(request, "http.start"))
        start_server(request, "http");
    else if (request_is(request, "ws.start"))
        start_server(request, "ws");
    else if (request_is(request, "store.start") || request_is(request, "stop"))
        small_driver_answer(request, "{}");
    else
        small_driver_refuse(request, "refused", "no, sorry");
    return !request_is(request, "stop");
}

int main(void)
{
    struct request request;

    while (small_driver_next(&request) && answer(&request))
        ;
    return 0;
}
