/* The names a manifest may use: one table each, which kit/PROTOCOL.md mirrors. */
#include "target/manifest.h"

#include "case/surface.h"

#define NAME(name, required, optional) #name,

const char *const manifest_surfaces[] = {
    SURFACES(NAME) NULL,
};

const char *const manifest_limits[] = {
    "store.event_bytes", "http.body_bytes",
    "http.header_ms",    "http.body_ms",
    "http.idle_ms",      "http.write_ms",
    "http.linger_ms",    "http.connections",
    "http.heartbeat_ms", "http.rate_per_s",
    "ws.idle_ms",        "ws.request_ms",
    "ws.long_ms",        "ws.grace_ms",
    "ws.message_bytes",  "ws.queue_bytes",
    "ws.clients",        "ws.sessions",
    "ws.in_flight",      "ws.rate_per_s",
    "ws.heartbeat_ms",   "ws.pong_ms",
    "ws.close_ms",       "ws.write_ms",
    "ws.history_bytes",  NULL,
};

const char *const manifest_prompts[] = {
    "echo", "long",      "stream",        "big",        "read",     "permit",
    "fail", "fail-data", "slow-discover", "fail-close", "greeting", NULL,
};

const struct manifest_declaration manifest_declarations[] = {
    /* What becomes of a torn last line when the store is opened: it is cut off, the session is refused, or the line is
     * skipped for ever. */
    {"store.torn_tail", {"truncate", "refuse", "skip"}},
    /* Sequence numbers grow, but not by one. */
    {"store.gaps", {"yes"}},
    /* Events are of types that the store knows, and of their members it keeps type and text for certain. */
    {"store.events", {"typed"}},
    /* An append answers no number; or its caller gives it, as the event's own "seq". */
    {"store.seq", {"none", "caller"}},
    /* A read of a session that is not there shows nothing, instead of saying so. */
    {"store.unknown", {"empty"}},
    /* An acknowledged event survives nothing in particular, the death of the process, or the loss of power. */
    {"store.durability", {"D0", "D1", "D2"}},
    /* Only one process at a time may have a store open. */
    {"store.processes", {"one"}},
    /* The bodies of errors are the reference's own, word for word. */
    {"http.errors", {"assay"}},
    /* What the standards allow a server to mend or to refuse, it refuses. */
    {"http.syntax", {"strict"}},
    /* The server is for this machine's own programs: it refuses a Host or an Origin that names another. */
    {"http.local_only", {"yes"}},
    /* As http.local_only. */
    {"ws.local_only", {"yes"}},
    /* Methods, members and codes are those of the older flat dialect. */
    {"ws.dialect", {"acp", "flat"}},
    /* Whoever knows the id of a session whose owner has gone may load and resume it. */
    {"ws.resume", {"open"}},
    /* JSON in a binary frame is served as in a text frame. */
    {"ws.binary", {"served"}},
    /* What breaks a rule of framing is answered at once, by a Close with the code that RFC 6455 has for it. */
    {"ws.framing", {"strict"}},
    {NULL, {NULL}},
};
