/* base/jsontext.c, jsonmark.c and jsontake.c: what is JSON and what is not, marking, taking values out. */
#include "../../src/base/jsonmark.h"
#include "../../src/base/jsontake.h"
#include "../../src/base/jsontext.h"

#include "check.h"

#include <stdlib.h>

static bool is_json(const char *text, size_t length, struct fault *fault)
{
    char *exact = malloc(length + 1); /* so that a sanitizer sees reading past the end */

    memcpy(exact, text, length);
    exact[length] = '\0';
    bool ok = jsontext_check(exact, length, fault);
    free(exact);
    return ok;
}

static void accepts(void)
{
    static const char *const good[] = {
        "null", "true", "false", "0", "-0", "1", "-1", "1.5", "1e5", "1E+5", "1e-5", "-0.0e0", "12345678901234567890",
        "\"\"", "\"a\"", " [ ] ", "{}", "[1]", "[[],{}]", "{\"a\":1}", "{\"a\":1,\"a\":2}", "\t\n\r 1 \t\n\r",
        "\"\\\"\\\\\\/\\b\\f\\n\\r\\t\\u0000\\uD83D\\ude00\"", "\"\xc3\xa4\xe2\x82\xac\xf0\x9f\x98\x80\x7f\"",
        "[{\"a\":[{\"b\":[]}]},[],1]", "1e308", "1e-400",
    };
    struct fault fault = {""};

    for (size_t i = 0; i < sizeof good / sizeof *good; i++)
        check(is_json(good[i], strlen(good[i]), &fault), "%s is JSON: %s", good[i], fault.text);
}

static void refuses(void)
{
    static const char *const bad[][2] = {
        {"", "expected a value at byte 1, the end of the text"},
        {"  ", "expected a value at byte 3, the end of the text"},
        {"{\"a\":1} x", "unexpected text after the value at byte 9"},
        {"{\"a\":1}{\"b\":2}", "unexpected text after the value at byte 8"},
        {"[1,]", "expected a value at byte 4"},
        {"[,1]", "expected a value at byte 2"},
        {"[1", "expected ',' or ']' at byte 3, the end of the text"},
        {"[1}", "expected ',' or ']' at byte 3"},
        {"{\"a\"}", "expected ':' at byte 5"},
        {"{\"a\":}", "expected a value at byte 6"},
        {"{\"a\":1,}", "expected a key at byte 8"},
        {"{a:1}", "expected a key at byte 2"},
        {"{", "expected a key at byte 2, the end of the text"},
        {"[\"a\"", "expected ',' or ']' at byte 5, the end of the text"},
        {"\"abc", "unfinished string at byte 1"},
        {"\"a\nb\"", "raw control character in a string at byte 3"},
        {"\"\\x\"", "invalid escape at byte 2"},
        {"\"\\u12g4\"", "invalid escape at byte 2"},
        {"\"\\ud800\"", "invalid escape at byte 2"},
        {"\"\\ud800\\u0041\"", "invalid escape at byte 2"},
        {"\"\\udc00\"", "invalid escape at byte 2"},
        {"\"\\", "invalid escape at byte 2"},
        {"\"\\u", "invalid escape at byte 2"},
        {"\"\\ud83d\\", "invalid escape at byte 2"},
        {"\"\xff\xfe\"", "invalid UTF-8 at byte 2"},
        {"\"ab\xc0\xaf\"", "invalid UTF-8 at byte 4"},
        {"\"\xed\xa0\x80\"", "invalid UTF-8 at byte 2"},
        {"\"\xc3", "invalid UTF-8 at byte 2"},
        {"\xef\xbb\xbf{}", "expected a value at byte 1"},
        {"01", "malformed number at byte 1"},
        {"-01", "malformed number at byte 1"},
        {"+1", "expected a value at byte 1"},
        {"1.", "malformed number at byte 1"},
        {".5", "expected a value at byte 1"},
        {"-", "malformed number at byte 1"},
        {"1e", "malformed number at byte 1"},
        {"1e+", "malformed number at byte 1"},
        {"0x10", "unexpected text after the value at byte 2"},
        {"[1 2]", "expected ',' or ']' at byte 4"},
        {"NaN", "expected a value at byte 1"},
        {"nan", "invalid value at byte 1"},
        {"Infinity", "expected a value at byte 1"},
        {"-Infinity", "malformed number at byte 1"},
        {"1e400", "number out of range at byte 1"},
        {"[-1e999]", "number out of range at byte 2"},
        {"tru", "invalid value at byte 1"},
        {"truex", "unexpected text after the value at byte 5"},
        {"'a'", "expected a value at byte 1"},
        {"// x", "expected a value at byte 1"},
        {"]", "expected a value at byte 1"},
    };
    struct fault fault;

    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        fault.text[0] = '\0';
        check(!is_json(bad[i][0], strlen(bad[i][0]), &fault), "%s is no JSON", bad[i][0]);
        check(strncmp(fault.text, bad[i][1], strlen(bad[i][1])) == 0, "%s: expected '%s', got '%s'", bad[i][0],
              bad[i][1], fault.text);
    }
    check(!is_json("1\0", 2, &fault), "a NUL is no end");
    check(!is_json("\"a\0b\"", 5, &fault), "nor is it in a string");
    check(!is_json("\0", 1, &fault), "nor alone");
}

