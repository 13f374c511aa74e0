/* A TCP server for the standing targets: it accepts on 127.0.0.1 and gives each connection the same treatment. */
#ifndef ASSAY_TESTS_TARGETS_STANDING_SERVER_H
#define ASSAY_TESTS_TARGETS_STANDING_SERVER_H

#include <stdbool.h>

/* Deals with one connection, on a thread of its own; the caller closes it afterwards. */
typedef void standing_server_treatment(int connection);

/* Listens on the port, 0 for any. Returns the listening socket, or -1 with errno. */
int standing_server_listen(int port);
int standing_server_port(int listener);

/* Accepts for ever, on a thread of its own; connections beyond a thousand at a time are closed at once. One server a
 * process. False: there is no thread to be had. */
bool standing_server_start(int listener, standing_server_treatment *treat);

/* A treatment's help: reads one request's head and what came with it (at most for a few seconds), writes the response,
 * and takes in what the peer has still to say, so that the response reaches it. */
void standing_server_respond(int connection, const char *response);

#endif
