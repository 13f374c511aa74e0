/* Manifests: what is read, and that every wrong one is refused with its place and with what would be right. */
#include "target/manifest.h"

#include "base/error.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

static char directory[] = "/tmp/assay-manifest-XXXXXX";
static char path[64];

static int make_directory(void **state)
{
    (void)state;
    if (!mkdtemp(directory))
        return -1;
    snprintf(path, sizeof path, "%s/acme.json", directory);
    return 0;
}

static int remove_directory(void **state)
{
    (void)state;
    unlink(path);
    return rmdir(directory);
}

static void write_file(const char *bytes, size_t count)
{
    FILE *out = fopen(path, "w");

    assert_non_null(out);
    assert_int_equal(fwrite(bytes, 1, count, out), count);
    assert_int_equal(fclose(out), 0);
}

static struct manifest *read_right(const char *json)
{
    struct error err = {""};
    struct manifest *manifest;

    write_file(json, strlen(json));
    manifest = manifest_read(path, &err);
    if (!manifest)
        fail_msg("%s: %s", json, err.text);
    return manifest;
}

/* The message names FILE:LINE:COLUMN, and says that part. */
static void assert_wrong(const char *json, const char *place, const char *part)
{
    struct error err = {""};
    char start[128];
    struct manifest *manifest;

    write_file(json, strlen(json));
    manifest = manifest_read(path, &err);
    if (manifest)
        fail_msg("taken: %s", json);
    snprintf(start, sizeof start, "%s:%s: ", path, place);
    if (strncmp(err.text, start, strlen(start)) != 0 || !strstr(err.text, part))
        fail_msg("%s\n  says: %s\n  not: %s ... %s", json, err.text, start, part);
}

static void every_key_reaches_its_member(void **state)
{
    struct manifest *manifest = read_right(
        "{\"name\": \"acme\", \"driver\": [\"python3\", \"driver.py\", \"\"],\n"
        " \"http\": {\"command\": [\"./serve\", \"${PORT}\"], \"url\": \"http://127.0.0.1:${PORT}\", \"token\": "
        "\"t\", \"headers\": {\"X-Api-Key\": \"k\", \"Cookie\": \"a=b; c\"},\n"
        "  \"json_endpoints\": [{\"method\": \"POST\", \"path\": \"/session\", \"body\": {\"title\": \"x\"}}]},\n"
        " \"require\": [\"store\", \"http\"], \"declares\": [\"store.torn_tail=refuse\", \"store.gaps=yes\"],\n"
        " \"store\": {\"events\": \"s/{sid}/e\", \"transcript\": \"s/{sid}/t\", \"metadata\": \"s/{sid}.json\"},\n"
        " \"limits\": {\"store.event_bytes\": \"ACME_EVENT\", \"http.body_bytes\": 0}, \"env\": {\"A\": \"1\", \"B\": "
        "\"\"},\n"
        " \"log\": \"${DIR}/log\", \"start_timeout_ms\": 700, \"baseline\": \"known\", \"sanitizer\": \"tsan\"}");
    char baseline[80];

    (void)state;
    snprintf(baseline, sizeof baseline, "%s/known", directory);
    assert_string_equal(manifest->name, "acme");
    assert_string_equal(manifest->directory, directory);
    assert_string_equal(manifest->driver[0], "python3");
    assert_string_equal(manifest->driver[1], "driver.py");
    assert_string_equal(manifest->driver[2], "");
    assert_null(manifest->driver[3]);
    assert_string_equal(manifest->http->command[1], "${PORT}");
    assert_null(manifest->http->command[2]);
    assert_string_equal(manifest->http->url, "http://127.0.0.1:${PORT}");
    assert_string_equal(manifest->http->token, "t");
    assert_int_equal(manifest->http->header_count, 2);
    assert_string_equal(manifest->http->headers[1].name, "Cookie");
    assert_string_equal(manifest->http->headers[1].value, "a=b; c");
    assert_int_equal(manifest->http->endpoint_count, 1);
    assert_string_equal(manifest->http->endpoints[0].method, "POST");
    assert_string_equal(manifest->http->endpoints[0].path, "/session");
    assert_string_equal(manifest->http->endpoints[0].body, "{\"title\": \"x\"}");
    assert_string_equal(manifest->require[1], "http");
    assert_null(manifest->require[2]);
    assert_true(manifest_declares(manifest, "store.torn_tail=refuse"));
    assert_true(manifest_declares(manifest, "store.gaps=yes"));
    assert_false(manifest_declares(manifest, "store.torn_tail=skip"));
    assert_string_equal(manifest->store_events, "s/{sid}/e");
    assert_string_equal(manifest->store_transcript, "s/{sid}/t");
    assert_string_equal(manifest->store_metadata, "s/{sid}.json");
    assert_int_equal(manifest->limit_count, 2);
    assert_string_equal(manifest_limit(manifest, "store.event_bytes")->variable, "ACME_EVENT");
    assert_null(manifest_limit(manifest, "http.body_bytes")->variable);
    assert_int_equal(manifest_limit(manifest, "http.body_bytes")->fixed, 0);
    assert_null(manifest_limit(manifest, "http.body_ms"));
    assert_int_equal(manifest->env_count, 2);
    assert_string_equal(manifest->env[1].name, "B");
    assert_string_equal(manifest->env[1].value, "");
    assert_string_equal(manifest->log, "${DIR}/log");
    assert_int_equal(manifest->start_timeout_ms, 700);
    assert_string_equal(manifest->baseline, baseline);
    assert_string_equal(manifest->sanitizer, "tsan");
    manifest_free(manifest);
}

