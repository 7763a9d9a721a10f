/* Base64 with the standard alphabet. */
#ifndef BASE64_H
#define BASE64_H

#include <stdbool.h>
#include <stddef.h>

/* Characters of `length` bytes' encoding, without a NUL. */
size_t base64_encoded_size(size_t length);

/* Writes exactly base64_encoded_size(length) characters; no NUL, no line breaks. */
void base64_encode(const void *bytes, size_t length, char *text);

/*
 * Decodes into `bytes`, which has room for length / 4 * 3 + 3; *decoded is the number written. White space
 * between characters is skipped and missing padding forgiven; false for anything else that is not base64.
 */
bool base64_decode(const char *text, size_t length, unsigned char *bytes, size_t *decoded);

#endif
