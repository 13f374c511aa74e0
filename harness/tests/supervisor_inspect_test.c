/* A look into a process: tried on our own, whose memory we can lay out as we like. */
#include "supervisor/inspect.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

enum { PAGE = 4096 };

/* Two pages, the second of which cannot be read; the text ends right before it. */
static char *text_before_a_hole(const char *text, size_t bytes)
{
    char *pages = mmap(NULL, 2 * PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

    assert_ptr_not_equal(pages, MAP_FAILED);
    assert_int_equal(mprotect(pages + PAGE, PAGE, PROT_NONE), 0);
    memcpy(pages + PAGE - bytes, text, bytes);
    return pages + PAGE - bytes;
}

static void give_back(char *text, size_t bytes)
{
    munmap(text + bytes - PAGE, 2 * PAGE);
}

static void string_may_end_where_memory_ends(void **state)
{
    char copy[64];
    char *text = text_before_a_hole("path", 5);

    (void)state;
    assert_int_equal(inspect_read_string(getpid(), (uintptr_t)text, copy, sizeof copy), LOOK_OK);
    assert_string_equal(copy, "path");
    give_back(text, 5);
    text = text_before_a_hole("path", 4); /* no NUL before the hole */
    assert_int_equal(inspect_read_string(getpid(), (uintptr_t)text, copy, sizeof copy), LOOK_ABSENT);
    give_back(text, 4);
}

static void string_is_bounded(void **state)
{
    char copy[5];

    (void)state;
    assert_int_equal(inspect_read_string(getpid(), (uintptr_t) "abc", copy, sizeof copy), LOOK_OK);
    assert_int_equal(inspect_read_string(getpid(), (uintptr_t) "abcd", copy, sizeof copy), LOOK_OK);
    assert_string_equal(copy, "abcd");
    assert_int_equal(inspect_read_string(getpid(), (uintptr_t) "abcde", copy, sizeof copy), LOOK_ABSENT);
}

static enum supervisor_look gather(const struct iovec *vectors, size_t vector_count, size_t max_bytes, char **bytes,
                                   size_t *count)
{
    return inspect_gather(getpid(), (uintptr_t)vectors, vector_count, max_bytes, bytes, count);
}

static void vectors_are_gathered_within_bounds(void **state)
{
    struct iovec vectors[] = {{(void *)"one", 3}, {NULL, 0}, {(void *)"two", 3}};
    char *bytes;
    size_t count;

    (void)state;
    assert_int_equal(gather(vectors, 3, 6, &bytes, &count), LOOK_OK);
    assert_int_equal(count, 6);
    assert_memory_equal(bytes, "onetwo", 6);
    assert_int_equal((uintptr_t)bytes % PAGE, 0);
    free(bytes);
    assert_int_equal(gather(vectors, 3, 5, &bytes, &count), LOOK_ABSENT);
    assert_null(bytes);
    assert_int_equal(gather(vectors, 0, 5, &bytes, &count), LOOK_OK);
    assert_int_equal(count, 0);
    free(bytes);
    vectors[1].iov_len = SIZE_MAX; /* the sum would overflow */
    assert_int_equal(gather(vectors, 3, 6, &bytes, &count), LOOK_ABSENT);
}

static void number_of_vectors_is_bounded(void **state)
{
    struct iovec *vectors = calloc(INSPECT_VECTORS_MAX + 1, sizeof *vectors);
    char *bytes;
    size_t count;

    (void)state;
    for (int i = 0; i <= INSPECT_VECTORS_MAX; i++)
        vectors[i] = (struct iovec){(void *)"x", 1};
    assert_int_equal(gather(vectors, INSPECT_VECTORS_MAX, PAGE, &bytes, &count), LOOK_OK);
    assert_int_equal(count, INSPECT_VECTORS_MAX);
    free(bytes);
    assert_int_equal(gather(vectors, INSPECT_VECTORS_MAX + 1, PAGE, &bytes, &count), LOOK_ABSENT);
    free(vectors);
}

static void part_of_the_bytes_is_no_copy(void **state)
{
    char *text = text_before_a_hole("1234", 4), *bytes;
    size_t count;

    (void)state;
    assert_int_equal(inspect_copy(getpid(), (uintptr_t)text, 4, 4, &bytes, &count), LOOK_OK);
    assert_memory_equal(bytes, "1234", 4);
    free(bytes);
    assert_int_equal(inspect_copy(getpid(), (uintptr_t)text, 5, 5, &bytes, &count), LOOK_ABSENT);
    assert_null(bytes);
    give_back(text, 4);
}

/* Offset and flags belong to the open file, and that is what is taken. */
static void taken_descriptor_shares_the_open_file(void **state)
{
    char name[] = "/tmp/assay-memory-XXXXXX", path[PATH_MAX], link[32];
    int fd = mkstemp(name), taken;

    (void)state;
    assert_true(fd >= 0);
    assert_int_equal(inspect_take(getpid(), fd, &taken), LOOK_OK);
    assert_int_equal(write(taken, "abc", 3), 3);
    assert_int_equal(lseek(fd, 0, SEEK_CUR), 3);
    assert_int_equal(fcntl(taken, F_GETFD), FD_CLOEXEC);
    snprintf(link, sizeof link, "fd/%d", fd);
    assert_int_equal(inspect_link(getpid(), link, path, sizeof path), LOOK_OK);
    assert_string_equal(path, name);
    assert_int_equal(inspect_link(getpid(), link, path, strlen(name)), LOOK_ABSENT);
    assert_int_equal(inspect_link(getpid(), link, path, strlen(name) + 1), LOOK_OK);
    close(taken);
    close(fd);
    unlink(name);
    assert_int_equal(inspect_link(getpid(), link, path, sizeof path), LOOK_ABSENT);
    assert_int_equal(inspect_take(getpid(), 1000, &taken), LOOK_ABSENT);
}

static void process_that_is_gone_is_absent(void **state)
{
    pid_t pid = fork();
    char byte, path[64];
    int taken;

    (void)state;
    if (pid == 0)
        _exit(0);
    waitpid(pid, NULL, 0);
    assert_int_equal(inspect_process(pid), 0);
    assert_int_equal(inspect_umask(pid), 0777);
    assert_int_equal(inspect_take(pid, 0, &taken), LOOK_ABSENT);
    assert_int_equal(inspect_link(pid, "cwd", path, sizeof path), LOOK_ABSENT);
    assert_int_equal(inspect_read(pid, (uintptr_t)&byte, &byte, 1), LOOK_ABSENT);
}

static void status_tells_process_and_umask(void **state)
{
    mode_t before = umask(0137);

    (void)state;
    assert_int_equal(inspect_process(getpid()), getpid());
    assert_int_equal(inspect_umask(getpid()), 0137);
    umask(before);
}

/* Another user's process may not be looked into: root's, for a child that has become nobody. */
static void others_processes_are_denied(void **state)
{
    int status;

    (void)state;
    if (getuid() != 0)
        skip();
    pid_t parent = getpid(), pid = fork();
    if (pid == 0) {
        char byte;
        int taken;

        if (setgid(65534) != 0 || setuid(65534) != 0)
            _exit(1);
        if (inspect_read(parent, (uintptr_t)&byte, &byte, 1) != LOOK_DENIED || errno != EPERM)
            _exit(2);
        _exit(inspect_take(parent, 0, &taken) == LOOK_DENIED ? 0 : 3);
    }
    assert_int_equal(waitpid(pid, &status, 0), pid);
    assert_int_equal(status, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(string_may_end_where_memory_ends),   cmocka_unit_test(string_is_bounded),
        cmocka_unit_test(vectors_are_gathered_within_bounds), cmocka_unit_test(number_of_vectors_is_bounded),
        cmocka_unit_test(part_of_the_bytes_is_no_copy),       cmocka_unit_test(taken_descriptor_shares_the_open_file),
        cmocka_unit_test(process_that_is_gone_is_absent),     cmocka_unit_test(status_tells_process_and_umask),
        cmocka_unit_test(others_processes_are_denied),
    };

    return cmocka_run_group_tests(tests, NULL, NULL) != 0;
}
