/* Growing bytes with a ceiling. */
#include "buf.h"

#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define SMALLEST 64

struct buf buf_new(size_t ceiling)
{
    return (struct buf){.ceiling = ceiling};
}

/* Room for `more` bytes and a NUL. */
static bool reserve(struct buf *buf, size_t more)
{
    if (buf->failed)
        return false;
    if (more > SIZE_MAX / 2 - buf->length - 1) {
        buf->failed = true;
        return false;
    }
    size_t needed = buf->length + more;
    if (buf->ceiling && needed > buf->ceiling) {
        buf->failed = buf->full = true;
        return false;
    }
    if (needed < buf->capacity)
        return true;
    size_t capacity = buf->capacity ? buf->capacity : SMALLEST;
    while (capacity <= needed)
        capacity += capacity / 2 + 1;
    char *bytes = realloc(buf->bytes, capacity);
    if (!bytes) {
        buf->failed = true;
        return false;
    }
    buf->bytes = bytes;
    buf->capacity = capacity;
    return true;
}

bool buf_append(struct buf *buf, const void *bytes, size_t length)
{
    if (!reserve(buf, length))
        return false;
    if (length)
        memcpy(buf->bytes + buf->length, bytes, length);
    buf->length += length;
    buf->bytes[buf->length] = '\0';
    return true;
}

bool buf_text(struct buf *buf, const char *text)
{
    return buf_append(buf, text, strlen(text));
}

bool buf_byte(struct buf *buf, char byte)
{
    return buf_append(buf, &byte, 1);
}

bool buf_format(struct buf *buf, const char *format, ...)
{
    va_list arguments;

    va_start(arguments, format);
    int length = vsnprintf(NULL, 0, format, arguments);
    va_end(arguments);
    if (length < 0 || !reserve(buf, (size_t)length))
        return false;
    va_start(arguments, format);
    vsnprintf(buf->bytes + buf->length, (size_t)length + 1, format, arguments);
    va_end(arguments);
    buf->length += (size_t)length;
    return true;
}

const char *buf_string(const struct buf *buf)
{
    return buf->bytes ? buf->bytes : "";
}

void buf_clear(struct buf *buf)
{
    buf->length = 0;
    buf->failed = buf->full = false;
    if (buf->bytes)
        buf->bytes[0] = '\0';
}

void buf_free(struct buf *buf)
{
    free(buf->bytes);
    *buf = buf_new(buf->ceiling);
}

/* A pointer that the compiler has to read cannot be optimised away; explicit_bzero is not everywhere. */
static void *(*const volatile overwrite)(void *, int, size_t) = memset;

void buf_wipe(struct buf *buf)
{
    if (buf->bytes)
        overwrite(buf->bytes, 0, buf->capacity);
    buf_free(buf);
}
