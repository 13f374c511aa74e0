/* Bringing a session's files in order after a crash, or after another process has written. Part of the store. */
#ifndef REF_STORE_RECOVER_H
#define REF_STORE_RECOVER_H

#include "store/session.h"

#include <sys/stat.h>

/* Sets session->tail from the files, which the visit has opened, and repairs them on the way (store/store.h). */
enum store_result store_recover(struct visit *visit, const struct stat *events, const struct stat *transcript_file,
                                struct error *err);

#endif
