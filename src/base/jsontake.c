/* Taking one string out of a JSON text: a walk over its tokens that knows how much of the path is open. */
#include "jsontake.h"

#include "jsontext.h"

#include <string.h>

struct take {
    const char *const *path;
    size_t steps;
    size_t open;   /* so many steps of the path are open objects, inside the outermost one */
    bool is_next;  /* the next value belongs to the key of the next step */
    bool found;
    bool wrong;    /* there is a value of another kind */
    struct buf *taken;
};

static bool is_key(const char *text, struct jsontext_token token, const char *name)
{
    struct buf key = buf_new(0);

    /* Without memory rather too much is taken than too little. */
    bool same = !jsontext_unescape(text, token, &key);
    same = same || (key.length == strlen(name) && memcmp(buf_string(&key), name, key.length) == 0);
    buf_free(&key);
    return same;
}

/* An equal key further up has lost. */
static void forget(struct take *take)
{
    buf_wipe(take->taken);
    take->found = take->wrong = false;
}

static void take_value(struct take *take, char *text, struct jsontext_token token)
{
    take->wrong = token.kind != JSONTEXT_STRING && text[token.start] != 'n';
    if (token.kind != JSONTEXT_STRING)
        return;
    jsontext_unescape(text, token, take->taken);
    take->found = true;
    memset(text + token.start, ' ', token.end - token.start);
    text[token.start] = text[token.start + 1] = '"';
}

/* depth: how many objects and arrays are open after the token. */
static void look_at(struct take *take, char *text, struct jsontext_token token, size_t depth)
{
    bool is_next = take->is_next;

    take->is_next = false;
    if (token.kind == JSONTEXT_CLOSE) {
        if (depth > 0 && take->open > depth - 1)
            take->open = depth - 1;
    } else if (token.kind == JSONTEXT_KEY) {
        take->is_next = depth == take->open + 1 && take->open < take->steps && is_key(text, token, take->path[take->open]);
        if (take->is_next)
            forget(take);
    } else if (is_next && take->open + 1 == take->steps) {
        take_value(take, text, token);
    } else if (is_next && token.kind == JSONTEXT_OBJECT) {
        take->open++;
    }
}

bool jsontake(char *text, size_t length, const char *const *path, size_t steps, struct buf *taken, bool *found,
              struct fault *fault)
{
    struct jsontext scan = {.text = text, .length = length, .fault = fault};
    struct take take = {.path = path, .steps = steps, .taken = taken};
    struct jsontext_token token;

    do {
        if (!jsontext_next(&scan, &token))
            return false;
        look_at(&take, text, token, scan.depth);
    } while (token.kind != JSONTEXT_END);
    *found = take.found;
    if (take.wrong)
        return fault_set(fault, "'%s' must be a string", path[steps - 1]);
    return !taken->failed || fault_set(fault, "not enough memory");
}
