/* Metadata: read, merged member by member, replaced in one step. */
#include "base/io.h"
#include "json/check.h"
#include "json/string.h"
#include "store/event.h"
#include "store/files.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* Checks that the text is an object within the limits. */
static enum store_result check_object(struct json_span text, struct error *err)
{
    struct json_member member = {0};
    enum json_result checked;
    size_t count = 0;

    if (text.bytes > STORE_METADATA_MAX_BYTES) {
        error_set(err, "metadata of more than %d bytes", STORE_METADATA_MAX_BYTES);
        return STORE_TOO_BIG;
    }
    checked = json_check(text.at, text.bytes, err);
    if (checked != JSON_OK)
        return checked == JSON_NO_MEMORY ? STORE_IO : STORE_NOT_JSON;
    if (!json_is_object(text)) {
        error_set(err, "metadata is an object");
        return STORE_BAD_EVENT;
    }
    while (json_next_member(text, &member))
        count++;
    if (count > STORE_METADATA_MEMBERS_MAX) {
        error_set(err, "metadata of more than %d members", STORE_METADATA_MEMBERS_MAX);
        return STORE_TOO_BIG;
    }
    return STORE_OK;
}

static enum store_result read_metadata(const struct visit *visit, struct buffer *metadata, struct error *err)
{
    int fd = openat(visit->dir_fd, "meta.json", O_RDONLY | O_NOFOLLOW | O_CLOEXEC);
    bool read;

    if (fd < 0) {
        error_set_errno(err, "cannot open meta.json");
        return errno == ENOENT || errno == ELOOP ? STORE_DAMAGED : STORE_IO;
    }
    read = io_read_to_end(fd, metadata);
    if (!read)
        error_set_errno(err, "cannot read meta.json");
    io_close(&fd);
    if (!read)
        return STORE_IO;
    /* A file that is too long left the buffer failed, hence incomplete, and is found not to be JSON. A switch, since
     * gcc 14.2 gets `r == STORE_OK || r == STORE_IO ? r : STORE_DAMAGED` the wrong way round from -O2 on. */
    switch (check_object((struct json_span){metadata->data, metadata->bytes}, err)) {
    case STORE_OK:
        return STORE_OK;
    case STORE_IO:
        return STORE_IO;
    default:
        return STORE_DAMAGED;
    }
}

static void add_member(struct buffer *out, const struct json_member *member)
{
    buffer_add_text(out, out->bytes > 1 ? "," : "");
    buffer_add(out, member->name.at, member->name.bytes);
    buffer_add_text(out, ":");
    json_add_compact(out, member->value);
}

static bool has_member(struct json_span object, struct json_span name)
{
    struct json_member member = {0};

    while (json_next_member(object, &member)) {
        if (json_compare_strings(member.name, name) == 0)
            return true;
    }
    return false;
}

/* The members of old that patch does not name, then those of patch. */
static void merge(struct buffer *out, struct json_span old, struct json_span patch)
{
    struct json_member member = {0};

    buffer_add_text(out, "{");
    while (json_next_member(old, &member)) {
        if (!has_member(patch, member.name))
            add_member(out, &member);
    }
    member = (struct json_member){0};
    while (json_next_member(patch, &member))
        add_member(out, &member);
    buffer_add_text(out, "}");
}

/* A new file takes the old one's place in one step; a crash leaves the one or the other. */
static enum store_result replace_metadata(const struct visit *visit, const struct buffer *metadata, struct error *err)
{
    bool durable = visit->store->durable;
    int fd;
    bool written;

    unlinkat(visit->dir_fd, "meta.json.new", 0); /* what a crash may have left */
    fd = openat(visit->dir_fd, "meta.json.new", O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
    written = fd >= 0 && fchmod(fd, 0600) == 0 && io_write_all(fd, metadata->data, metadata->bytes) &&
              (!durable || fsync(fd) == 0);
    io_close(&fd);
    if (!written || renameat(visit->dir_fd, "meta.json.new", visit->dir_fd, "meta.json")) {
        error_set_errno(err, "cannot write the metadata");
        unlinkat(visit->dir_fd, "meta.json.new", 0);
        return STORE_IO;
    }
    if (durable && fsync(visit->dir_fd)) {
        error_set_errno(err, "cannot sync the session's directory");
        return STORE_UNSURE;
    }
    return STORE_OK;
}

static enum store_result patch_metadata(const struct visit *visit, struct buffer *metadata, struct json_span patch,
                                        struct error *err)
{
    struct buffer merged = buffer_new(STORE_METADATA_MAX_BYTES + 1);
    enum store_result result = STORE_IO;

    merge(&merged, (struct json_span){metadata->data, metadata->bytes}, patch);
    if (merged.failed)
        merged.bytes = STORE_METADATA_MAX_BYTES + 1;
    result = check_object((struct json_span){merged.data, merged.bytes}, err);
    if (result == STORE_OK)
        result = replace_metadata(visit, &merged, err);
    if (result == STORE_OK) {
        buffer_free(metadata);
        *metadata = merged;
    } else {
        buffer_free(&merged);
    }
    return result;
}

enum store_result store_metadata(struct store *store, const char *sid, const char *patch, size_t patch_bytes,
                                 char **metadata, struct error *err)
{
    struct buffer buffer = buffer_new(STORE_METADATA_MAX_BYTES + 1);
    struct json_span span = {patch, patch_bytes};
    struct visit visit;
    enum store_result result = STORE_OK;

    *metadata = NULL;
    if (patch)
        result = check_object(span, err);
    if (result == STORE_OK)
        result = visit_begin(&visit, store, sid, err);
    if (result != STORE_OK)
        return result;
    result = read_metadata(&visit, &buffer, err);
    if (result == STORE_OK && patch)
        result = patch_metadata(&visit, &buffer, span, err);
    visit_end(&visit);
    if (result == STORE_OK)
        *metadata = buffer_take(&buffer, NULL);
    buffer_free(&buffer);
    return result;
}
