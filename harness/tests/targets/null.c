/* null: claims everything and serves nothing. Every method is answered "unsupported", every connection is closed.
 *
 *   null               the driver
 *   null serve PORT    the server, for the manifest's entries "http" and "ws" */
#include "tests/targets/small_driver.h"
#include "tests/targets/standing_claims.h"
#include "tests/targets/standing_server.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static void hang_up(int connection)
{
    (void)connection; /* it is closed behind this function */
}

static int serve(const char *port)
{
    int listener = standing_server_listen(atoi(port));

    if (listener < 0 || !standing_server_start(listener, hang_up)) {
        perror("null");
        return 1;
    }
    for (;;)
        pause();
}

static bool answer(const struct request *request)
{
    if (request_is(request, "hello"))
        small_driver_hello(request, "null", STANDING_CLAIMS);
    else if (request_is(request, "echo"))
        small_driver_echo(request);
    else if (request_is(request, "stop"))
        small_driver_answer(request, "{}");
    else
        small_driver_refuse(request, "unsupported", "nothing is supported here");
    return !request_is(request, "stop");
}

int main(int argc, char **argv)
{
    struct request request;

    if (argc == 3 && !strcmp(argv[1], "serve"))
        return serve(argv[2]);
    while (small_driver_next(&request) && answer(&request))
        ;
    return 0;
}
