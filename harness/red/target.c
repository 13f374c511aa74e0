#include "red/target.h"

#include "json.h"
#include "red/write.h"

#include <limits.h>
#include <string.h>

struct text target_path(const struct mutant *mutant)
{
    struct text path;

    text_init(&path, PATH_MAX);
    text_add_bytes(&path, mutant->program, (size_t)(strrchr(mutant->program, '/') - mutant->program));
    text_add(&path, "/target.json");
    return path;
}

static void write_store(struct json_writer *writer, const struct manifest *reference)
{
    json_key(writer, "store");
    json_open(writer, '{');
    json_member(writer, "events", reference->store_events);
    json_member(writer, "transcript", reference->store_transcript);
    json_member(writer, "metadata", reference->store_metadata);
    json_close(writer, '}');
}

static void write_manifest(struct text *text, const struct mutant *mutant, const struct manifest *reference)
{
    struct json_writer writer = json_write(text);

    json_open(&writer, '{');
    json_member(&writer, "name", mutant->patch);
    json_key(&writer, "driver");
    json_open(&writer, '[');
    json_string(&writer, mutant->program);
    json_string(&writer, "drive");
    json_close(&writer, ']');
    json_key(&writer, "declares");
    json_open(&writer, '[');
    for (const char *const *declaration = reference->declares; *declaration; declaration++)
        json_string(&writer, *declaration);
    json_close(&writer, ']');
    write_store(&writer, reference);
    json_close(&writer, '}');
    text_add(text, "\n");
}

bool target_write(const struct mutant *mutant, const struct manifest *reference, char *error_text, size_t error_bytes)
{
    struct text path = target_path(mutant);
    struct text text;

    text_init(&text, MANIFEST_BYTES_MAX);
    write_manifest(&text, mutant, reference);
    bool written = write_file(path.bytes, &text, error_text, error_bytes);
    text_free(&text);
    text_free(&path);
    return written;
}
