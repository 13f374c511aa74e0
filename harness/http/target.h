/* The HTTP server of the target, as a room sees it: where it listens, what a valid request to it looks like, and its
 * process. Rooms under regress/http/ get it as *state, already started and answering.
 *
 * A target with a driver starts its server by http.start; one without is started by the manifest's entry "http".
 * Strings live until the server is started again. One thread uses it. */
#ifndef ASSAY_HTTP_TARGET_H
#define ASSAY_HTTP_TARGET_H

#include "base/procfs.h"
#include "target/server.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct http_endpoint {
    const char *method; /* one that takes a body: POST, PUT or PATCH */
    const char *path;
    const char *body; /* a valid one, JSON text: it is answered 2xx */
};

struct http_target {
    struct server_address address;
    const char *host;   /* what belongs into Host: "127.0.0.1:8080" */
    const char *token;  /* the bearer token that it asks for; NULL: none */
    const char *fields; /* what every valid request carries: Host, Content-Type, the manifest's and, with a token,
                         * Authorization; whole lines with CRLF, to be put behind a request line */
    const char *fields_but_host;                /* the same without Host */
    const struct http_endpoint *json_endpoints; /* at least one; behind the last one path is NULL */
    bool exact_errors;                          /* declared: http.errors=assay */
    bool strict;                                /* declared: http.syntax=strict */
    bool contract;                              /* the routes are the reference's: the manifest lists no others */
    bool local_only;                            /* declared: http.local_only=yes, or set by http_restart() */
};

/* Stops the server and starts it with these settings and an empty directory. Where the target has no way to be told
 * one of them the case ends as NA, and says what the manifest or the driver lacks. */
void http_restart(struct http_target *target, const struct server_settings *settings);

/* The value that the limit will have where a server is started with `wanted`: that, or what the manifest says it always
 * is. A case judges by it; one of more than `most`, for which the case has neither time nor clients enough, ends it as
 * NA. */
int64_t http_limit(const char *name, int64_t wanted, int64_t most);

/* Restarts with that limit, and returns it. */
int64_t http_restart_with_limit(struct http_target *target, const char *limit, int64_t wanted, int64_t most);

/* Asks the server to stop, and does not wait for it; http_expect_stop() must follow. */
void http_ask_to_stop(struct http_target *target);

/* Stops the server, where that is what is judged (target/server.h); http_restart() starts it again. */
void http_expect_stop(struct http_target *target);

/* What the server's processes use. A server that assay did not start cannot be measured: NA. */
struct procfs_usage http_usage(const struct http_target *target);

#endif
