/* The tables of fields leave no member of their structs out, and what is read is as strict as they say. */
#include "model/fields.h"

#include "model/results.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

/* Each byte that belongs to no row; a pointer without a row would be shared by copies, and freed by none. */
static void assert_no_pointer_is_left(const struct field *fields, size_t struct_bytes)
{
    char *covered = calloc(1, struct_bytes);
    size_t gap = 0;

    assert_non_null(covered);
    for (const struct field *field = fields; field->name; field++)
        memset(covered + field->offset, 1, field->bytes);
    for (size_t i = 0; i < struct_bytes; i++) {
        gap = covered[i] ? 0 : gap + 1;
        if (gap >= sizeof(char *))
            fail_msg("the member that ends at byte %zu has no row", i);
    }
    free(covered);
}

static void every_member_has_a_row(void **state)
{
    (void)state;
    assert_no_pointer_is_left(results_fields, offsetof(struct results, checks));
    assert_no_pointer_is_left(check_fields, offsetof(struct check_result, cases));
    assert_no_pointer_is_left(case_fields, sizeof(struct case_result));
}

static void assert_refused(const char *object, const char *error)
{
    const struct json *json = json_read(object, strlen(object), NULL);
    struct check_result check = {0};
    struct error err = {""};

    assert_non_null(json);
    assert_int_equal(fields_read(check_fields, &check, IN_STREAM, json->child, &err), error == NULL);
    if (error)
        assert_string_equal(err.text, error);
    fields_free(check_fields, &check);
    json_free(json);
}

#define HEAD "{\"id\":\"store/a\",\"title\":\"t\",\"level\":\"must\",\"origins\":"

static void members_are_read_strictly(void **state)
{
    (void)state;
    assert_refused(HEAD "[\"OAS-1\"],\"tags\":[]}", NULL);
    assert_refused(HEAD "[],\"tags\":[\"1\",\"2\",\"3\",\"4\"]}", NULL);
    assert_refused(HEAD "[],\"tags\":[\"1\",\"2\",\"3\",\"4\",\"5\"]}", "\"tags\" is no array of at most 4");
    assert_refused(HEAD "[\"OAS-1\",2],\"tags\":[]}", "\"origins\" holds what is no string");
    assert_refused(HEAD "null,\"tags\":[]}", "\"origins\" is no array of at most 12");
    assert_refused(HEAD "[]}", "member \"tags\" is not where it should be");
    assert_refused("{}", "member \"id\" is not where it should be");
    assert_refused(HEAD "[],\"tags\":[],\"more\":1}", "unknown member \"more\"");
    assert_refused("{\"id\":\"store/a\",\"title\":null}", "\"title\" is no string");
}

/* What is absent comes back as absent, and is no empty string. */
static void a_copy_is_the_structs_own(void **state)
{
    (void)state;
    char message[] = "four";
    struct case_result result = {.name = message, .message = message};

    fields_own(case_fields, &result, 3);
    message[0] = 'p';
    assert_string_equal(result.name, "fou");
    assert_string_equal(result.message, "fou");
    assert_null(result.how);
    fields_free(case_fields, &result);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_member_has_a_row),
        cmocka_unit_test(members_are_read_strictly),
        cmocka_unit_test(a_copy_is_the_structs_own),
    };

    return cmocka_run_group_tests(tests, NULL, NULL) != 0;
}
