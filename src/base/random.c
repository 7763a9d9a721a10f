/* Bytes that cannot be guessed, and uuids made of them. */
#include "random.h"

#include <stdio.h>
#include <sys/random.h>

#define MOST_AT_ONCE 256 /* what getentropy gives in one call */

bool random_bytes(void *bytes, size_t length)
{
    char *at = bytes;

    while (length > 0) {
        size_t part = length < MOST_AT_ONCE ? length : MOST_AT_ONCE;
        if (getentropy(at, part) != 0)
            return false;
        at += part;
        length -= part;
    }
    return true;
}

bool random_uuid(char text[RANDOM_UUID_SIZE])
{
    unsigned char b[16];

    if (!random_bytes(b, sizeof b))
        return false;
    b[6] = (unsigned char)((b[6] & 0x0f) | 0x40);
    b[8] = (unsigned char)((b[8] & 0x3f) | 0x80);
    snprintf(text, RANDOM_UUID_SIZE, "%02x%02x%02x%02x-%02x%02x-%02x%02x-%02x%02x-%02x%02x%02x%02x%02x%02x", b[0],
             b[1], b[2], b[3], b[4], b[5], b[6], b[7], b[8], b[9], b[10], b[11], b[12], b[13], b[14], b[15]);
    return true;
}
