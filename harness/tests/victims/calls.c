/* Makes the system calls that its arguments name, one after the other, and prints what each returned:
 * "write 5", "fsync EIO". The file is the one that open named last.
 *
 *     calls open:PATH write:TEXT pwrite:OFFSET:TEXT writev:A:B fsync rename:FROM:TO …
 *
 * What is printed goes through standard output, which the supervisor leaves alone. */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/mman.h>
#include <sys/sendfile.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <sys/uio.h>
#include <unistd.h>

static int fd = -1;
static volatile sig_atomic_t ticks;

static void on_tick(int number)
{
    (void)number;
    ticks++;
}

/* A signal every millisecond: whoever sleeps in a call is disturbed. With SA_RESTART, as runtimes have it. */
static long start_ticking(void)
{
    struct sigaction action = {.sa_handler = on_tick, .sa_flags = SA_RESTART};
    struct itimerval every = {{0, 1000}, {0, 1000}};

    sigaction(SIGALRM, &action, NULL);
    return setitimer(ITIMER_REAL, &every, NULL);
}

static long open_as(const char *path, int flags)
{
    fd = open(path, flags | O_CREAT | O_CLOEXEC, 0666);
    return fd < 0 ? -1 : 0;
}

static long write_two(const char *a, const char *b, int how)
{
    struct iovec pieces[2] = {{(void *)a, strlen(a)}, {(void *)b, strlen(b)}};

    if (how == 'v')
        return writev(fd, pieces, 2);
    if (how == 'p')
        return pwritev(fd, pieces, 2, 0);
    return pwritev2(fd, pieces, 2, -1, RWF_DSYNC);
}

/* N bytes 'x' in one write. */
static long write_many(size_t count)
{
    char *bytes = malloc(count);

    memset(bytes, 'x', count);
    long result = write(fd, bytes, count);
    int error = errno;
    free(bytes);
    errno = error;
    return result;
}

static long copy_from(const char *name, const char *path)
{
    int from = open(path, O_RDONLY | O_CLOEXEC);
    long result =
        strcmp(name, "sendfile") == 0 ? sendfile(fd, from, NULL, 1000) : copy_file_range(from, NULL, fd, NULL, 1000, 0);
    int error = errno;

    close(from);
    errno = error;
    return result;
}

/* getpid by the 32-bit entry, which every x86-64 kernel with IA32 emulation has. */
static long call_as_32_bit(void)
{
    long result = -1;

#ifdef __x86_64__
    __asm__ volatile("int $0x80" : "=a"(result) : "a"(20) : "memory");
    if (result > 0)
        return 1;
#endif
    errno = ENOSYS;
    return -1;
}

static bool make_file_call(const char *name, const char *a, const char *b, long *result)
{
    if (strcmp(name, "open") == 0)
        *result = open_as(a, O_RDWR | O_APPEND);
    else if (strcmp(name, "open-plain") == 0)
        *result = open_as(a, O_RDWR);
    else if (strcmp(name, "open-dsync") == 0)
        *result = open_as(a, O_RDWR | O_APPEND | O_DSYNC);
    else if (strcmp(name, "open-directory") == 0)
        *result = (fd = open(a, O_RDONLY | O_DIRECTORY | O_CLOEXEC)) < 0 ? -1 : 0;
    else if (strcmp(name, "open-under") == 0) /* relative to the directory that is open */
        *result = (fd = openat(fd, a, O_RDWR | O_APPEND | O_CREAT | O_CLOEXEC, 0666)) < 0 ? -1 : 0;
    else if (strcmp(name, "truncate") == 0)
        *result = ftruncate(fd, atol(a));
    else if (strcmp(name, "truncate-path") == 0)
        *result = truncate(a, atol(b));
    else if (strcmp(name, "rename") == 0)
        *result = rename(a, b);
    else if (strcmp(name, "lock") == 0)
        *result = flock(fd, LOCK_EX);
    else if (strcmp(name, "tell") == 0)
        *result = lseek(fd, 0, SEEK_CUR);
    else if (strcmp(name, "umask") == 0)
        *result = (umask((mode_t)strtol(a, NULL, 8)), 0);
    else
        return false;
    return true;
}

static bool make_write_call(const char *name, const char *a, const char *b, long *result)
{
    if (strcmp(name, "write") == 0)
        *result = write(fd, a, strlen(a));
    else if (strcmp(name, "write-many") == 0)
        *result = write_many((size_t)atol(a));
    else if (strcmp(name, "write-nowhere") == 0)
        *result = write(fd, mmap(NULL, 4096, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0), 10);
    else if (strcmp(name, "pwrite") == 0)
        *result = pwrite(fd, b, strlen(b), atol(a));
    else if (strcmp(name, "writev") == 0)
        *result = write_two(a, b, 'v');
    else if (strcmp(name, "pwritev") == 0)
        *result = write_two(a, b, 'p');
    else if (strcmp(name, "pwritev2") == 0)
        *result = write_two(a, b, '2');
    else if (strcmp(name, "sendfile") == 0 || strcmp(name, "copy_file_range") == 0)
        *result = copy_from(name, a);
    else
        return false;
    return true;
}

static bool make_other_call(const char *name, long *result)
{
    if (strcmp(name, "fsync") == 0)
        *result = fsync(fd);
    else if (strcmp(name, "fdatasync") == 0)
        *result = fdatasync(fd);
    else if (strcmp(name, "range") == 0)
        *result = sync_file_range(fd, 0, 0, SYNC_FILE_RANGE_WRITE);
    else if (strcmp(name, "syncfs") == 0)
        *result = syncfs(fd);
    else if (strcmp(name, "io_uring_setup") == 0)
        *result = syscall(SYS_io_uring_setup, 8, NULL);
    else if (strcmp(name, "io_setup") == 0)
        *result = syscall(SYS_io_setup, 8, NULL);
    else if (strcmp(name, "tick") == 0)
        *result = start_ticking();
    else if (strcmp(name, "ticks") == 0)
        *result = ticks > 0;
    else if (strcmp(name, "32-bit") == 0)
        *result = call_as_32_bit();
    else
        return false;
    return true;
}

/* The rest of the script goes on in a new image, with the file still open. */
static _Noreturn void go_on_after_exec(char **rest)
{
    char number[16];

    fcntl(fd, F_SETFD, 0);
    snprintf(number, sizeof number, "%d", fd);
    setenv("CALLS_FD", number, 1);
    execv("/proc/self/exe", rest);
    exit(3);
}

static bool make_call(char *words, long *result)
{
    const char *name = strsep(&words, ":");
    const char *a = strsep(&words, ":"), *b = strsep(&words, ":");

    errno = 0;
    return name &&
           (make_file_call(name, a, b, result) || make_write_call(name, a, b, result) || make_other_call(name, result));
}

int main(int argc, char **argv)
{
    const char *inherited = getenv("CALLS_FD");

    fd = inherited ? atoi(inherited) : -1;
    setvbuf(stdout, NULL, _IOLBF, 0);
    for (int i = 1; i < argc; i++) {
        long result = 0;

        if (strcmp(argv[i], "exec") == 0) {
            argv[i] = argv[0];
            go_on_after_exec(argv + i);
        }
        if (!make_call(argv[i], &result)) /* which cuts the argument off behind the name */
            return 2;
        if (result < 0)
            printf("%s %s\n", argv[i], strerrorname_np(errno));
        else
            printf("%s %ld\n", argv[i], result);
    }
    return 0;
}
