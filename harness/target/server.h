/* Brings the target's HTTP server up, by its driver or by its command; for http/target.c. */
#ifndef ASSAY_TARGET_SERVER_H
#define ASSAY_TARGET_SERVER_H

#include "base/text.h"
#include "http/target.h"
#include "target/driver.h"

#include <stdbool.h>
#include <sys/types.h>

enum { SERVER_URL_MAX_BYTES = 1024 };

struct server_launch {
    struct driver *driver; /* NULL: started by its command, or by somebody else */
    pid_t pid;             /* 0: somebody else's */
    unsigned starts;       /* how often it was started, for directories of its own */
    struct text url;
};

void server_launch_init(struct server_launch *launch);

/* Starts the server; when this returns it accepts connections, and launch->url says where. Whatever goes wrong ends
 * the case: as NA when the target cannot be given one of the settings, else as ERROR of the target. */
void server_launch_start(struct server_launch *launch, const struct http_settings *settings);

/* Stops it and its process. One that had gone before FAILs the case as CRASH. */
void server_launch_stop(struct server_launch *launch);
void server_launch_free(struct server_launch *launch);

/* The address of http://HOST:PORT, a trailing slash allowed, and HOST:PORT as it belongs into the Host field. False:
 * it is none. Resolves names, so it may block. */
bool server_launch_address(const char *url, struct http_target *target);

#endif
