/* A disk without room for what assay keeps is nobody's failure: whatever goes wrong on it is an ERROR of the
 * environment, and the words on the terminal say so. */
#include "tests/referee_fixture.h"

#include <sched.h>
#include <sys/mount.h>

#define ONE_ROOM "store/sequence-order"

static bool write_map(const char *path, unsigned id)
{
    int fd = open(path, O_WRONLY | O_CLOEXEC);
    bool written = fd >= 0 && dprintf(fd, "0 %u 1\n", id) > 0;

    if (fd >= 0)
        close(fd);
    return written;
}

/* A view of the file systems that is ours alone; who is not root becomes it, in there. */
static bool enter_namespace(void)
{
    unsigned user = getuid(), group = getgid();

    if (unshare(CLONE_NEWNS) == 0)
        return mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) == 0;
    if (unshare(CLONE_NEWUSER | CLONE_NEWNS))
        return false;
    int fd = open("/proc/self/setgroups", O_WRONLY | O_CLOEXEC);
    if (fd >= 0) {
        dprintf(fd, "deny");
        close(fd);
    }
    return write_map("/proc/self/uid_map", user) && write_map("/proc/self/gid_map", group) &&
           mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) == 0;
}

/* The run on a file system of so many KiB, which is there for that long. */
static void run_on_disk(unsigned kib)
{
    char options[32];

    snprintf(options, sizeof options, "size=%uk", kib);
    assert_int_equal(mount("none", "small", "tmpfs", 0, options), 0);
    fixture_run("run -q --jobs 1 --level should --out small/out " ONE_ROOM, NULL);
    assert_int_equal(umount("small"), 0);
}

/* From one that takes hardly the stream to one on which half of the events fit. What each run gets done differs;
 * nothing of it is held against the target, and nothing passes as not applicable. */
static void a_small_disk_is_an_error_of_the_environment(void **state)
{
    (void)state;
    assert_int_equal(mkdir("small", 0700), 0);
    if (!enter_namespace()) {
        print_message("no file system can be mounted here (%s): not tried\n", strerror(errno));
        skip();
    }
    for (unsigned kib = 4; kib <= 64; kib += 12) {
        run_on_disk(kib);
        assert_code(3);
        assert_contains(ran.out.bytes, "No space left on device");
        assert_null(strstr(ran.out.bytes, "FAIL  "));
    }
}

static void a_big_one_is_enough(void **state)
{
    (void)state;
    if (mount("none", "small", "tmpfs", 0, "size=64m"))
        skip();
    fixture_run("run -q --jobs 1 --level should --out small/out " ONE_ROOM, NULL);
    assert_int_equal(umount("small"), 0);
    assert_code(0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_small_disk_is_an_error_of_the_environment),
        cmocka_unit_test(a_big_one_is_enough),
    };

    return cmocka_run_group_tests_name("full disks", tests, fixture_open, fixture_close) != 0;
}