static void every_prefix_of_a_text_is_refused(void)
{
    static const char text[] = "{\"a\":[1,-2.5e3,\"\\u00e4\\ud83d\\ude00\xc3\xa4\",{\"b\":null,\"c\":[true,false,{}]}]}";
    struct fault fault;

    for (size_t length = 0; length < sizeof text - 1; length++)
        if (is_json(text, length, &fault))
            check(0, "prefix %zu", length);
    check(is_json(text, sizeof text - 1, &fault), "the whole: %s", fault.text);
}

static void bounds_depth(void)
{
    char text[2 * JSONTEXT_DEPTH + 10];
    struct fault fault;
    size_t depth = JSONTEXT_DEPTH;

    memset(text, '[', depth + 1);
    memset(text + depth + 1, ']', depth + 1);
    check(is_json(text + 1, 2 * depth, &fault), "as deep as can be: %s", fault.text);
    check(!is_json(text, 2 * depth + 2, &fault), "one deeper");
    check_text("nested too deeply at byte 101", fault.text);
}

static void marks(void)
{
    static const char *const pairs[][2] = {
        {"[]", "\"\xff\""}, {" [ ] ", " \"\xff\" "}, {"{}", "{}"}, {"[ 1 ]", "[ 1 ]"},
        {"{\"a\":[],\"b\":{}}", "{\"a\":\"\xff\",\"b\":{}}"}, {"[[],[[]]]", "[\"\xff\",[\"\xff\"]]"},
        {"1", "1"}, {"123456789012345", "123456789012345"}, {"-123456789012345", "-123456789012345"},
        {"1234567890123456", "\"\xff" "1234567890123456\""}, {"1.0", "\"\xff" "1.0\""}, {"[-1e5,2]", "[\"\xff-1e5\",2]"},
        {"\"1.0 [] \\\" []\"", "\"1.0 [] \\\" []\""}, {"{\"1.5\":1.5}", "{\"1.5\":\"\xff" "1.5\"}"},
        {"\"\\\\\"", "\"\\\\\""},
    };

    for (size_t i = 0; i < sizeof pairs / sizeof *pairs; i++) {
        struct buf marked = buf_new(0);
        struct fault fault;
        bool needs_none = strcmp(pairs[i][0], pairs[i][1]) == 0;
        check(jsonmark(pairs[i][0], strlen(pairs[i][0]), &marked, &fault), "%s: %s", pairs[i][0], fault.text);
        check_text(needs_none ? "" : pairs[i][1], buf_string(&marked));
        buf_free(&marked);
    }
}

static void takes_one(const char *before, const char *after, const char *secret)
{
    static const char *const path[] = {"cloudstack", "secret_access_key"};
    struct buf taken = buf_new(0);
    struct fault fault = {""};
    bool found;
    char *text = strdup(before);

    check(jsontext_check(text, strlen(text), &fault), "%s: %s", before, fault.text);
    check(jsontake(text, strlen(text), path, 2, &taken, &found, &fault), "%s: %s", before, fault.text);
    check_text(after, text);
    check(found == (secret != NULL), "%s: %s", before, found ? "found" : "not found");
    if (secret)
        check_text(secret, buf_string(&taken));
    check(jsontext_check(text, strlen(text), &fault), "%s: %s", text, fault.text);
    free(text);
    buf_wipe(&taken);
}

