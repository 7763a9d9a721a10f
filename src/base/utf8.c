/* UTF-8 as RFC 3629 has it. */
#include "utf8.h"

#include <stdbool.h>

static bool between(unsigned char byte, unsigned char low, unsigned char high)
{
    return byte >= low && byte <= high;
}

size_t utf8_character(const char *text, size_t length)
{
    const unsigned char *b = (const unsigned char *)text;

    if (length == 0)
        return 0;
    if (b[0] < 0x80)
        return 1;
    if (b[0] < 0xc2 || b[0] > 0xf4)
        return 0;
    size_t size = b[0] < 0xe0 ? 2 : b[0] < 0xf0 ? 3 : 4;
    unsigned char low = b[0] == 0xe0 ? 0xa0 : b[0] == 0xf0 ? 0x90 : 0x80;
    unsigned char high = b[0] == 0xed ? 0x9f : b[0] == 0xf4 ? 0x8f : 0xbf;
    if (length < size || !between(b[1], low, high))
        return 0;
    for (size_t i = 2; i < size; i++)
        if (!between(b[i], 0x80, 0xbf))
            return 0;
    return size;
}

size_t utf8_valid_length(const char *text, size_t length)
{
    size_t at = 0;

    while (at < length) {
        size_t size = utf8_character(text + at, length - at);
        if (size == 0)
            break;
        at += size;
    }
    return at;
}

size_t utf8_encode(unsigned long character, char *text)
{
    if (character < 0x80) {
        text[0] = (char)character;
        return 1;
    }
    if (character < 0x800) {
        text[0] = (char)(0xc0 | character >> 6);
        text[1] = (char)(0x80 | (character & 0x3f));
        return 2;
    }
    if (character < 0x10000) {
        text[0] = (char)(0xe0 | character >> 12);
        text[1] = (char)(0x80 | (character >> 6 & 0x3f));
        text[2] = (char)(0x80 | (character & 0x3f));
        return 3;
    }
    text[0] = (char)(0xf0 | character >> 18);
    text[1] = (char)(0x80 | (character >> 12 & 0x3f));
    text[2] = (char)(0x80 | (character >> 6 & 0x3f));
    text[3] = (char)(0x80 | (character & 0x3f));
    return 4;
}
