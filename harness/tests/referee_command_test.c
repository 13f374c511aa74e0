/* How the programs of a target are started, what stands before their words and what is filled into them; and their log,
 * of which the end is kept when a case fails. */
#include "tests/referee_fixture.h"

#define HTTP_CASE "http/invalid-json:every_endpoint_answers_400"
#define CASE_DIRECTORY "out/cases/http/invalid-json/every_endpoint_answers_400.0"

/* A target that is a server alone: a shell that runs the script, where $0 is ${DIR} and $IN a variable that holds it,
 * and then serves nothing, so that the case fails and what it left is kept. */
static void judge_server(const char *flags, const char *log, const char *script)
{
    char line[512];
    FILE *file = fopen("manifest.json", "we");

    assert_non_null(file);
    fprintf(file,
            "{\"name\":\"fixture\",\"log\":\"%s\",\"env\":{\"IN\":\"${DIR}\"},\"http\":{\"url\":\"http://"
            "127.0.0.1:${PORT}\","
            "\"command\":[\"sh\",\"-c\",\"%s; exec " BIN_DIR "/targets/null serve $1\",\"${DIR}\",\"${PORT}\"],"
            "\"json_endpoints\":[{\"method\":\"POST\",\"path\":\"/\",\"body\":{}}]}}",
            log, script);
    assert_int_equal(fclose(file), 0);
    snprintf(line, sizeof line, "run -q --out out --target manifest.json %s " HTTP_CASE, flags);
    fixture_run(line, NULL);
    assert_code(1);
    fixture_read_stream("out/run.jsonl");
    assert_int_equal(fixture_case()->verdict, VERDICT_FAIL);
}

static void assert_file(const char *path, const char *wanted)
{
    struct text text = fixture_read(path);

    assert_string_equal(text.bytes, wanted);
    text_free(&text);
}

/* As a driver is; cases that measure do not apply either way. */
static void a_server_that_the_manifest_starts_is_wrapped(void **state)
{
    FILE *wrapper = fopen("wrapper", "we");

    (void)state;
    assert_non_null(wrapper);
    assert_true(fputs("#!/bin/sh\necho $1 > wrapped\nexec \"$@\"\n", wrapper) >= 0);
    assert_int_equal(fclose(wrapper), 0);
    assert_int_equal(chmod("wrapper", 0700), 0);
    judge_server("--wrap ./wrapper", "none", "true");
    assert_file("wrapped", "sh\n");
}

static void words_and_variables_name_one_directory(void **state)
{
    char wanted[2 * PATH_MAX];

    (void)state;
    judge_server("", "none", "echo $0 $IN > $0/said");
    snprintf(wanted, sizeof wanted, "%s/" CASE_DIRECTORY "/http-0 %s/" CASE_DIRECTORY "/http-0\n", fixture_home,
             fixture_home);
    assert_file(CASE_DIRECTORY "/http-0/said", wanted);
}

#define KEPT CASE_DIRECTORY "/target-log.txt"

static void the_end_of_a_log_is_kept(void **state)
{
    (void)state;
    judge_server("", "${DIR}/server.log", "echo words > $0/server.log");
    assert_file(KEPT, "words\n");
    assert_contains(fixture_case()->state, "the end of its log is in target-log.txt");
    judge_server("", "server.log", "echo others > server.log"); /* beside the manifest */
    assert_file(KEPT, "others\n");
    judge_server("", "${DIR}/server.log", "head -c 1048576 /dev/zero > $0/server.log; echo the end >> $0/server.log");
    struct text text = fixture_read(KEPT);
    assert_int_equal(text.length, 1 << 20);
    assert_string_equal(text.bytes + text.length - 8, "the end\n");
    text_free(&text);
}

static void assert_no_log(const char *log, const char *script, const char *why)
{
    judge_server("", log, script);
    assert_int_equal(access(KEPT, F_OK), -1);
    assert_contains(fixture_case()->state, log + strcspn(log, "/"));
    assert_contains(fixture_case()->state, why);
}

static void a_log_that_leads_elsewhere_is_not(void **state)
{
    (void)state;
    assert_no_log("${DIR}/server.log", "ln -s /etc/passwd $0/server.log", "it leads out of");
    assert_no_log("${DIR}/sub/passwd", "ln -s /etc $0/sub", "it leads out of");
    assert_no_log("${DIR}/server.log", "mkfifo $0/server.log", "is no regular file");
    assert_no_log("${DIR}/server.log", "true", "No such file or directory");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_server_that_the_manifest_starts_is_wrapped),
        cmocka_unit_test(words_and_variables_name_one_directory),
        cmocka_unit_test(the_end_of_a_log_is_kept),
        cmocka_unit_test(a_log_that_leads_elsewhere_is_not),
    };

    return cmocka_run_group_tests(tests, fixture_open, fixture_close) ? 1 : 0;
}