static void the_entry_ws_reaches_its_members(void **state)
{
    struct manifest *manifest = read_right(
        "{\"name\": \"acme\", \"ws\": {\"command\": [\"./serve\"], \"url\": \"ws://127.0.0.1:${PORT}/ws\", \"token\": "
        "\"t\",\n"
        " \"headers\": {\"X-Key\": \"k\"}, \"origins\": [\"http://a\", \"http://b\"], \"metrics\": \"/metrics\",\n"
        " \"prompts\": {\"echo\": {\"text\": \"say ${TEXT}\"}, \"permit\": {\"text\": \"do\", \"says\": \"done\"},\n"
        " \"stream\": {\"text\": \"count\", \"chunks\": 9}, \"fail\": {\"text\": \"fail\", \"code\": -1}}},\n"
        " \"require\": [\"ws\"], \"declares\": [\"ws.dialect=flat\", \"ws.resume=open\"], \"limits\": {\"ws.idle_ms\": "
        "5}}");
    const struct manifest_server *ws = manifest_entry(manifest, "ws");

    (void)state;
    assert_ptr_equal(ws, manifest->ws);
    assert_null(manifest_entry(manifest, "http"));
    assert_string_equal(ws->command[0], "./serve");
    assert_string_equal(ws->url, "ws://127.0.0.1:${PORT}/ws");
    assert_string_equal(ws->token, "t");
    assert_string_equal(ws->headers[0].name, "X-Key");
    assert_string_equal(ws->origins[1], "http://b");
    assert_null(ws->origins[2]);
    assert_string_equal(ws->metrics, "/metrics");
    assert_int_equal(ws->prompt_count, 4);
    assert_string_equal(ws->prompts[0].kind, "echo");
    assert_string_equal(ws->prompts[0].text, "say ${TEXT}");
    assert_string_equal(ws->prompts[1].says, "done");
    assert_int_equal(ws->prompts[2].chunks, 9);
    assert_int_equal(ws->prompts[3].code, -1);
    manifest_free(manifest);
}

/* Where a driver starts it, the entry may say no more than what its agent is prompted with. */
static void the_entry_ws_of_a_driver_needs_no_url(void **state)
{
    struct manifest *manifest =
        read_right("{\"name\": \"acme\", \"driver\": [\"./driver\"], \"ws\": {\"prompts\": {}}}");

    (void)state;
    assert_null(manifest_entry(manifest, "ws")->url);
    manifest_free(manifest);
    assert_wrong("{\"name\": \"acme\", \"ws\": {\"prompts\": {}}}", "1:24", "\"url\"");
    assert_wrong("{\"name\": \"acme\", \"driver\": [\"d\"], \"ws\": {\"command\": [\"s\"]}}", "1:41", "\"url\"");
}

