/* The encoding of form values as CloudStack signs them. */
#include "urlencode.h"

#include <string.h>

static bool stays(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
           (c != '\0' && strchr(".-*_", c));
}

bool urlencode_append(struct buf *out, const char *text, size_t length)
{
    static const char digits[] = "0123456789ABCDEF";
    size_t from = 0;

    for (size_t at = 0; at < length; at++) {
        if (stays(text[at]))
            continue;
        unsigned char byte = (unsigned char)text[at];
        char code[3] = {'%', digits[byte >> 4], digits[byte & 15]};
        buf_append(out, text + from, at - from);
        buf_append(out, code, sizeof code);
        from = at + 1;
    }
    buf_append(out, text + from, length - from);
    return !out->failed;
}
