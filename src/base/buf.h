/* Growing bytes with a ceiling. A failure sticks: appending goes on harmlessly, and `failed` is set. */
#ifndef BUF_H
#define BUF_H

#include <stdbool.h>
#include <stddef.h>

struct buf {
    char *bytes; /* always followed by a NUL that is not counted; NULL while nothing was appended */
    size_t length;
    size_t capacity;
    size_t ceiling; /* 0: none */
    bool failed;    /* out of memory, or the ceiling was met */
    bool full;      /* the ceiling was met */
};

/* An empty buf that may grow to `ceiling` bytes (0: without limit). It owns nothing yet. */
struct buf buf_new(size_t ceiling);

/* Appends; false, and nothing is appended, when there is no room. */
bool buf_append(struct buf *buf, const void *bytes, size_t length);
bool buf_text(struct buf *buf, const char *text);
bool buf_byte(struct buf *buf, char byte);
bool buf_format(struct buf *buf, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* The text so far, which stays the buf's; "" when nothing was appended. */
const char *buf_string(const struct buf *buf);

/* Forgets the content and keeps the memory. */
void buf_clear(struct buf *buf);

/* Frees the content; the buf is empty afterwards. */
void buf_free(struct buf *buf);

/* The same, having overwritten it. */
void buf_wipe(struct buf *buf);

#endif
