/* Reads a file whole, up to a maximum, and takes it apart into lines. */
#include "base/file.h"

#include "base/error.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/openat2.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

/* Reads one byte more than is allowed, so that a file of just max_bytes is told from a longer one. */
static bool read_all(int fd, size_t max_bytes, struct text *text)
{
    char chunk[65536];

    while (text->length <= max_bytes) {
        ssize_t count = read(fd, chunk, sizeof chunk);

        if (count == 0)
            return true;
        if (count > 0)
            text_add_bytes(text, chunk, (size_t)count);
        else if (errno != EINTR)
            return false;
    }
    return true;
}

bool file_read(const char *path, size_t max_bytes, struct text *text, struct error *err)
{
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    bool done;

    if (fd < 0) {
        error_set(err, "cannot open %s: %s", path, strerror(errno));
        return false;
    }
    text_init(text, max_bytes + 1);
    done = read_all(fd, max_bytes, text);
    if (!done)
        error_set(err, "cannot read %s: %s", path, strerror(errno));
    else if (text->length > max_bytes)
        error_set(err, "%s is too long: at most %zu bytes are read", path, max_bytes);
    close(fd);
    if (done && text->length <= max_bytes)
        return true;
    text_free(text);
    return false;
}

/* -1 with err: what is there is not below the directory, is no regular file, or cannot be opened. */
static int open_below(const char *directory, const char *path, struct stat *file, struct error *err)
{
    const struct open_how how = {.flags = O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY,
                                 .resolve = RESOLVE_BENEATH | RESOLVE_NO_MAGICLINKS};
    int above = open(directory, O_PATH | O_DIRECTORY | O_CLOEXEC);
    int fd = above < 0 ? -1 : (int)syscall(SYS_openat2, above, path, &how, sizeof how);

    if (fd < 0 && errno == EXDEV)
        error_set(err, "it leads out of %s", directory);
    else if (fd < 0)
        error_set(err, "%s", strerror(errno));
    if (above >= 0)
        close(above);
    if (fd < 0 || (fstat(fd, file) == 0 && S_ISREG(file->st_mode)))
        return fd;
    error_set(err, "it is no regular file");
    close(fd);
    return -1;
}

bool file_read_end(const char *directory, const char *path, size_t max_bytes, struct text *text, struct error *err)
{
    struct stat file;
    int fd = open_below(directory, path, &file, err);

    if (fd < 0) {
        error_prefix(err, "cannot read %s/%s: ", directory, path);
        return false;
    }
    text_init(text, max_bytes);
    bool sought = file.st_size <= (off_t)max_bytes || lseek(fd, file.st_size - (off_t)max_bytes, SEEK_SET) >= 0;
    bool done = sought && read_all(fd, max_bytes - 1, text); /* up to max_bytes, even of one that grows and grows */
    if (!done)
        error_set(err, "cannot read %s/%s: %s", directory, path, strerror(errno));
    close(fd);
    if (!done)
        text_free(text);
    return done;
}

struct file_lines file_lines(const struct text *text)
{
    return (struct file_lines){.next = text->bytes, .end = text->bytes + text->length};
}

bool file_next_line(struct file_lines *lines)
{
    static const char blank[] = " \t\r";
    size_t begin;
    size_t end;

    if (lines->next == lines->end)
        return false;
    lines->number++;
    lines->line = lines->next;
    lines->line_bytes = strcspn(lines->line, "\n");
    lines->next += lines->line_bytes + (lines->line[lines->line_bytes] == '\n');

    begin = strspn(lines->line, blank);
    end = strcspn(lines->line, "#\n");
    while (end > begin && strchr(blank, lines->line[end - 1]))
        end--;
    end = end > begin ? end - begin : 0;
    lines->broken = end > FILE_ENTRY_MAX_BYTES;
    snprintf(lines->entry, sizeof lines->entry, "%.*s", (int)end, lines->line + begin);
    if (lines->next < lines->end && !*lines->next) {
        lines->broken = true;
        lines->next = lines->end;
    }
    return true;
}
