/* Any bytes as a request whose secret is taken out: what is left is still JSON, and the secret is not in it. */
#include "../../src/base/jsonmark.h"
#include "../../src/base/jsontake.h"
#include "../../src/base/jsontext.h"
#include "target.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const char *const path[] = {"context", "secret_access_key"};
    struct buf taken = buf_new(0), marked = buf_new(0);
    struct fault fault;
    bool found;
    char *text = malloc(size + 1);

    must(text, "memory");
    memcpy(text, data, size);
    text[size] = '\0';
    bool is_json = jsontext_check(text, size, &fault);
    must(jsonmark(text, size, &marked, &fault) == is_json, "what is marked is JSON, and the other way round");
    if (is_json) {
        if (jsontake(text, size, path, 2, &taken, &found, &fault)) {
            must(jsontext_check(text, size, &fault), "still JSON");
            buf_clear(&taken);
            must(jsontake(text, size, path, 2, &taken, &found, &fault), "can be looked at again");
            must(taken.length == 0, "nothing is left of it");
        }
    }
    free(text);
    buf_free(&taken);
    buf_free(&marked);
    return 0;
}
