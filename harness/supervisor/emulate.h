/* Makes a call in the target's stead: on the same open file, with the same bytes, as one system call. */
#ifndef ASSAY_SUPERVISOR_EMULATE_H
#define ASSAY_SUPERVISOR_EMULATE_H

#include "supervisor/call.h"

/* What came of it. */
struct emulated {
    int64_t result; /* as the kernel returns it: -errno on failure */
    int64_t offset; /* where the written bytes begin; or the length asked for */
    int64_t length; /* of the file afterwards */
    bool synced;    /* see struct supervisor_event */
    char *bytes;    /* of a write: malloc'ed, what was in the target's memory, result of them written; else NULL */
};

/* How much of a WRITE or SEND is made. */
enum { SUPERVISOR_ALL = -1, SUPERVISOR_HALF = -2 };

/* OK: made; deed->bytes is the caller's. ABSENT: nothing was made, and the call is one that cannot be made by another
 * (no regular file, a send that would block or raise a signal, the caller died): let the kernel make it. DENIED:
 * nothing was made, errno says why. May block as long as the call itself does. */
enum supervisor_look emulate(struct supervisor_call *call, int64_t how_much, struct emulated *deed);

#endif
