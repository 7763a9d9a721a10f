/* JSON rewritten for a decoder of doubles and plain tables: one pass that checks and writes. */
#include "jsonmark.h"

#include "jsontext.h"

/* Writes the text from *copied to `start`, then the marked bytes in place of those before `end`. */
static void mark(struct buf *out, const char *text, size_t *copied, size_t start, size_t end, size_t kept)
{
    buf_append(out, text + *copied, start - *copied);
    buf_byte(out, '"');
    buf_byte(out, JSONMARK);
    buf_append(out, text + start, kept);
    buf_byte(out, '"');
    *copied = end;
}

bool jsonmark(const char *text, size_t length, struct buf *marked, struct fault *fault)
{
    struct jsontext scan = {.text = text, .length = length, .fault = fault};
    struct jsontext_token token = {.kind = JSONTEXT_END}, before;
    size_t copied = 0;

    do {
        before = token;
        if (!jsontext_next(&scan, &token))
            return false;
        if (token.kind == JSONTEXT_NUMBER)
            mark(marked, text, &copied, token.start, token.end, token.end - token.start);
        else if (token.kind == JSONTEXT_CLOSE && before.kind == JSONTEXT_ARRAY)
            mark(marked, text, &copied, before.start, token.end, 0);
    } while (token.kind != JSONTEXT_END);
    if (copied > 0)
        buf_append(marked, text + copied, length - copied);
    return !marked->failed || fault_set(fault, "not enough memory");
}
