/* Any bytes as parameters: the form has each of them, decodes to what was given, and is signed. */
#include "../../src/base/sign.h"
#include "target.h"

#include <ctype.h>

#define MOST 20

/* Splits the input at newlines into names and values by turns; how many pairs. Names are as the host lets them pass. */
static size_t split(char *text, size_t size, struct sign_parameter *list)
{
    size_t count = 0;
    char *at = text, *end = text + size;

    while (at < end && count < MOST) {
        char *name = at, *stop = memchr(at, '\n', (size_t)(end - at));
        if (!stop)
            break;
        *stop = '\0';
        char *value = stop + 1;
        stop = memchr(value, '\n', (size_t)(end - value));
        size_t length = (size_t)((stop ? stop : end) - value);
        if (*name && strlen(name) == (size_t)(value - 1 - name))
            list[count++] = (struct sign_parameter){name, value, length};
        at = value + length + 1;
    }
    return count;
}

static int hex(char c)
{
    return isdigit((unsigned char)c) ? c - '0' : toupper((unsigned char)c) - 'A' + 10;
}

/* Does the encoded text at `from`, up to '&' or the end, decode to the value? */
static bool decodes_to(const char *from, const char *value, size_t length)
{
    size_t n = 0;

    for (; *from && *from != '&'; n++) {
        char c = *from++;
        must(isalnum((unsigned char)c) || strchr("-_.*%", c), "only what needs no encoding stays as it is");
        if (c == '%') {
            c = (char)(hex(from[0]) << 4 | hex(from[1]));
            from += 2;
        }
        if (n >= length || value[n] != c)
            return false;
    }
    return n == length;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct sign_parameter list[MOST];
    struct buf form = buf_new(0);
    struct fault fault;
    char *text = malloc(size + 1);

    must(text, "memory");
    memcpy(text, data, size);
    text[size] = '\0';
    size_t count = split(text, size, list);
    if (sign_form(&form, list, count, "secret", 6, &fault)) {
        const char *at = buf_string(&form);
        for (size_t i = 0; i < count; i++) {
            must(i == 0 || strcmp(list[i - 1].name, list[i].name) < 0, "sorted, each once");
            const char *value = strchr(at, '=');
            must(value && decodes_to(value + 1, list[i].value, list[i].length), "the value arrives as it was given");
            at = strchr(value, '&');
            must(at, "something follows");
            at++;
        }
        must(strncmp(at, "signature=", 10) == 0 && strlen(at) > 30, "signed");
    }
    free(text);
    buf_free(&form);
    return 0;
}