static void wrong_values_of_the_entry_ws_are_refused(void **state)
{
    (void)state;
    assert_wrong("{\"ws\": {\"url\": \"http://127.0.0.1:80\"}}", "1:16", "ws://127.0.0.1:${PORT}/ws");
    assert_wrong("{\"ws\": {\"url\": \"ws://example.org:80\"}}", "1:16", "of a private network");
    assert_wrong("{\"ws\": {\"headers\": {\"Sec-WebSocket-Key\": \"x\"}}}", "1:20", "cannot be such a field");
    assert_wrong("{\"ws\": {\"headers\": {\"Origin\": \"x\"}}}", "1:20", "cannot be such a field");
    assert_wrong("{\"ws\": {\"prompts\": {\"ehco\": {}}}}", "1:29", "did you mean \"echo\"?");
    assert_wrong("{\"ws\": {\"prompts\": {\"echo\": \"x\"}}}", "1:29", "\"text\"");
    assert_wrong("{\"ws\": {\"prompts\": {\"echo\": {}}}}", "1:29", "\"text\"");
    assert_wrong("{\"ws\": {\"prompts\": {\"stream\": {\"text\": \"x\", \"chunks\": 1.5}}}}", "1:55",
                 "right would be 10");
    assert_wrong("{\"ws\": {\"prompts\": {\"stream\": {\"text\": \"x\", \"chunks\": -1}}}}", "1:31",
                 "a number of updates");
    assert_wrong("{\"ws\": {\"origins\": [1]}}", "1:21", "a string without NUL");
    assert_wrong("{\"ws\": {\"metrics\": \"metrics\"}}", "1:20", "\"/metrics\"");
}

static void what_is_left_out_has_its_default(void **state)
{
    struct manifest *manifest = read_right("{\"name\":\"a\",\"driver\":[\"./d\"]}");

    (void)state;
    assert_null(manifest->http);
    assert_null(manifest->require[0]);
    assert_null(manifest->declares[0]);
    assert_null(manifest->store_events);
    assert_int_equal(manifest->limit_count + manifest->env_count, 0);
    assert_null(manifest->log);
    assert_null(manifest->baseline);
    assert_null(manifest->sanitizer);
    assert_int_equal(manifest->start_timeout_ms, 5000);
    manifest_free(manifest);
    manifest_free(NULL);
}

static void what_is_not_json_is_refused_where_it_ends(void **state)
{
    (void)state;
    assert_wrong("", "1:1", "not JSON");
    assert_wrong("{\"name\": \"a\",\n \"driver\": [\"x\"],}", "2:18", "not JSON");
    assert_wrong("{\"name\": \"a\", \"name\": \"b\"}", "1:23", "not JSON");
    assert_wrong("[]", "1:1", "one JSON object");
}

static void unknown_names_get_the_nearest_known_one(void **state)
{
    (void)state;
    assert_wrong("{\"name\": \"a\",\n  \"drvier\": [\"x\"]}", "2:13", "did you mean \"driver\"?");
    assert_wrong("\n{\"frobnicate\": 1}", "2:16", "there are name, driver, http");
    assert_wrong("{\"http\": {\"ulr\": \"x\"}}", "1:18", "did you mean \"url\"?");
    assert_wrong("{\"store\": {\"event\": \"x\"}}", "1:21", "did you mean \"events\"?");
    assert_wrong("{\"require\": [\"sotre\"]}", "1:14", "did you mean \"store\"?");
    assert_wrong("{\"declares\": [\"store.torntail=skip\"]}", "1:15", "did you mean \"store.torn_tail\"?");
    assert_wrong("{\"declares\": [\"store.torn_tail=skipp\"]}", "1:15", "truncate, refuse, skip");
    assert_wrong("{\"declares\": [\"store.torn_tail\"]}", "1:15", "truncate, refuse, skip");
    assert_wrong("{\"limits\": {\"store.event_byte\": \"X\"}}", "1:33", "did you mean \"store.event_bytes\"?");
}

