/* Writes to FILE in one thread, where the supervisor holds it, and leaves by another as standard input tells it:
 *
 *     leave FILE
 *
 *   x  exit of the whole process, status 0     s  end by a signal (SIGSEGV)
 *   e  exec of /bin/true                       f  fork; the child writes one more line and exits, then exit as by x
 *   t  the main thread ends alone, and the process when the write has returned
 *
 * Standard output gets "ready" before the write. */
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

static const char *file;

static void *write_line(void *text)
{
    int fd = open(file, O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC, 0600);

    if (fd < 0 || write(fd, text, strlen(text)) < 0)
        exit(3);
    close(fd);
    return NULL;
}

int main(int argc, char **argv)
{
    pthread_t writer;
    char how;

    if (argc != 2)
        return 2;
    file = argv[1];
    if (write(STDOUT_FILENO, "ready\n", 6) != 6 || pthread_create(&writer, NULL, write_line, "held\n") != 0 ||
        read(STDIN_FILENO, &how, 1) != 1)
        return 4;
    if (how == 's')
        raise(SIGSEGV);
    if (how == 'e')
        execl("/bin/true", "true", (char *)NULL);
    if (how == 'f' && fork() == 0) {
        write_line("child\n");
        _exit(0);
    }
    if (how == 'f')
        wait(NULL);
    if (how == 't')
        pthread_exit(NULL);
    _exit(0);
}
