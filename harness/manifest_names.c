/* The names a manifest may use: one table each, which kit/PROTOCOL.md mirrors. */
#include "manifest.h"

const char *const manifest_surfaces[] = {"store", "http", NULL};

const char *const manifest_limits[] = {"store.event_bytes", NULL};

const struct manifest_declaration manifest_declarations[] = {
    /* What becomes of a torn last line when the store is opened: it is cut off, the session is refused, or the line is
     * skipped for ever. */
    {"store.torn_tail", {"truncate", "refuse", "skip"}},
    /* Sequence numbers grow, but not by one. */
    {"store.gaps", {"yes"}},
    /* An acknowledged event survives nothing in particular, the death of the process, or the loss of power. */
    {"store.durability", {"D0", "D1", "D2"}},
    /* Only one process at a time may have a store open. */
    {"store.processes", {"one"}},
    /* The bodies of errors are the reference's own, word for word. */
    {"http.errors", {"assay"}},
    {NULL, {NULL}},
};
