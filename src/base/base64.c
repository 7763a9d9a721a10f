/* Base64 with the standard alphabet. */
#include "base64.h"

#include <string.h>

static const char alphabet[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

size_t base64_encoded_size(size_t length)
{
    return (length + 2) / 3 * 4;
}

void base64_encode(const void *input, size_t length, char *text)
{
    const unsigned char *bytes = input;

    for (size_t at = 0; at < length; at += 3) {
        size_t left = length - at;
        unsigned group = (unsigned)bytes[at] << 16;
        group |= left > 1 ? (unsigned)bytes[at + 1] << 8 : 0;
        group |= left > 2 ? (unsigned)bytes[at + 2] : 0;
        *text++ = alphabet[group >> 18 & 63];
        *text++ = alphabet[group >> 12 & 63];
        *text++ = left > 1 ? alphabet[group >> 6 & 63] : '=';
        *text++ = left > 2 ? alphabet[group & 63] : '=';
    }
}

static bool is_space(char c)
{
    return c == ' ' || c == '\n' || c == '\r' || c == '\t';
}

static bool only_padding(const char *text, size_t length, unsigned missing)
{
    for (size_t i = 0; i < length; i++) {
        if (text[i] == '=' && missing > 0)
            missing--;
        else if (!is_space(text[i]))
            return false;
    }
    return true;
}

bool base64_decode(const char *text, size_t length, unsigned char *bytes, size_t *decoded)
{
    unsigned group = 0, held = 0;
    size_t at = 0, written = 0;

    for (; at < length && text[at] != '='; at++) {
        if (is_space(text[at]))
            continue;
        const char *found = text[at] ? strchr(alphabet, text[at]) : NULL;
        if (!found)
            return false;
        group = group << 6 | (unsigned)(found - alphabet);
        if (++held == 4) {
            bytes[written++] = (unsigned char)(group >> 16);
            bytes[written++] = (unsigned char)(group >> 8);
            bytes[written++] = (unsigned char)group;
            group = held = 0;
        }
    }
    if (held == 1 || !only_padding(text + at, length - at, held ? 4 - held : 0))
        return false;
    if (held >= 2)
        bytes[written++] = (unsigned char)(held == 2 ? group >> 4 : group >> 10);
    if (held == 3)
        bytes[written++] = (unsigned char)(group >> 2);
    *decoded = written;
    return true;
}
