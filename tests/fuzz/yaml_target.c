/* Any bytes as YAML: what is read of them can be written as JSON, and that JSON is read as the same. */
#include "../../src/base/jsontext.h"
#include "../../src/base/yaml.h"
#include "target.h"

/* The text as JSON; false where it is not read. */
static bool read_as_json(const char *text, size_t length, struct buf *json)
{
    struct fault fault;
    struct yaml *tree = yaml_read(text, length, &fault);

    if (tree)
        yaml_append_json(tree, json);
    yaml_free(tree);
    return tree != NULL;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct buf json = buf_new(0), again = buf_new(0);
    struct fault fault;
    char *text = malloc(size + 1);

    must(text, "memory");
    memcpy(text, data, size);
    text[size] = '\0';
    if (read_as_json(text, size, &json) && jsontext_check(buf_string(&json), json.length, &fault)) {
        must(read_as_json(json.bytes, json.length, &again), "JSON is YAML");
        must(again.length == json.length && memcmp(again.bytes, json.bytes, json.length) == 0, "and is read as the same");
    }
    buf_free(&json);
    buf_free(&again);
    free(text);
    return 0;
}
