/* A server of the target, whatever it speaks: brought up by the driver's <surface>.start, or by the manifest's entry
 * for that surface, a command or no more than the url of one that is there already. For the folders of such surfaces.
 *
 * Whatever goes wrong ends the case. One thread uses a server. */
#ifndef ASSAY_TARGET_SERVER_H
#define ASSAY_TARGET_SERVER_H

#include "base/text.h"
#include "target/server_address.h"

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

enum { SERVER_URL_MAX_BYTES = 1024, SERVER_LIMITS_MAX = 8, SERVER_ORIGINS_MAX = 8, SERVER_STOP_MS = 20000 };

struct driver;
struct manifest_server;
struct supervisor;

/* How a server is to be started; what is left out is as the target has it by default. */
struct server_limit {
    const char *name; /* as in "http.header_ms"; NULL behind the last */
    int64_t value;
};
struct server_settings {
    struct server_limit limits[SERVER_LIMITS_MAX + 1];
    const char *token;
    bool local_only;
    const char
        *origins[SERVER_ORIGINS_MAX + 1]; /* that are let in beside those of this machine; NULL behind the last */
};

struct server {
    const char *surface;                 /* "http" */
    const char *scheme;                  /* what its url begins with: "http://" */
    const struct manifest_server *entry; /* of the manifest, for that surface; or NULL */
    struct driver *driver;               /* NULL: started by its command, or by somebody else */
    struct supervisor *supervisor;       /* watches whatever is started from now on; NULL: nobody does */
    pid_t pid;                           /* 0: somebody else's */
    bool asked_to_stop;
    unsigned starts; /* how often it was started, for directories of its own */
    struct text url;
    struct server_address address;
    const char *path; /* of the url, what follows HOST:PORT: "", or from its slash on */
};

/* Both strings must outlive the server, which is the caller's to free. */
void server_init(struct server *server, const char *surface, const char *scheme);
void server_free(struct server *server);

/* Starts the server with an empty directory of its own; when this returns it accepts connections, and url, address and
 * path say where. NA when the target cannot be given one of the settings, else what goes wrong is the target's. */
void server_start(struct server *server, const struct server_settings *settings);

/* The value of that limit in a server that is started with `wanted`: that, or what the manifest says it always is. A
 * case that can do with any asks here first, and judges by the answer. */
int64_t server_limit(const char *name, int64_t wanted);

/* Stops it and its process. One that had gone before FAILs the case as CRASH. */
void server_stop(struct server *server);

/* Asks it to stop, and does not wait: server_expect_stop() does, or server_stop(). */
void server_ask_to_stop(struct server *server);

/* The same where stopping is what is judged: by its driver (driver_expect_stop()), or by SIGTERM, after which it has
 * SERVER_STOP_MS. NA for a server that assay did not start. */
void server_expect_stop(struct server *server);

#endif
