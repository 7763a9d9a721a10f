/* What is read of YAML, as the JSON that it becomes; and what is refused, with its line. */
#include "../../src/base/yaml.h"
#include "check.h"

#include <string.h>

static const char *const good[][2] = {
    {"", "null"},
    {"# nothing\n\n---\n# at all\n", "null"},
    {"a: 1\nb: two\n", "{\"a\":1,\"b\":\"two\"}"},
    {"---\ncpis:\n- name: east # the first\n  type: cloudstack\n  properties:\n    endpoint: https://c.test:8443/client/api\n"
     "    cache_age: 0\n- name: west\n",
     "{\"cpis\":[{\"name\":\"east\",\"type\":\"cloudstack\",\"properties\":{\"endpoint\":\"https://c.test:8443/client/api\","
     "\"cache_age\":0}},{\"name\":\"west\"}]}"},
    {"cpis:\n  - name: east\n    list:\n    - a\n    - b\n  -\n    name: west\nafter: x\n",
     "{\"cpis\":[{\"name\":\"east\",\"list\":[\"a\",\"b\"]},{\"name\":\"west\"}],\"after\":\"x\"}"},
    {"- - 1\n  - 2\n- []\n- {}\n", "[[1,2],[],{}]"},
    {"cert: |\n  -----BEGIN-----\n  abc\n\n  def\n  -----END-----\nnext: 1\n",
     "{\"cert\":\"-----BEGIN-----\\u000aabc\\u000a\\u000adef\\u000a-----END-----\\u000a\",\"next\":1}"},
    {"a: |-\n  x\n   y\nb: |+\n  z\n\nc: >\n  one\n  two\n\n  three\n", "{\"a\":\"x\\u000a y\",\"b\":\"z\\u000a\\u000a\","
     "\"c\":\"one two\\u000athree\\u000a\"}"},
    {"a: \"x\\n\\u00e9\\ud83d\\ude00\\\"\"\nb: 'it''s: # no comment'\n\"c d\": ~\n",
     "{\"a\":\"x\\u000a\xc3\xa9\xf0\x9f\x98\x80\\\"\",\"b\":\"it's: # no comment\",\"c d\":null}"},
    {"a: true\nb: False\nc: null\nd:\ne: -1.5\nf: 1.2.3\ng: -0.5\nh: a#b\ni: http://x\n",
     "{\"a\":true,\"b\":false,\"c\":null,\"d\":null,\"e\":-1.5,\"f\":\"1.2.3\",\"g\":-0.5,\"h\":\"a#b\",\"i\":\"http://x\"}"},
    {"{\"a\":[1,true,null,\"x\"],\"b\":{\"c\":\"d\"}}", "{\"a\":[1,true,null,\"x\"],\"b\":{\"c\":\"d\"}}"},
    {"{\n  \"a\": [\n    1, 2\n  ],\n  \"b\": {}\n}\n", "{\"a\":[1,2],\"b\":{}}"},
    {"a: [one, two words, 'three']\nb: {c: d, e: 1}\n", "{\"a\":[\"one\",\"two words\",\"three\"],\"b\":{\"c\":\"d\",\"e\":1}}"},
    {"a: x\r\nb: z\r\n", "{\"a\":\"x\",\"b\":\"z\"}"},
    {"just text\n", "\"just text\""},
    {"[10.0.0.1, 10.0.0.0/24, 1e, e5, 0x, 0xg, 1-2, 8080:80, 12:300, 1:2:x, .x, 1.2.3, 2001-01, 20010-01-01, a:b, --, -a]",
     "[\"10.0.0.1\",\"10.0.0.0/24\",\"1e\",\"e5\",\"0x\",\"0xg\",\"1-2\",\"8080:80\",\"12:300\",\"1:2:x\",\".x\",\"1.2.3\","
     "\"2001-01\",\"20010-01-01\",\"a:b\",\"--\",\"-a\"]"},
    {"[True, TRUE, False, Null, NULL, ~, 0, -0, 0.0, 10, -1.50]", "[true,true,false,null,null,null,0,-0,0.0,10,-1.50]"},
};