static void wrong_values_are_shown_beside_right_ones(void **state)
{
    (void)state;
    assert_wrong("{\"driver\": \"python3 driver.py\"}", "1:12", "right would be [\"python3\", \"driver.py\"]");
    assert_wrong("{\"driver\": []}", "1:12", "a program");
    assert_wrong("{\"driver\": [1]}", "1:13", "a string");
    assert_wrong("{\"driver\": [\"\", \"x\"]}", "1:12", "a program");
    assert_wrong("{\"driver\": [\"x\", \"a\\u0000b\"]}", "1:18", "NUL");
    assert_wrong("{\"name\": \"\"}", "1:10", "not empty");
    assert_wrong("{\"name\": \"a\\u0000b\"}", "1:10", "NUL");
    assert_wrong("{\"name\": 7}", "1:10", "\"name\" cannot be 7; right would be \"acme\"");
    assert_wrong("{\"store\": {\"events\": \"/abs/{sid}\"}}", "1:22", "below the store's directory");
    assert_wrong("{\"store\": {\"events\": \"../{sid}\"}}", "1:22", "below the store's directory");
    assert_wrong("{\"store\": {\"events\": \"events.jsonl\"}}", "1:22", "{sid}");
    assert_wrong("{\"http\": {\"url\": \"https://x\"}}", "1:18", "http://127.0.0.1:${PORT}");
    assert_wrong("{\"http\": {\"url\": \"http://example.org:80\"}}", "1:18", "of a private network");
    assert_wrong("{\"http\": {\"headers\": {\"A:\": \"x\"}}}", "1:22", "\"A:\" cannot be such a field");
    assert_wrong("{\"http\": {\"headers\": {\"A\": \"x\\r\\nB: y\"}}}", "1:22", "\"A\" cannot be such a field");
    assert_wrong("{\"http\": {\"headers\": {\"HOST\": \"x\"}}}", "1:22", "\"HOST\" cannot be such a field");
    assert_wrong("{\"http\": {\"headers\": {\"A\": 1}}}", "1:28", "a string without NUL");
    assert_wrong("{\"http\": {\"token\": \"x\"}}", "1:10", "\"url\"");
    assert_wrong("{\"http\": {\"json_endpoints\": [{\"method\": \"POST\", \"path\": \"/x\"}]}}", "1:30", "\"body\"");
    assert_wrong("{\"http\": {\"json_endpoints\": [\"/x\"]}}", "1:30", "json_endpoints");
    assert_wrong("{\"http\": {\"json_endpoints\": [{\"method\": \"post\"}]}}", "1:41", "\"POST\"");
    assert_wrong("{\"http\": {\"json_endpoints\": [{\"path\": \"x\"}]}}", "1:39", "\"/session\"");
    assert_wrong("{\"declares\": [\"store.gaps=yes\", \"store.gaps=yes\"]}", "1:33", "declared twice");
    assert_wrong("{\"env\": {\"A=B\": \"x\"}}", "1:17", "has no '='");
    assert_wrong("{\"env\": {\"A\": 1}}", "1:15", "string");
    assert_wrong("{\"limits\": {\"http.body_bytes\": \"A=B\"}}", "1:32", "the name of an environment variable");
    assert_wrong("{\"limits\": {\"http.body_bytes\": \"\"}}", "1:32", "the name of an environment variable");
    assert_wrong("{\"limits\": {\"http.body_bytes\": true}}", "1:32", "a whole number");
    assert_wrong("{\"sanitizer\": \"msan\"}", "1:15", "\"asan\" or \"tsan\"");
    assert_wrong("{\"driver\": [\"x\"]}", "1:1", "no name");
    assert_wrong("{\"name\": \"x\"}", "1:1", "nothing to judge");
}

static void numbers_are_checked_at_their_limits(void **state)
{
    (void)state;
    assert_wrong("{\"start_timeout_ms\": 0}", "1:22", "from 1 to 600000");
    assert_wrong("{\"start_timeout_ms\": 600001}", "1:22", "from 1 to 600000");
    assert_wrong("{\"start_timeout_ms\": 1.5}", "1:22", "from 1 to 600000");
    assert_wrong("{\"limits\": {\"http.body_bytes\": -1}}", "1:32", "a whole number");
    assert_wrong("{\"limits\": {\"http.body_bytes\": 1.5}}", "1:32", "a whole number");
    manifest_free(read_right("{\"name\":\"a\",\"driver\":[\"x\"],\"start_timeout_ms\":1}"));
    manifest_free(read_right("{\"name\":\"a\",\"driver\":[\"x\"],\"start_timeout_ms\":600000}"));
}

/* {"name":"a","driver":["x","x",…]} */
static const char *driver_of(size_t words)
{
    static char json[8192];
    size_t used = (size_t)snprintf(json, sizeof json, "{\"name\":\"a\",\"driver\":[");

    for (size_t i = 0; i < words; i++)
        used += (size_t)snprintf(json + used, sizeof json - used, "%s\"x\"", i ? "," : "");
    snprintf(json + used, sizeof json - used, "]}");
    return json;
}

static const char *environment_of(size_t variables)
{
    static char json[8192];
    size_t used = (size_t)snprintf(json, sizeof json, "{\"name\":\"a\",\"driver\":[\"x\"],\"env\":{");

    for (size_t i = 0; i < variables; i++)
        used += (size_t)snprintf(json + used, sizeof json - used, "%s\"V%zu\":\"\"", i ? "," : "", i);
    snprintf(json + used, sizeof json - used, "}}");
    return json;
}

static const char *endpoints_of(size_t count)
{
    static char json[16384];
    size_t used = (size_t)snprintf(json, sizeof json,
                                   "{\"name\":\"a\",\"http\":{\"url\":\"http://127.0.0.1:1\",\"json_endpoints\":[");

    for (size_t i = 0; i < count; i++)
        used += (size_t)snprintf(json + used, sizeof json - used,
                                 "%s{\"method\":\"POST\",\"path\":\"/%zu\",\"body\":{}}", i ? "," : "", i);
    snprintf(json + used, sizeof json - used, "]}}");
    return json;
}

