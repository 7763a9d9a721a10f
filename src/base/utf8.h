/* UTF-8 as RFC 3629 has it: no overlong forms, no surrogates, nothing above U+10FFFF. */
#ifndef UTF8_H
#define UTF8_H

#include <stddef.h>

/* Bytes of the character at `text` (1 to 4), or 0 when the bytes there are not a character. */
size_t utf8_character(const char *text, size_t length);

/* The place of the first byte that is not UTF-8; `length` when all of them are. */
size_t utf8_valid_length(const char *text, size_t length);

/* Writes the character (at most 4 bytes), returns their number. */
size_t utf8_encode(unsigned long character, char *text);

#endif
