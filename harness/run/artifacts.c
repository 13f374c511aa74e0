/* The directory of a run: taken for it alone, emptied of an earlier one, and a place in it for each case. */
#include "run/artifacts.h"

#include "base/directory.h"
#include "base/error.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

/* Somebody else's files may lie there: a stream that holds something shows that the directory is a run's. */
static bool remove_old_cases(const struct artifacts *evidence, const struct stat *stream, struct error *err)
{
    char cases[PATH_MAX];
    bool named = directory_name(cases, "%s/cases", evidence->out);

    if (named && stream->st_size == 0 && access(cases, F_OK) == 0) {
        error_set(err, "%s was made by no run of assay; remove it, or say another --out", cases);
        return false;
    }
    if (named && directory_remove(cases))
        return true;
    error_set(err, "%s/cases, the evidence of an earlier run, cannot be removed: %s", evidence->out, strerror(errno));
    return false;
}

static bool prepare(struct artifacts *evidence, int fd, struct error *err)
{
    struct stat stream;

    if (flock(fd, LOCK_EX | LOCK_NB)) {
        error_set(err, "%s: %s", evidence->out,
                  errno == EWOULDBLOCK ? "another run is using it; give this one an --out of its own"
                                       : strerror(errno));
        return false;
    }
    if (fstat(fd, &stream))
        stream.st_size = 0;
    if (!remove_old_cases(evidence, &stream, err))
        return false;
    evidence->stream = ftruncate(fd, 0) ? NULL : fdopen(fd, "w");
    if (!evidence->stream)
        error_set(err, "%s/" ARTIFACTS_STREAM ": %s", evidence->out, strerror(errno));
    return evidence->stream != NULL;
}

bool artifacts_open(struct artifacts *evidence, const char *out, struct error *err)
{
    char path[PATH_MAX];
    int fd = -1;

    *evidence = (struct artifacts){0};
    if (directory_name(evidence->out, "%s", out) && directory_make(evidence->out) &&
        directory_name(path, "%s/" ARTIFACTS_STREAM, out))
        fd = open(path, O_WRONLY | O_CREAT | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK, 0600);
    if (fd < 0)
        error_set(err, "%s: %s", out, strerror(errno));
    else if (prepare(evidence, fd, err))
        return true;
    else
        close(fd);
    return false;
}

/* The lock is let go, not only closed: with --keep there are processes of ours that hold the file, too. */
void artifacts_close(struct artifacts *evidence)
{
    if (evidence->stream) {
        fflush(evidence->stream);
        flock(fileno(evidence->stream), LOCK_UN);
        fclose(evidence->stream);
    }
    evidence->stream = NULL;
}

bool artifacts_make_directory(const struct artifacts *evidence, const char *room, const char *test, unsigned iteration,
                              char path[PATH_MAX])
{
    return directory_name(path, "%s/cases/%s/%s.%u", evidence->out, room, test, iteration) && directory_remove(path) &&
           directory_make(path);
}