/* Texts of several lines, as YAML 1.2 (8.1.3) and Psych have them. */
static const char *const lines[][2] = {
    {">\n  one\n   more\n  two\n  three\n", "one\\u000a more\\u000atwo three\\u000a"},
    {">\n  one\n\n   more\n\n  two\n", "one\\u000a\\u000a more\\u000a\\u000atwo\\u000a"},
    {">\n  a\n\n\n  b\n  \n   x\n\n\n  y\n  z\n",
     "a\\u000a\\u000ab\\u000a\\u000a x\\u000a\\u000a\\u000ay z\\u000a"},
    {">\n  a\n  \tb\n  c\n", "a\\u000a\\u0009b\\u000ac\\u000a"},
    {">\n  a\n     \n  b\n", "a\\u000a   \\u000ab\\u000a"},
    {">\n\n  a\n  b\n", "\\u000aa b\\u000a"},
    {">-\n  a\n   b\n\n", "a\\u000a b"},
    {">+\n  a\n  b\n\n", "a b\\u000a\\u000a"},
    {">\r\n  a\r\n\r\n  b\r\n", "a\\u000ab\\u000a"},
    {"|\n  a\n     \n  b\n", "a\\u000a   \\u000ab\\u000a"},
    {"|\n \n  a\n \n", "\\u000aa\\u000a"},
};

/* What YAML 1.2's core schema, YAML 1.1 and Psych take for different things, or what is a number that JSON cannot have. */
static const char *const doubtful[] = {
    "1e5",  "1e3",   "-1E5",  "1.5e+3", "1.e3",  ".5e3", "0x1F",   "0X1F",  "-0x1",       "0o17",         "0b11", "0x1,2", "017",  "08",
    "-017", "00.5",  ".5",    "-.5",    "5.",    "+1",   "+1.5",   "1_000", "1__0",       "1_",           "1.5_0", "80,443",
    "12:30", "1:2",  "-1:20", "12:30:45.5", ".inf", "-.INF", ".nan", "2001-01-31", "2001-1-1", "2001-01-31 00:00:00", "y", "N",
    "oN",   "tRue",  "nULL",  ":a",     "::1",
};

static const char *const bad[][2] = {
    {"a: &x 1\n", "line 1: anchors"},           {"a: *x\n", "line 1: anchors"},
    {"a: !t 1\n", "line 1: anchors"},           {"<<: x\n", "line 1: merge keys"},
    {"a: 1\na: 2\n", "line 2: the same key"},   {"{\"a\":1,\"a\":2}", "the same key"},
    {"a:\n\tb: 1\n", "line 2: a tab"},          {"a: 1\n  b: 2\n", "line 2: it is indented by more"},
    {"  a: 1\nb: 2\n", "line 2: it is indented by less"}, {"a: 1\n---\nb: 2\n", "line 2: only one document"},
    {"a: yes\n", "line 1: yes, no, on and off"}, {"a: Off\n", "line 1: yes, no"},
    {"a: 0123\n", "line 1: a number in this form"}, {"a: \"x\n", "line 1: a quote is not closed"},
    {"a: 'x\n  y'\n", "line 1: a quote is not closed"}, {"a: \"\\q\"\n", "line 1: an escape"},
    {"a: \"\\ud800\"\n", "line 1: an escape"},  {"a: [1, 2\n", "a comma or the closing bracket"},
    {"a: {b 1}\n", "a colon is missing"},       {"a: [1] x\n", "line 1: something stands behind"},
    {"a: \"x\" y\n", "line 1: something stands behind"}, {"a: b: c\n", "line 1: a colon with a blank"},
    {"a: 1\nplain\n", "line 2: it is neither a key"}, {"a: x\n  y\n", "line 2: it is indented by more"},
    {"? a\n", "line 1: keys of several lines"}, {"a: |2\n  x\n", "line 1: something stands behind the mark"},
    {"a: |\n    x\n  y\n", "line 3: it is indented by less"}, {"[", "it ends in the middle"},
    {"a: |\n    \n  x\n", "line 3: it is indented by less"}, {"a: |\n  \tx\n", "line 2: a tab"},
    {"a: - x\n", "line 1: an item of a list"},
    {"a: ,x\n", "line 1: a text that begins with a comma"}, {"a: b:\n", "line 1: a colon with a blank or nothing"},
    {"a: tRue\n", "line 1: true, false and null"}, {"a: 2001-01-31\n", "line 1: a date"}, {"a: :b\n", "line 1: a text that begins with a colon"},
    {"{\"a\":1e5}", "line 1: a number in this form"},
    {"{,}", "a key is missing"},                {"[1,]", "a value is missing"},
};

