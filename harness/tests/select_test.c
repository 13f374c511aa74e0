/* SELECT: which cases each form names, what exclusions leave, and what is said of names that match nothing. */
#include "model/select.h"

#include "base/error.h"
#include "tests/rooms_fixture.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

enum { PATTERNS_MAX = 8 };

static char list_path[] = "/tmp/assay-select-XXXXXX";

static int make_list(void **state)
{
    int fd = mkstemp(list_path);

    (void)state;
    return fd < 0 ? -1 : close(fd);
}

static int remove_list(void **state)
{
    (void)state;
    return unlink(list_path);
}

static void write_list(const char *bytes, size_t count)
{
    FILE *out = fopen(list_path, "w");

    assert_non_null(out);
    assert_int_equal(fwrite(bytes, 1, count, out), count);
    assert_int_equal(fclose(out), 0);
}

/* Patterns are separated by blanks; '@' alone stands for the list. */
static bool choose(const char *line, const char *set, struct selection *selection, struct error *err)
{
    static char words[1024];
    static char list[64];
    const char *patterns[PATTERNS_MAX];
    size_t count = 0;

    snprintf(words, sizeof words, "%s", line);
    snprintf(list, sizeof list, "@%s", list_path);
    for (char *word = strtok(words, " "); word && count < PATTERNS_MAX; word = strtok(NULL, " "))
        patterns[count++] = strcmp(word, "@") == 0 ? list : word;
    return select_cases(fixture_rooms, FIXTURE_ROOMS, patterns, count, set, selection, err);
}

/* The cases that are chosen, one letter each: a b (conflicting-lengths), c (invalid-json), d e f (sequence-order). */
static void assert_chooses_of(const char *set, const char *line, const char *letters)
{
    struct selection selection;
    struct error err = {""};
    char chosen[16];
    size_t count = 0;

    if (!choose(line, set, &selection, &err))
        fail_msg("%s: %s", line, err.text);
    for (size_t i = 0; i < selection.count; i++) {
        static const char first[] = {'a', 'c', 'd'};

        chosen[count++] = (char)(first[selection.cases[i].room - fixture_rooms] + selection.cases[i].number);
    }
    chosen[count] = 0;
    if (strcmp(chosen, letters) != 0)
        fail_msg("%s chooses %s, not %s", line, chosen, letters);
    selection_free(&selection);
    assert_null(selection.cases);
}

static void assert_chooses(const char *line, const char *letters)
{
    assert_chooses_of("2026.1", line, letters);
}

static void assert_wrong(const char *line, const char *part)
{
    struct selection selection;
    struct error err = {""};

    if (choose(line, "2026.1", &selection, &err))
        fail_msg("%s is taken", line);
    if (!strstr(err.text, part))
        fail_msg("%s: %s; does not say: %s", line, err.text, part);
}

static void each_form_names_its_cases(void **state)
{
    (void)state;
    assert_chooses("", "abcdef");
    assert_chooses("store/sequence-order", "def");
    assert_chooses("store/sequence-order:two_processes", "e");
    assert_chooses("store", "def");
    assert_chooses("http", "abc");
    assert_chooses("http/*", "abc");
    assert_chooses("*length*", "ab");
    assert_chooses("*:*_length*", "ab");
    assert_chooses("*:one_*", "bf");
    assert_chooses("store:one_writer", "f");
}

static void tags_and_levels_name_cases(void **state)
{
    (void)state;
    assert_chooses("tag:security", "ab");
    assert_chooses("!tag:security", "cdef");
    assert_chooses("level:must", "abdf");
    assert_chooses("level:should", "ce");
    assert_chooses("store !level:should", "df");
    assert_wrong("tag:securty", "no room has the tag 'securty'; did you mean 'tag:security'?");
    assert_wrong("tag:", "no room has the tag ''");
    assert_wrong("level:info", "there are 'level:must', 'level:should' and 'level:info'");
}

static void the_order_is_that_of_the_rooms_and_nothing_comes_twice(void **state)
{
    (void)state;
    assert_chooses("store http", "abcdef");
    assert_chooses("store store/sequence-order:one_writer http/invalid-json", "cdef");
}

static void exclusions_count_wherever_they_stand(void **state)
{
    (void)state;
    assert_chooses("!store", "abc");
    assert_chooses("http !*json", "ab");
    assert_chooses("!*json http", "ab");
    assert_chooses("store !store:one_writer", "de");
    assert_chooses("store !store", "");
}

