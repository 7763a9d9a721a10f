/* The encoding of form values as CloudStack signs them: Java's URLEncoder, with %20 for a space. */
#ifndef URLENCODE_H
#define URLENCODE_H

#include "buf.h"

/* Appends the text; letters, digits and . - * _ stay, all else (the ~ too) becomes %XX. */
bool urlencode_append(struct buf *out, const char *text, size_t length);

#endif
