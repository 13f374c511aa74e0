/* Appends numbered lines to DIRECTORY/events.jsonl from several threads or processes at once.
 *
 *     append DIRECTORY MODE WORKERS EACH
 *
 * MODE says how a line gets its number and who keeps the others away meanwhile:
 *   tail            number = lines in the file + 1, no lock: two at once get the same number
 *   counter         number from an atomic counter, no lock: numbers are unique, their order in the file is not
 *   mutex, flock    as tail, under a lock: right
 *   processes, processes-flock   as tail and flock, but the workers are processes */
#include <fcntl.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/wait.h>
#include <unistd.h>

enum { WORKERS_MAX = 64 };

static const char *mode;
static int each;
static char path[4096];
static atomic_int counter;
static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
static pthread_barrier_t start;

static int count_lines(int fd)
{
    char buffer[4096];
    off_t offset = 0;
    int lines = 0;

    for (ssize_t got; (got = pread(fd, buffer, sizeof buffer, offset)) > 0; offset += got)
        for (ssize_t i = 0; i < got; i++)
            lines += buffer[i] == '\n';
    return lines;
}

static void append_one(void)
{
    char line[64];
    bool locks_file = strstr(mode, "flock") != NULL;
    int fd = open(path, O_RDWR | O_APPEND | O_CREAT | O_CLOEXEC, 0600);

    if (fd < 0 || (locks_file && flock(fd, LOCK_EX) != 0))
        exit(3);
    int number = strcmp(mode, "counter") == 0 ? atomic_fetch_add(&counter, 1) + 1 : count_lines(fd) + 1;
    int length = snprintf(line, sizeof line, "{\"seq\":%d}\n", number);
    if (write(fd, line, (size_t)length) != length)
        exit(4);
    close(fd); /* and with it flock's lock */
}

static void *work(void *unused)
{
    bool locks = strcmp(mode, "mutex") == 0;

    (void)unused;
    pthread_barrier_wait(&start);
    for (int i = 0; i < each; i++) {
        if (locks)
            pthread_mutex_lock(&mutex);
        append_one();
        if (locks)
            pthread_mutex_unlock(&mutex);
    }
    return NULL;
}

static void run_threads(int workers)
{
    pthread_t threads[WORKERS_MAX];

    pthread_barrier_init(&start, NULL, (unsigned)workers);
    for (int i = 0; i < workers; i++)
        if (pthread_create(&threads[i], NULL, work, NULL) != 0)
            exit(5);
    for (int i = 0; i < workers; i++)
        pthread_join(threads[i], NULL);
}

static void run_processes(int workers)
{
    pthread_barrier_init(&start, NULL, 1);
    for (int i = 0; i < workers; i++) {
        if (fork() == 0) {
            work(NULL);
            _exit(0);
        }
    }
    for (int status; wait(&status) > 0;)
        if (status != 0)
            exit(6);
}

int main(int argc, char **argv)
{
    if (argc != 5 || atoi(argv[3]) < 1 || atoi(argv[3]) > WORKERS_MAX)
        return 2;
    mode = argv[2];
    each = atoi(argv[4]);
    snprintf(path, sizeof path, "%s/events.jsonl", argv[1]);
    if (strncmp(mode, "processes", strlen("processes")) == 0)
        run_processes(atoi(argv[3]));
    else
        run_threads(atoi(argv[3]));
    return 0;
}