static const char *header_of(int bytes)
{
    static char json[4096];

    snprintf(json, sizeof json,
             "{\"name\":\"a\",\"http\":{\"url\":\"http://127.0.0.1:1\",\"headers\":{\"X\":\"%0*d\"}}}", bytes - 1, 0);
    return json;
}

static void a_header_is_as_long_as_its_maximum(void **state)
{
    (void)state;
    manifest_free(read_right(header_of(MANIFEST_HEADER_MAX_BYTES - 1)));
    manifest_free(read_right(header_of(MANIFEST_HEADER_MAX_BYTES)));
    assert_wrong(header_of(MANIFEST_HEADER_MAX_BYTES + 1), "1:58", "at most 1024 bytes");
}

static void lists_are_full_at_their_maximum(void **state)
{
    (void)state;
    manifest_free(read_right(driver_of(MANIFEST_LIST_MAX - 2)));
    manifest_free(read_right(driver_of(MANIFEST_LIST_MAX - 1)));
    assert_wrong(driver_of(MANIFEST_LIST_MAX), "1:22", "at most 63");
    manifest_free(read_right(environment_of(MANIFEST_LIST_MAX - 1)));
    manifest_free(read_right(environment_of(MANIFEST_LIST_MAX)));
    assert_wrong(environment_of(MANIFEST_LIST_MAX + 1), "1:34", "at most 64");
    manifest_free(read_right(endpoints_of(MANIFEST_LIST_MAX - 1)));
    manifest_free(read_right(endpoints_of(MANIFEST_LIST_MAX)));
    assert_wrong(endpoints_of(MANIFEST_LIST_MAX + 1), "1:65", "at most 64");
}

static void files_are_read_up_to_their_maximum(void **state)
{
    static const char json[] = "{\"name\":\"a\",\"driver\":[\"x\"]}";
    static char bytes[MANIFEST_BYTES_MAX + 1];
    struct error err;

    (void)state;
    memset(bytes, ' ', sizeof bytes);
    memcpy(bytes, json, sizeof json - 1);
    for (size_t size = MANIFEST_BYTES_MAX - 1; size <= MANIFEST_BYTES_MAX + 1; size++) {
        struct manifest *manifest;

        write_file(bytes, size);
        manifest = manifest_read(path, &err);
        assert_int_equal(manifest != NULL, size <= MANIFEST_BYTES_MAX);
        manifest_free(manifest);
    }
    assert_non_null(strstr(err.text, "too long"));
}

static void files_that_cannot_be_read_are_named(void **state)
{
    struct error err;

    (void)state;
    assert_null(manifest_read("/nonexistent/acme.json", &err));
    assert_non_null(strstr(err.text, "cannot open /nonexistent/acme.json"));
    assert_null(manifest_read("/tmp", &err));
    assert_non_null(strstr(err.text, "cannot read /tmp"));
}

static void an_ad_hoc_driver_is_a_target(void **state)
{
    char words[2][16] = {"python3", "driver.py"};
    char *argv[] = {words[0], words[1], NULL};
    struct manifest *manifest = manifest_of_driver(argv);
    char here[4096];

    (void)state;
    assert_string_equal(manifest->name, "python3 driver.py");
    assert_string_equal(manifest->driver[1], "driver.py");
    assert_string_equal(manifest->directory, getcwd(here, sizeof here));
    manifest_free(manifest);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_key_reaches_its_member),
        cmocka_unit_test(the_entry_ws_reaches_its_members),
        cmocka_unit_test(the_entry_ws_of_a_driver_needs_no_url),
        cmocka_unit_test(wrong_values_of_the_entry_ws_are_refused),
        cmocka_unit_test(what_is_left_out_has_its_default),
        cmocka_unit_test(what_is_not_json_is_refused_where_it_ends),
        cmocka_unit_test(unknown_names_get_the_nearest_known_one),
        cmocka_unit_test(wrong_values_are_shown_beside_right_ones),
        cmocka_unit_test(numbers_are_checked_at_their_limits),
        cmocka_unit_test(a_header_is_as_long_as_its_maximum),
        cmocka_unit_test(lists_are_full_at_their_maximum),
        cmocka_unit_test(files_are_read_up_to_their_maximum),
        cmocka_unit_test(files_that_cannot_be_read_are_named),
        cmocka_unit_test(an_ad_hoc_driver_is_a_target),
    };

    return cmocka_run_group_tests(tests, make_directory, remove_directory) != 0;
}