static void reads(const char *text, const char *wanted)
{
    struct fault fault = {""};
    struct yaml *tree = yaml_read(text, strlen(text), &fault);
    struct buf json = buf_new(0);

    if (tree)
        yaml_append_json(tree, &json);
    check(tree && strcmp(buf_string(&json), wanted) == 0, "%s\nis\n%s\n%s", text, buf_string(&json), fault.text);
    buf_free(&json);
    yaml_free(tree);
}

static void refuses(const char *text, const char *wanted)
{
    struct fault fault = {""};
    struct yaml *tree = yaml_read(text, strlen(text), &fault);

    check(!tree && strstr(fault.text, wanted), "%s\nis refused by\n%s", text, fault.text);
    yaml_free(tree);
}

static void finds(void)
{
    struct fault fault;
    const char *text = "cpis: [{name: east, properties: {a: 1}}]";
    struct yaml *tree = yaml_read(text, strlen(text), &fault);
    const struct yaml *cpis = yaml_child(tree, "cpis");

    check(cpis && cpis->kind == YAML_LIST && yaml_is(yaml_child(cpis->first, "name"), "east"), "the name");
    check(!yaml_child(tree, "cpi") && !yaml_child(cpis, "name") && !yaml_child(NULL, "x") && !yaml_is(NULL, "x"), "nothing");
    check(!yaml_is(yaml_child(yaml_child(cpis->first, "properties"), "a"), "1"), "a number is not a text");
    yaml_free(tree);
}

static void reads_lines(void)
{
    struct buf text = buf_new(0), json = buf_new(0);

    for (size_t i = 0; i < sizeof lines / sizeof *lines; i++) {
        buf_format(&text, "a: %s", lines[i][0]);
        buf_format(&json, "{\"a\":\"%s\"}", lines[i][1]);
        reads(buf_string(&text), buf_string(&json));
        buf_clear(&text);
        buf_clear(&json);
    }
    buf_free(&text);
    buf_free(&json);
}

/* Without quotes it is refused, as a value of a block and of JSON's form; in quotes it is the text. */
static void refuses_what_is_doubtful(void)
{
    struct buf text = buf_new(0), json = buf_new(0);

    for (size_t i = 0; i < sizeof doubtful / sizeof *doubtful; i++) {
        buf_format(&text, "a: %s # x\n", doubtful[i]);
        refuses(buf_string(&text), "quotes around");
        buf_clear(&text);
        buf_format(&text, "a: '%s'\n", doubtful[i]);
        buf_format(&json, "{\"a\":\"%s\"}", doubtful[i]);
        reads(buf_string(&text), buf_string(&json));
        buf_clear(&text);
        buf_clear(&json);
    }
    buf_free(&text);
    buf_free(&json);
}

static void is_bounded(void)
{
    struct buf text = buf_new(0);

    for (int i = 0; i < 100; i++)
        buf_text(&text, "[");
    refuses(buf_string(&text), "nested too deeply");
    buf_clear(&text);
    for (int i = 0; i < 100; i++)
        buf_text(&text, "- ");
    refuses(buf_string(&text), "nested too deeply");
    buf_free(&text);
    struct fault fault;
    check(!yaml_read("a\0b", 3, &fault), "a byte of zero");
}

int main(void)
{
    for (size_t i = 0; i < sizeof good / sizeof *good; i++)
        reads(good[i][0], good[i][1]);
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
        refuses(bad[i][0], bad[i][1]);
    reads_lines();
    refuses_what_is_doubtful();
    finds();
    is_bounded();
    return check_report();
}
