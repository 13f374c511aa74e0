/* stubborn_server PORT: answers 200 to whatever comes, and goes on at SIGTERM. */
#include "tests/targets/standing_server.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

static void answer(int connection)
{
    standing_server_respond(connection, "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nConnection: close\r\n"
                                        "Content-Length: 2\r\n\r\n{}");
}

int main(int argc, char **argv)
{
    int listener = argc == 2 ? standing_server_listen(atoi(argv[1])) : -1;

    signal(SIGTERM, SIG_IGN);
    if (listener < 0 || !standing_server_start(listener, answer)) {
        perror("stubborn_server");
        return 1;
    }
    for (;;)
        pause();
}
