/* `assay-ref drive`: the driver protocol, JSON-RPC 2.0, one message per line, on standard input and output.
 *
 * Requests run concurrently, each on a thread of its own, at most DRIVE_THREADS_MAX of them; answers come in any order.
 * A surface is a table of methods in a file of its own (app/drive_store.c), and a row in app/drive.c. */
#ifndef REF_APP_DRIVE_H
#define REF_APP_DRIVE_H

#include "app/service.h"
#include "base/error.h"
#include "json/parse.h"
#include "json/span.h"

#include <pthread.h>
#include <stdbool.h>
#include <stdio.h>

enum {
    DRIVE_LINE_MAX_BYTES = 32 << 20, /* without the newline; of a request and of an answer */
    DRIVE_THREADS_MAX = 96,
    DRIVE_ECHO_MAX_MS = 60 * 1000
};

enum drive_result {
    DRIVE_OK,
    DRIVE_REFUSED,        /* the surface says no, and did nothing */
    DRIVE_FAILED,         /* the system failed, and nothing was done */
    DRIVE_UNSURE,         /* the system failed, and something may have been done */
    DRIVE_UNSUPPORTED,    /* the surface has nothing of the kind, and did nothing */
    DRIVE_BAD_PARAMS,     /* params are not what the method takes */
    DRIVE_UNKNOWN_METHOD, /* no such method */
    DRIVE_BAD_REQUEST,    /* JSON, but no request */
    DRIVE_BAD_JSON        /* no JSON */
};

/* One run of the driver. What belongs to a surface is guarded by lock until it has started, and never changes then. */
struct drive {
    pthread_mutex_t lock;
    pthread_cond_t changed; /* a request ended, or `stopping` was set; on the monotonic clock */
    size_t running;
    bool stopping;
    FILE *out;
    pthread_mutex_t out_lock;
    FILE *log;           /* what the servers log goes here as well; or NULL */
    struct store *store; /* NULL until store.start */
    struct service http; /* all NULL until http.start */
    struct service ws;   /* all NULL until ws.start */
};

/* Serves one request: reads params (an object, maybe an empty one) and adds its result, a JSON value. Anything but
 * DRIVE_OK: err says why, and the result is dropped. Runs on a thread of its own and may block. */
typedef enum drive_result drive_serve(struct drive *drive, struct json_span params, struct buffer *result,
                                      struct error *err);

struct drive_method {
    const char *name;
    drive_serve *serve;
};

extern const struct drive_method drive_store_methods[]; /* ends with a name of NULL */
void drive_store_stop(struct drive *drive);

extern const struct drive_method drive_http_methods[];
void drive_http_stop(struct drive *drive);

extern const struct drive_method drive_ws_methods[]; /* in app/drive_http.c, as both are one server */
void drive_ws_stop(struct drive *drive);

/* Serves until `stop` or the end of input, waits for the requests that run, and returns the process's exit code. What
 * the servers log on standard error goes to `log` as well; NULL: nowhere else. */
int drive_run(int in_fd, FILE *out, FILE *log);

/* For methods. A string parameter decoded, for the caller to free; it may hold NULs. */
enum drive_result drive_string(struct json_span params, const char *name, char **text, size_t *bytes,
                               struct error *err);

/* A whole number from 0 on; if it is missing, *number stays as it is. */
enum drive_result drive_number(struct json_span params, const char *name, uint64_t *number, struct error *err);

/* The parameters of a `start`: they are only read, hence as a tree, which the caller deletes; NULL unless DRIVE_OK. A
 * string with a NUL in it is refused, wherever it stands. */
enum drive_result drive_config(struct json_span params, cJSON **config, struct error *err);

#endif
