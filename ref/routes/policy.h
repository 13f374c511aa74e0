/* Who may talk to the server at all: judged from the head of a request, before its body is read or a route looked up.
 *
 * A server for this machine's own programs is still within reach of every web page that its user opens: the page's
 * name can be made to resolve to 127.0.0.1 ("DNS rebinding"), and any page may send simple requests anywhere. Both
 * show: the one in Host, the other in Origin. */
#ifndef REF_ROUTES_POLICY_H
#define REF_ROUTES_POLICY_H

#include "http/request.h"

#include <sys/socket.h>

enum {
    POLICY_PEERS = 256,        /* buckets for peer addresses; addresses that share one share its rate */
    POLICY_RATE_MAX = 1000000, /* requests a second */
    POLICY_DIGEST_BYTES = 32,
    POLICY_ORIGINS_MAX = 16,
    POLICY_ORIGIN_MAX_BYTES = 256, /* with its NUL */
};

/* A token bucket in thousandths of a request: refilled as time passes, holds one second's worth. */
struct policy_bucket {
    int64_t milli_requests;
    int64_t filled_ms;
};

struct policy {
    bool has_token;
    unsigned char token_digest[POLICY_DIGEST_BYTES];
    bool local_only;
    char origins[POLICY_ORIGINS_MAX][POLICY_ORIGIN_MAX_BYTES];
    size_t origin_count;
    int64_t rate_per_s;
    struct policy_bucket buckets[POLICY_PEERS];
};

/* token: what `Authorization: Bearer` must carry; NULL: anybody. local_only: Host, and Origin where there is one, must
 * name this machine (localhost, 127.0.0.1 or [::1], any port). origins: more of them to admit, a list that
 * ends with NULL; what is over POLICY_ORIGINS_MAX is left out. NULL: none.
 * rate_per_s: requests a second for each peer address; 0: any number. */
void policy_init(struct policy *policy, const char *token, bool local_only, const char *const *origins,
                 int64_t rate_per_s);

/* 0: come in. Else the status to answer with: 403 (Host or Origin), 429 (too many requests), 401 (token).
 * Not thread-safe: the loop's thread judges. */
int policy_judge(struct policy *policy, const struct http_request *request, const struct sockaddr *peer,
                 int64_t now_ms);

/* Takes one request out of a bucket; false: it holds less than one. */
bool policy_take(struct policy_bucket *bucket, int64_t rate_per_s, int64_t now_ms);

#endif
