/* Where a manifest comes from: a file, a command line, or the reference beside assay. */
#include "target/manifest.h"

#include "base/error.h"
#include "base/file.h"
#include "base/installed.h"
#include "base/text.h"
#include "base/xalloc.h"
#include "target/manifest_private.h"

#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* The directory that holds the file, absolute, without symbolic links. The caller frees. */
static char *directory_of(const char *path)
{
    const char *slash = strrchr(path, '/');
    char *directory = slash == path ? strdup("/") : slash ? strndup(path, (size_t)(slash - path)) : strdup(".");
    char *absolute = directory ? realpath(directory, NULL) : NULL;

    free(directory);
    return absolute;
}

/* A baseline is named from the manifest's directory, wherever assay is started. */
static void tempdir_baseline(struct manifest_memory *memory)
{
    struct manifest *manifest = &memory->manifest;
    struct text path;

    if (!manifest->baseline || manifest->baseline[0] == '/')
        return;
    text_init(&path, 2 * MANIFEST_BYTES_MAX);
    text_addf(&path, "%s/%s", manifest->directory, manifest->baseline);
    manifest->baseline = manifest_keep(memory, text_take(&path));
}

static bool read_text(struct manifest_reading *reading, const struct text *text)
{
    struct json_error error;
    struct manifest_memory *memory = reading->memory;

    reading->text = text->bytes;
    memory->document = json_read(text->bytes, text->length, &error);
    if (!memory->document)
        return manifest_wrong(reading, error.offset, "not JSON: %s", error.text);
    reading->root = memory->document;
    if (reading->root->type != JSON_OBJECT)
        return manifest_wrong(reading, 0, "a manifest is one JSON object, {\"name\": ..., \"driver\": [...]}");
    return manifest_read_fields(reading);
}

struct manifest *manifest_read(const char *path, struct error *err)
{
    struct manifest_memory *memory;
    struct manifest_reading reading = {.path = path, .err = err};
    struct text text;
    char *directory;
    bool right = false;

    if (!file_read(path, MANIFEST_BYTES_MAX, &text, err))
        return NULL;
    memory = reading.memory = manifest_make(NULL);
    directory = directory_of(path);
    if (!directory) {
        error_set(err, "cannot find the directory of %s: %s", path, strerror(errno));
        goto out;
    }
    memory->manifest.directory = manifest_keep(memory, directory);
    right = read_text(&reading, &text);
    if (right)
        tempdir_baseline(memory);
out:
    text_free(&text);
    if (right)
        return &memory->manifest;
    manifest_free(&memory->manifest);
    return NULL;
}

struct manifest *manifest_of_driver(char *const *argv)
{
    struct text name;
    struct manifest_memory *memory;

    text_init(&name, 80);
    for (char *const *word = argv; *word; word++)
        text_addf(&name, "%s%s", word == argv ? "" : " ", *word);
    memory = manifest_make(NULL);
    memory->manifest.name = manifest_keep(memory, text_take(&name));
    memory->manifest.directory = manifest_keep(memory, realpath(".", NULL));
    memory->manifest.driver = (const char *const *)argv;
    return &memory->manifest;
}

struct manifest *manifest_of_reference(struct error *err)
{
    char path[PATH_MAX];

    if (installed_find("assay-ref.json", path, err))
        return manifest_read(path, err);
    error_add(err, ", or name a target with --target");
    return NULL;
}

const struct manifest_server *manifest_entry(const struct manifest *manifest, const char *surface)
{
    if (strcmp(surface, "http") == 0)
        return manifest->http;
    return strcmp(surface, "ws") == 0 ? manifest->ws : NULL;
}

const struct manifest_limit *manifest_limit(const struct manifest *manifest, const char *name)
{
    for (size_t i = 0; i < manifest->limit_count; i++)
        if (strcmp(manifest->limits[i].name, name) == 0)
            return &manifest->limits[i];
    return NULL;
}

bool manifest_declares(const struct manifest *manifest, const char *declaration)
{
    for (const char *const *declared = manifest->declares; *declared; declared++) {
        if (strcmp(*declared, declaration) == 0)
            return true;
    }
    return false;
}
