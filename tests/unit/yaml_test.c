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
    {"a: true\nb: False\nc: null\nd:\ne: -1.5\nf: 1.2.3\ng: 1e3\nh: a#b\ni: http://x\n",
     "{\"a\":true,\"b\":false,\"c\":null,\"d\":null,\"e\":-1.5,\"f\":\"1.2.3\",\"g\":\"1e3\",\"h\":\"a#b\",\"i\":\"http://x\"}"},
    {"{\"a\":[1,true,null,\"x\"],\"b\":{\"c\":\"d\"}}", "{\"a\":[1,true,null,\"x\"],\"b\":{\"c\":\"d\"}}"},
    {"{\n  \"a\": [\n    1, 2\n  ],\n  \"b\": {}\n}\n", "{\"a\":[1,2],\"b\":{}}"},
    {"a: [one, two words, 'three']\nb: {c: d, e: 1}\n", "{\"a\":[\"one\",\"two words\",\"three\"],\"b\":{\"c\":\"d\",\"e\":1}}"},
    {"a: x\r\nb: y\r\n", "{\"a\":\"x\",\"b\":\"y\"}"},
    {"just text\n", "\"just text\""},
};

static const char *const bad[][2] = {
    {"a: &x 1\n", "line 1: anchors"},           {"a: *x\n", "line 1: anchors"},
    {"a: !t 1\n", "line 1: anchors"},           {"<<: x\n", "line 1: merge keys"},
    {"a: 1\na: 2\n", "line 2: the same key"},   {"{\"a\":1,\"a\":2}", "the same key"},
    {"a:\n\tb: 1\n", "line 2: a tab"},          {"a: 1\n  b: 2\n", "line 2: it is indented by more"},
    {"  a: 1\nb: 2\n", "line 2: it is indented by less"}, {"a: 1\n---\nb: 2\n", "line 2: only one document"},
    {"a: yes\n", "line 1: yes, no, on and off"}, {"a: Off\n", "line 1: yes, no"},
    {"a: 0123\n", "line 1: a number that begins with 0"}, {"a: \"x\n", "line 1: a quote is not closed"},
    {"a: 'x\n  y'\n", "line 1: a quote is not closed"}, {"a: \"\\q\"\n", "line 1: an escape"},
    {"a: \"\\ud800\"\n", "line 1: an escape"},  {"a: [1, 2\n", "a comma or the closing bracket"},
    {"a: {b 1}\n", "a colon is missing"},       {"a: [1] x\n", "line 1: something stands behind"},
    {"a: \"x\" y\n", "line 1: something stands behind"}, {"a: b: c\n", "line 1: a colon with a blank"},
    {"a: 1\nplain\n", "line 2: it is neither a key"}, {"a: x\n  y\n", "line 2: it is indented by more"},
    {"? a\n", "line 1: keys of several lines"}, {"a: |2\n  x\n", "line 1: something stands behind the mark"},
    {"a: |\n    x\n  y\n", "line 3: it is indented by less"}, {"[", "it ends in the middle"},
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
    finds();
    is_bounded();
    return check_report();
}
