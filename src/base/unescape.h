/* Takes the escapes out of a text as it goes by: of URLs, JSON, Lua and HTML, and the white space that wraps it. */
#ifndef UNESCAPE_H
#define UNESCAPE_H

#include <stddef.h>

/* One byte, and where in the text it comes from: at `from`, up to but not including `to`. */
struct text_byte {
    size_t from, to;
    unsigned char byte;
};

#define LONGEST_ESCAPE 12

struct unescape {
    void (*out)(void *context, const struct text_byte *one);
    void *context;
    struct text_byte held[LONGEST_ESCAPE]; /* what may become an escape */
    size_t count;
};

/* out is called for what is decided so far; white space, written or escaped, is left out. */
void unescape_push(struct unescape *decoder, const struct text_byte *one);

/* The text is over: what was held back stands for itself. */
void unescape_end(struct unescape *decoder);

#endif
