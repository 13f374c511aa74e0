/* Making a session out of sight and showing it complete; and its opposite. Part of the store. */
#ifndef REF_STORE_BUILD_H
#define REF_STORE_BUILD_H

#include "store/event.h"
#include "store/session.h"

/* A session in the making, under a name that is no session id. */
struct build {
    struct store *store;
    char sid[STORE_SID_BYTES];
    char name[STORE_NAME_BYTES];
    int dir_fd;
    int events_fd;
    int transcript_fd;
};

/* Makes the directory and its three files, with metadata {}; the caller holds store->build_lock. On STORE_OK the
 * caller goes on to store_build_end(). */
enum store_result store_build_begin(struct build *build, struct store *store, struct error *err);

/* If result is STORE_OK, lets the session appear under its id, else removes what was made. Returns the result. */
enum store_result store_build_end(struct build *build, enum store_result result, struct error *err);

/* Removes a directory of files, as far as that is possible. */
void store_remove_directory(struct store *store, const char *name);

/* Removes what crashed processes left half made or half removed. No other process has the root open. */
void store_sweep(struct store *store);

#endif
