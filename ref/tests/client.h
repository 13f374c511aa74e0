/* What the tests of the server share: a server on a store of its own in a temporary directory, with the scripted agent,
 * and a client on a real socket. Every wait ends after CLIENT_WAIT_S, as a failure. */
#ifndef REF_TESTS_CLIENT_H
#define REF_TESTS_CLIENT_H

#include "server/server.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <arpa/inet.h>
#include <cmocka.h>
#include <dirent.h>
#include <errno.h>
#include <ftw.h>
#include <netinet/in.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

enum { CLIENT_WAIT_S = 100, ANSWER_MAX_BYTES = 1 << 20 };

struct rig {
    char directory[64];
    struct store *store;
    struct adapter *adapter;
    struct server_config config;
    struct server *server;
    int port;
};

/* A rig whose server is not started yet, so that a test can change the configuration. */
static inline void rig_prepare(struct rig *rig)
{
    memset(rig, 0, sizeof *rig);
    strcpy(rig->directory, "/tmp/assay-server-test-XXXXXX");
    assert_non_null(mkdtemp(rig->directory));
    struct store_options options = {0};
    assert_int_equal(store_open(rig->directory, &options, &rig->store, NULL), STORE_OK);
    rig->config.address = "127.0.0.1";
    rig->config.store = rig->store;
    rig->config.limits = server_limits_default();
}

static inline void rig_start(struct rig *rig)
{
    struct error err;

    rig->adapter = adapter_start(&rig->config.limits.acp, &scripted_agent, NULL, &rig->config.log, &err);
    assert_non_null(rig->adapter);
    rig->config.adapter = rig->adapter;
    if (server_start(&rig->config, &rig->server, &err) != SERVER_OK)
        fail_msg("%s", err.text);
    rig->port = server_port(rig->server);
}

static inline int remove_entry(const char *path, const struct stat *status, int type, struct FTW *ftw)
{
    (void)status, (void)type, (void)ftw;
    return remove(path);
}

static inline void rig_stop(struct rig *rig)
{
    server_stop(rig->server);
    adapter_stop(rig->adapter);
    store_close(rig->store);
    nftw(rig->directory, remove_entry, 16, FTW_DEPTH | FTW_PHYS);
}

/* For cmocka_unit_test_setup_teardown(): a rig that is prepared, one whose server runs, and the end of either. */
static inline int rig_set_up(void **state)
{
    static struct rig rig;

    rig_prepare(&rig);
    *state = &rig;
    return 0;
}

static inline int rig_set_up_running(void **state)
{
    rig_set_up(state);
    rig_start(*state);
    return 0;
}

static inline int rig_tear_down(void **state)
{
    rig_stop(*state);

    return 0;
}

static inline int dial(const struct rig *rig)
{
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons((uint16_t)rig->port)};
    struct timeval patience = {.tv_sec = CLIENT_WAIT_S};
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

    assert_true(fd >= 0);
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
    setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &patience, sizeof patience);
    assert_int_equal(connect(fd, (struct sockaddr *)&address, sizeof address), 0);
    return fd;
}

static inline void say_bytes(int fd, const char *bytes, size_t count)
{
    while (count > 0) {
        ssize_t sent = send(fd, bytes, count, MSG_NOSIGNAL);

        assert_true(sent > 0);
        bytes += sent;
        count -= (size_t)sent;
    }
}

static inline void say(int fd, const char *text)
{
    say_bytes(fd, text, strlen(text));
}

/* One answer as it came. */
struct answer {
    int status;
    char head[4096];
    char body[ANSWER_MAX_BYTES];
    size_t body_bytes;
};

/* Reads a head byte by byte, so that nothing behind it is taken. */
static inline void hear_head(int fd, struct answer *answer)
{
    size_t length = 0;

    memset(answer, 0, sizeof *answer);
    while (!strstr(answer->head, "\r\n\r\n")) {
        assert_true(length < sizeof answer->head - 1);
        assert_int_equal(recv(fd, answer->head + length++, 1, 0), 1);
    }
    assert_int_equal(sscanf(answer->head, "HTTP/1.1 %d ", &answer->status), 1);
}

/* The value of a header field, up to the end of its line; "" where there is none. */
static inline const char *field_of(struct answer *answer, const char *name)
{
    static char value[256];
    char pattern[64];

    snprintf(pattern, sizeof pattern, "\r\n%s: ", name);
    const char *at = strstr(answer->head, pattern);
    *value = '\0';
    if (at)
        sscanf(at + strlen(pattern), "%255[^\r]", value);
    return value;
}

/* Reads one answer with a Content-Length and returns its status. */
static inline int hear(int fd, struct answer *answer)
{
    hear_head(fd, answer);
    size_t length = strtoul(field_of(answer, "Content-Length"), NULL, 10);
    assert_true(length < sizeof answer->body);
    for (ssize_t got = 0; answer->body_bytes < length; answer->body_bytes += (size_t)got) {
        got = recv(fd, answer->body + answer->body_bytes, length - answer->body_bytes, 0);
        assert_true(got > 0);
    }
    return answer->status;
}

/* The peer sends FIN now, and not another byte before. */
static inline void hear_end(int fd)
{
    char byte;

    assert_int_equal(recv(fd, &byte, 1, 0), 0);
}

/* A whole exchange on a connection that stays open. */
static inline int ask(int fd, struct answer *answer, const char *method, const char *path, const char *body)
{
    char head[512];

    snprintf(head, sizeof head, "%s %s HTTP/1.1\r\nHost: localhost\r\nContent-Length: %zu\r\n\r\n", method, path,
             strlen(body));
    say(fd, head);
    say(fd, body);
    return hear(fd, answer);
}

/* Ends the connection with a reset instead of a FIN. */
static inline void reset(int fd)
{
    struct linger at_once = {.l_onoff = 1, .l_linger = 0};

    setsockopt(fd, SOL_SOCKET, SO_LINGER, &at_once, sizeof at_once);
    close(fd);
}

static inline int64_t now_ms(void)
{
    struct timespec now;

    clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

/* Entries of a directory under /proc/self, such as "fd" or "task". */
static inline int count_entries(const char *directory)
{
    DIR *entries = opendir(directory);
    int count = 0;

    assert_non_null(entries);
    while (readdir(entries))
        count++;
    closedir(entries);
    return count;
}

#endif
