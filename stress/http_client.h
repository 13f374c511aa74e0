/* A client's connection to a server on this machine: blocking, and no wait is longer than HTTP_CLIENT_WAIT_S. */
#ifndef STRESS_HTTP_CLIENT_H
#define STRESS_HTTP_CLIENT_H

#include <stdbool.h>
#include <stddef.h>

enum { HTTP_CLIENT_WAIT_S = 20, HTTP_CLIENT_ANSWER_MAX_BYTES = 256 << 10 };

struct http_answer {
    int status;
    size_t bytes;
    char text[HTTP_CLIENT_ANSWER_MAX_BYTES]; /* head and body, a string */
};

/* A connected socket, or -1. */
int http_client_dial(int port);

bool http_client_send(int fd, const char *text);

/* Reads one answer that has a Content-Length. False: what came was none. */
bool http_client_read(int fd, struct http_answer *answer);

/* Reads an endless answer until the text has come. False: it did not. */
bool http_client_read_until(int fd, struct http_answer *answer, const char *text);

/* Waits for the server to end the connection. False: it sent something else, or nothing. */
bool http_client_is_over(int fd);

/* Ends the connection with a reset, whatever is still under way. */
void http_client_reset(int fd);

#endif
