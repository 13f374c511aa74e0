/* From a member of the manifest's JSON to a member of a struct; every refusal says what would have been right. */
#include "base/suggest.h"
#include "target/manifest_private.h"

#include <string.h>

enum { FIELDS_MAX = 16, SHOWN_MAX_BYTES = 40 };

size_t manifest_place(const struct manifest_reading *reading, const struct json *value)
{
    return strspn(reading->text, " \t\r\n") + (size_t)(value->raw - reading->root->raw);
}

bool manifest_wrong_value(struct manifest_reading *reading, const struct json *value, const char *name,
                          const char *example)
{
    bool cut = value->raw_bytes > SHOWN_MAX_BYTES;

    return manifest_wrong(reading, manifest_place(reading, value), "\"%s\" cannot be %.*s%s; right would be %s", name,
                          cut ? SHOWN_MAX_BYTES : (int)value->raw_bytes, value->raw, cut ? "..." : "", example);
}

bool manifest_unknown_name(struct manifest_reading *reading, const struct json *value, const char *kind,
                           const char *name, const char *const *known)
{
    const char *found = suggest_from(name, known);
    struct text list;

    if (found)
        return manifest_wrong(reading, manifest_place(reading, value), "there is no %s \"%s\"; did you mean \"%s\"?",
                              kind, name, found);
    text_init(&list, 1024);
    for (const char *const *word = known; *word; word++)
        text_addf(&list, "%s%s", word == known ? "" : ", ", *word);
    manifest_wrong(reading, manifest_place(reading, value), "there is no %s \"%s\"; there are %s", kind, name,
                   list.bytes);
    text_free(&list);
    return false;
}

bool manifest_read_members(struct manifest_reading *reading, const struct json *object,
                           const struct manifest_field *fields, void *of)
{
    const char *known[FIELDS_MAX + 1] = {NULL};

    for (size_t i = 0; fields[i].name; i++)
        known[i] = fields[i].name;
    for (const struct json *member = object->child; member; member = member->next) {
        const struct manifest_field *field = fields;

        while (field->name && strcmp(field->name, member->name) != 0)
            field++;
        if (!field->name)
            return manifest_unknown_name(reading, member, "key", member->name, known);
        if (member->type != field->type)
            return manifest_wrong_value(reading, member, field->name, field->example);
        if (!field->read(reading, member, field, of))
            return false;
    }
    return true;
}

static bool read_text(struct manifest_reading *reading, const struct json *value, const char **out)
{
    *out = json_as_string(value);
    if (*out)
        return true;
    manifest_wrong(reading, manifest_place(reading, value), "here a string without NUL is needed");
    return false;
}

bool manifest_read_string(struct manifest_reading *reading, const struct json *value,
                          const struct manifest_field *field, void *of)
{
    const char **member = (const char **)((char *)of + field->offset);

    if (!read_text(reading, value, member))
        return false;
    if (!**member)
        return manifest_wrong(reading, manifest_place(reading, value), "here a string is needed that is not empty");
    if (field->right && !field->right(*member))
        return manifest_wrong_value(reading, value, field->name, field->wanted ? field->wanted : field->example);
    return true;
}

/* At most MANIFEST_LIST_MAX - 1 strings, and a NULL behind them. */
bool manifest_read_list(struct manifest_reading *reading, const struct json *array, const char **list)
{
    if (array->count >= MANIFEST_LIST_MAX)
        return manifest_wrong(reading, manifest_place(reading, array), "at most %d entries are read",
                              MANIFEST_LIST_MAX - 1);
    for (const struct json *entry = array->child; entry; entry = entry->next) {
        if (!read_text(reading, entry, list++))
            return false;
    }
    *list = NULL;
    return true;
}

bool manifest_read_command(struct manifest_reading *reading, const struct json *array,
                           const struct manifest_field *field, void *of)
{
    const char **list = (const char **)((char *)of + field->offset);

    if (!manifest_read_list(reading, array, list))
        return false;
    return (list[0] && *list[0]) ||
           manifest_wrong(reading, manifest_place(reading, array), "a command begins with a program");
}

bool manifest_read_object(struct manifest_reading *reading, const struct json *object,
                          const struct manifest_field *field, void *of)
{
    return manifest_read_members(reading, object, field->fields, of);
}

bool manifest_has_room(struct manifest_reading *reading, const struct json *object)
{
    return object->count <= MANIFEST_LIST_MAX ||
           manifest_wrong(reading, manifest_place(reading, object), "at most %d entries are read", MANIFEST_LIST_MAX);
}

/* {"NAME": "value", …} */
bool manifest_read_pairs(struct manifest_reading *reading, const struct json *object, struct manifest_pair *pairs,
                         size_t *count)
{
    if (!manifest_has_room(reading, object))
        return false;
    for (const struct json *member = object->child; member; member = member->next) {
        if (strlen(member->name) != member->name_bytes || !member->name_bytes || strchr(member->name, '='))
            return manifest_wrong(reading, manifest_place(reading, member),
                                  "the name of a variable has no '=' and no NUL");
        pairs[*count] = (struct manifest_pair){.name = member->name, .value = json_as_string(member)};
        if (!pairs[*count].value)
            return manifest_wrong_value(reading, member, member->name, "a string without NUL");
        ++*count;
    }
    return true;
}