static void lists_hold_one_name_a_line(void **state)
{
    static const char list[] = "# known to be slow\r\n\n  store:eight_threads  # ticket 7\nhttp\n!*json";

    (void)state;
    write_list(list, strlen(list));
    assert_chooses("@", "abd");
    assert_chooses("@ store:one_writer", "abdf");
}

static void lists_are_checked(void **state)
{
    static const char nul[] = "http\0store";
    char bytes[400];

    (void)state;
    write_list("http\nsotre\n", 11);
    assert_wrong("@", ":2: no room matches 'sotre'; did you mean 'store'?");
    write_list("@other\n", 7);
    assert_wrong("@", ":1: a list cannot name another list");
    write_list("# nothing\n", 10);
    assert_wrong("@", "names nothing");
    write_list(nul, sizeof nul - 1);
    assert_wrong("@", ":1: longer than any name, or no text");
    assert_wrong("!@", "before the lines");
    assert_wrong("@/nonexistent/list", "cannot open /nonexistent/list");

    memset(bytes, 'z', sizeof bytes);
    write_list(bytes, SELECT_PATTERN_MAX_BYTES - 1);
    assert_wrong("@", "no room matches 'zzz");
    write_list(bytes, SELECT_PATTERN_MAX_BYTES);
    assert_wrong("@", "no room matches 'zzz");
    write_list(bytes, SELECT_PATTERN_MAX_BYTES + 1);
    assert_wrong("@", "longer than any name");
}

static void files_are_read_up_to_their_maximum(void **state)
{
    static char bytes[SELECT_FILE_MAX_BYTES + 1];

    (void)state;
    memset(bytes, '\n', sizeof bytes);
    memcpy(bytes, "http", 4);
    write_list(bytes, SELECT_FILE_MAX_BYTES - 1);
    assert_chooses("@", "abc");
    write_list(bytes, SELECT_FILE_MAX_BYTES);
    assert_chooses("@", "abc");
    write_list(bytes, SELECT_FILE_MAX_BYTES + 1);
    assert_wrong("@", "too long");
}

static void what_matches_nothing_is_an_error_with_a_suggestion(void **state)
{
    char name[SELECT_PATTERN_MAX_BYTES + 2];

    (void)state;
    assert_wrong("nosuch", "no room matches 'nosuch'; try a surface (");
    assert_wrong("htpt", "did you mean 'http'?");
    assert_wrong("stor", "did you mean 'store'?");
    assert_wrong("s", "did you mean 'store'?");
    assert_wrong("store/s", "did you mean 'store/sequence-order'?");
    assert_wrong("inval", "did you mean 'http/invalid-json'?");
    assert_wrong("store/sequence-order/", "did you mean 'store/sequence-order'?");
    assert_wrong("sequence-order", "did you mean 'store/sequence-order'?");
    assert_wrong("store/sequence-odrer", "did you mean 'store/sequence-order'?");
    assert_wrong("lengths", "did you mean 'http/conflicting-lengths'?");
    assert_wrong("store/sequence-order:eigth_threads", "did you mean 'eight_threads'?");
    assert_wrong("store/sequence-order:", "assay explain store/sequence-order");
    assert_wrong("http !nosuch", "'nosuch'");
    memset(name, 'y', sizeof name);
    name[sizeof name - 1] = 0;
    assert_wrong(name, "more than 256 bytes");
}

static void the_seeds_are_what_the_reports_promise(void **state)
{
    (void)state;
    assert_chooses_of("seeds", "", "df");
    assert_chooses_of("seeds", "store/sequence-order", "df");
    assert_chooses_of("seeds", "store/sequence-order:two_processes", "");
    assert_chooses_of("seeds", "http", "");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_form_names_its_cases),
        cmocka_unit_test(tags_and_levels_name_cases),
        cmocka_unit_test(the_order_is_that_of_the_rooms_and_nothing_comes_twice),
        cmocka_unit_test(exclusions_count_wherever_they_stand),
        cmocka_unit_test(lists_hold_one_name_a_line),
        cmocka_unit_test(lists_are_checked),
        cmocka_unit_test(files_are_read_up_to_their_maximum),
        cmocka_unit_test(what_matches_nothing_is_an_error_with_a_suggestion),
        cmocka_unit_test(the_seeds_are_what_the_reports_promise),
    };

    return cmocka_run_group_tests(tests, make_list, remove_list) != 0;
}
