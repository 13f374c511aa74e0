/* The judgements before a request is let in, in order: Host, Origin, rate, token. */
#include "routes/policy.h"

#include <netinet/in.h>
#include <openssl/crypto.h>
#include <openssl/sha.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

void policy_init(struct policy *policy, const char *token, bool local_only, const char *const *origins,
                 int64_t rate_per_s)
{
    *policy = (struct policy){.has_token = token, .local_only = local_only, .rate_per_s = rate_per_s};
    if (token)
        SHA256((const unsigned char *)token, strlen(token), policy->token_digest);
    for (; origins && *origins && policy->origin_count < POLICY_ORIGINS_MAX; origins++)
        snprintf(policy->origins[policy->origin_count++], POLICY_ORIGIN_MAX_BYTES, "%s", *origins);
}

bool policy_take(struct policy_bucket *bucket, int64_t rate_per_s, int64_t now_ms)
{
    int64_t full = rate_per_s * 1000;

    bucket->milli_requests += (now_ms - bucket->filled_ms) * rate_per_s;
    bucket->filled_ms = now_ms;
    if (bucket->milli_requests > full)
        bucket->milli_requests = full;
    if (bucket->milli_requests < 1000)
        return false;
    bucket->milli_requests -= 1000;
    return true;
}

/* The peer's bucket: by its address without the port, else each new connection would begin with a full one. */
static struct policy_bucket *bucket_of(struct policy *policy, const struct sockaddr *peer)
{
    const unsigned char *bytes = (const unsigned char *)&((const struct sockaddr_in *)(const void *)peer)->sin_addr;
    size_t count = sizeof(struct in_addr);
    uint32_t hash = 2166136261u; /* FNV-1a */

    if (peer->sa_family == AF_INET6) {
        bytes = (const unsigned char *)&((const struct sockaddr_in6 *)(const void *)peer)->sin6_addr;
        count = sizeof(struct in6_addr);
    }
    for (size_t i = 0; i < count; i++)
        hash = (hash ^ bytes[i]) * 16777619u;
    return &policy->buckets[hash % POLICY_PEERS];
}

/* host [":" port] where the host is this machine's own. */
static bool is_local(const char *authority)
{
    static const char *const names[] = {"localhost", "127.0.0.1", "[::1]"};

    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        size_t length = strlen(names[i]);

        if (strncasecmp(authority, names[i], length) == 0 && (authority[length] == '\0' || authority[length] == ':'))
            return http_is_authority(authority);
    }
    return false;
}

static bool is_admitted_origin(const struct policy *policy, const char *origin)
{
    for (size_t i = 0; i < policy->origin_count; i++)
        if (strcmp(origin, policy->origins[i]) == 0)
            return true;
    if (strncasecmp(origin, "http://", 7) == 0)
        return is_local(origin + 7);
    return strncasecmp(origin, "https://", 8) == 0 && is_local(origin + 8);
}

/* Every Origin, since a list of several means nothing that could be admitted. */
static bool are_origins_admitted(const struct policy *policy, const struct http_request *request)
{
    for (size_t i = 0; i < request->field_count; i++) {
        const struct http_field *field = &request->fields[i];

        if (strcasecmp(field->name, "Origin") == 0 && !is_admitted_origin(policy, field->value))
            return false;
    }
    return true;
}

/* Digests are compared, so that the time taken tells neither the token's length nor how far a guess was right. */
static bool has_token(const struct policy *policy, const struct http_request *request)
{
    const char *credentials = http_field(request, "Authorization");
    unsigned char digest[POLICY_DIGEST_BYTES];

    if (http_field_count(request, "Authorization") != 1 || strncasecmp(credentials, "Bearer ", 7) != 0)
        return false;
    const char *token = credentials + 7 + strspn(credentials + 7, " ");
    SHA256((const unsigned char *)token, strlen(token), digest);
    return CRYPTO_memcmp(digest, policy->token_digest, sizeof digest) == 0;
}

int policy_judge(struct policy *policy, const struct http_request *request, const struct sockaddr *peer, int64_t now_ms)
{
    if (policy->local_only && !(request->host && is_local(request->host)))
        return 403;
    if (policy->local_only && !are_origins_admitted(policy, request))
        return 403;
    if (policy->rate_per_s > 0 && !policy_take(bucket_of(policy, peer), policy->rate_per_s, now_ms))
        return 429;
    if (policy->has_token && !has_token(policy, request))
        return 401;
    return 0;
}
