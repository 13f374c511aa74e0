/* What the tests of the store share: a root of their own, and short forms that assert success. */
#ifndef REF_TESTS_STORE_FIXTURE_H
#define REF_TESTS_STORE_FIXTURE_H

#include "store/store.h"

#include <fcntl.h>
#include <ftw.h>
#include <inttypes.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

struct fixture {
    char root[64];
    struct store *store;
};

static inline struct store *open_root(const char *root, bool durable)
{
    struct store_options options = {.durable = durable};
    struct store *store;
    struct error err = {{0}};

    if (store_open(root, &options, &store, &err) != STORE_OK)
        fail_msg("%s", err.text);
    return store;
}

static inline int set_up(void **state)
{
    struct fixture *fixture = calloc(1, sizeof *fixture);

    strcpy(fixture->root, "/tmp/ref-store-XXXXXX");
    if (!mkdtemp(fixture->root))
        return -1;
    fixture->store = open_root(fixture->root, false);
    *state = fixture;
    return 0;
}

static inline int remove_one(const char *path, const struct stat *status, int type, struct FTW *where)
{
    (void)status, (void)type, (void)where;
    return remove(path);
}

static inline int tear_down(void **state)
{
    struct fixture *fixture = *state;

    store_close(fixture->store);
    nftw(fixture->root, remove_one, 16, FTW_DEPTH | FTW_PHYS);
    free(fixture);
    return 0;
}

/* What a crash leaves: nothing in memory. */
static inline void reopen(struct fixture *fixture)
{
    store_close(fixture->store);
    fixture->store = open_root(fixture->root, false);
}

static inline void create(struct fixture *fixture, char sid[STORE_SID_BYTES])
{
    struct error err = {{0}};

    if (store_create(fixture->store, sid, &err) != STORE_OK)
        fail_msg("%s", err.text);
}

static inline enum store_result try_append(struct store *store, const char *sid, const char *event)
{
    uint64_t seq;

    return store_append(store, sid, event, strlen(event), &seq, NULL);
}

static inline uint64_t append(struct store *store, const char *sid, const char *event)
{
    struct error err = {{0}};
    uint64_t seq = 0;

    if (store_append(store, sid, event, strlen(event), &seq, &err) != STORE_OK)
        fail_msg("%s", err.text);
    return seq;
}

static inline void file_path(const struct fixture *fixture, const char *sid, const char *name, char path[256])
{
    snprintf(path, 256, "%s/sessions/%.*s/%s", fixture->root, STORE_SID_CHARS, sid, name);
}

/* The whole file, NUL-terminated; the caller frees it. */
static inline char *slurp(const struct fixture *fixture, const char *sid, const char *name, size_t *bytes)
{
    char path[256];
    struct stat status;
    char *data;
    int fd;

    file_path(fixture, sid, name, path);
    fd = open(path, O_RDONLY);
    assert_true(fd >= 0);
    assert_int_equal(fstat(fd, &status), 0);
    data = malloc((size_t)status.st_size + 1);
    assert_non_null(data);
    assert_int_equal(read(fd, data, (size_t)status.st_size), status.st_size);
    data[status.st_size] = '\0';
    close(fd);
    if (bytes)
        *bytes = (size_t)status.st_size;
    return data;
}

static inline void spill(const struct fixture *fixture, const char *sid, const char *name, const void *data,
                         size_t bytes)
{
    char path[256];
    int fd;

    file_path(fixture, sid, name, path);
    fd = open(path, O_WRONLY | O_TRUNC);
    assert_true(fd >= 0);
    assert_int_equal(write(fd, data, bytes), bytes);
    close(fd);
}

/* How many lines the file has; each must hold "seq":N with N = 1, 2, … if numbered. */
static inline size_t count_lines(const char *data, bool numbered)
{
    size_t count = 0;

    for (const char *line = data; *line; line = strchr(line, '\n') + 1) {
        char seq[40];

        assert_non_null(strchr(line, '\n'));
        snprintf(seq, sizeof seq, "\"seq\":%zu,", ++count);
        if (numbered && memmem(line, strcspn(line, "\n"), seq, strlen(seq)) == NULL)
            fail_msg("line %zu without its number: %.200s", count, line);
    }
    return count;
}

#endif