static void takes(void)
{
    takes_one("{\"cloudstack\":{\"secret_access_key\":\"abc\",\"x\":1}}",
              "{\"cloudstack\":{\"secret_access_key\":\"\"   ,\"x\":1}}", "abc");
    takes_one(" { \"x\" : [1,{\"cloudstack\":{}}] , \"cloudstack\" : { \"y\":{} , \"secret_access_key\" : \"\" } } ",
              " { \"x\" : [1,{\"cloudstack\":{}}] , \"cloudstack\" : { \"y\":{} , \"secret_access_key\" : \"\" } } ", "");
    takes_one("{\"cloudstack\":{\"secret\\u005faccess_key\":\"a\\n\\\"\\u00e4\\ud83d\\ude00\"}}",
              "{\"cloudstack\":{\"secret\\u005faccess_key\":\"\"                       }}", "a\n\"\xc3\xa4\xf0\x9f\x98\x80");
    takes_one("{\"cloud\\u0073tack\":{\"secret_access_key\":\"abc\"}}",
              "{\"cloud\\u0073tack\":{\"secret_access_key\":\"\"   }}", "abc");
    takes_one("{\"cloudstack\":{\"secret_access_key\":\"one\",\"secret_access_key\":\"two\"}}",
              "{\"cloudstack\":{\"secret_access_key\":\"\"   ,\"secret_access_key\":\"\"   }}", "two");
    takes_one("{\"cloudstack\":{\"secret_access_key\":\"one\"},\"cloudstack\":{}}",
              "{\"cloudstack\":{\"secret_access_key\":\"\"   },\"cloudstack\":{}}", NULL);
    takes_one("{\"cloudstack\":{\"secret_access_key\":\"one\"},\"cloudstack\":5}",
              "{\"cloudstack\":{\"secret_access_key\":\"\"   },\"cloudstack\":5}", NULL);
    takes_one("{\"cloudstack\":{\"secret_access_key\":null}}", "{\"cloudstack\":{\"secret_access_key\":null}}", NULL);
    takes_one("{\"secret_access_key\":\"abc\"}", "{\"secret_access_key\":\"abc\"}", NULL);
    takes_one("{\"cloudstack\":[{\"secret_access_key\":\"abc\"}]}", "{\"cloudstack\":[{\"secret_access_key\":\"abc\"}]}", NULL);
    takes_one("{\"cloudstack\":\"}\",\"x\":-1.5e3,\"y\":\"\\\"{\"}", "{\"cloudstack\":\"}\",\"x\":-1.5e3,\"y\":\"\\\"{\"}", NULL);
    /* Only at that place: neither below it, nor beside it, nor below another key. */
    takes_one("{\"x\":{\"secret_access_key\":\"a\",\"cloudstack\":{\"secret_access_key\":\"b\"}}}",
              "{\"x\":{\"secret_access_key\":\"a\",\"cloudstack\":{\"secret_access_key\":\"b\"}}}", NULL);
    takes_one("{\"cloudstack\":{\"x\":{\"secret_access_key\":\"a\"}}}", "{\"cloudstack\":{\"x\":{\"secret_access_key\":\"a\"}}}", NULL);
    takes_one("{\"cloudstack\":{\"x\":{}},\"secret_access_key\":\"a\"}", "{\"cloudstack\":{\"x\":{}},\"secret_access_key\":\"a\"}", NULL);
    takes_one("[{\"cloudstack\":{\"secret_access_key\":\"a\"}}]", "[{\"cloudstack\":{\"secret_access_key\":\"a\"}}]", NULL);
    takes_one("{\"x\":{},\"cloudstack\":{\"y\":[{}],\"secret_access_key\":\"abc\",\"z\":[]}}",
              "{\"x\":{},\"cloudstack\":{\"y\":[{}],\"secret_access_key\":\"\"   ,\"z\":[]}}", "abc");
    takes_one("{}", "{}", NULL);
    takes_one("[]", "[]", NULL);
    takes_one("1", "1", NULL);
    takes_one("\"x\"", "\"x\"", NULL);
}

static void takes_only_strings(void)
{
    static const char *const path[] = {"s"};
    char text[] = "{\"s\":{\"a\":\"hidden\"}}";
    struct buf taken = buf_new(0);
    struct fault fault;
    bool found;

    check(!jsontake(text, strlen(text), path, 1, &taken, &found, &fault), "an object is no secret");
    check_text("'s' must be a string", fault.text);
    buf_wipe(&taken);
}

static void takes_nothing_from_what_is_not_json(void)
{
    static const char *const path[] = {"s"};
    char text[] = "{\"s\":\"hidden\",}";
    struct buf taken = buf_new(0);
    struct fault fault;
    bool found;

    check(!jsontake(text, strlen(text), path, 1, &taken, &found, &fault), "a comma too many");
    check_text("expected a key at byte 15", fault.text);
    buf_wipe(&taken);
}

int main(void)
{
    accepts();
    refuses();
    every_prefix_of_a_text_is_refused();
    bounds_depth();
    marks();
    takes();
    takes_only_strings();
    takes_nothing_from_what_is_not_json();
    return check_report();
}
