/* Supervises a child of its own and says how that went: "supervised: write 3 of 5", or "busy: …", "refused: …" as the
 * supervisor explains it. Run plainly, as another user, or under supervision itself.
 *
 *     nested FILE */
#include "supervisor/supervisor.h"

#include "base/error.h"

#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

static _Noreturn void be_the_child(const struct supervisor_entry *entry, const char *file)
{
    if (supervisor_enter(entry) != 0)
        _exit(100);
    int fd = open(file, O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC, 0600);
    ssize_t written = fd < 0 ? 50 : write(fd, "hello", 5);
    _exit(written < 0 ? 60 : (int)written);
}

static int say(enum supervisor_result result, const char *why)
{
    printf("%s: %s\n", result == SUPERVISOR_BUSY ? "busy" : result == SUPERVISOR_REFUSED ? "refused" : "failed", why);
    return 1;
}

int main(int argc, char **argv)
{
    struct supervisor *supervisor;
    struct supervisor_entry entry;
    struct error err;
    int status = -1;

    if (argc != 2)
        return 2;
    enum supervisor_result result = supervisor_start(&supervisor, SUPERVISOR_FILES, &err);
    if (result != SUPERVISOR_OK)
        return say(result, err.text);
    struct supervisor_rule cut = {
        .kinds = SUPERVISOR_WRITE, .where = "*/nested.txt", .action = SUPERVISOR_CUT, .bytes = 3};
    supervisor_add(supervisor, &cut);
    result = supervisor_prepare(supervisor, &entry, &err);
    if (result != SUPERVISOR_OK)
        return say(result, err.text);
    pid_t pid = fork();
    if (pid == 0)
        be_the_child(&entry, argv[1]);
    result = supervisor_attach(supervisor, &entry, pid, &err);
    waitpid(pid, &status, 0);
    if (result == SUPERVISOR_OK)
        printf("supervised: write %d of 5%s\n", WEXITSTATUS(status), supervisor_trouble(supervisor) ? ", trouble" : "");
    else
        say(result, err.text);
    supervisor_stop(supervisor);
    return result != SUPERVISOR_OK;
}
