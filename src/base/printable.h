/* Text for terminals: what would move the cursor, change colours or turn the line around is written as an escape. */
#ifndef PRINTABLE_H
#define PRINTABLE_H

#include "buf.h"

/* What may stand as it is. */
enum {
    PRINTABLE_LINES = 1,  /* line breaks */
    PRINTABLE_TABS = 2,
    PRINTABLE_COLOURS = 4 /* ESC [ digits m: our own */
};

/*
 * Appends the character at `text`, or its escape, and returns how many bytes that took. Control characters of ASCII and of
 * Unicode, marks that change the direction of writing, other line breaks, and what is not UTF-8 are escaped as JSON does
 * (\n, \u001b, \u202e), so that JSON stays what it was; a byte that is not part of a character is \xHH.
 */
size_t printable_one(struct buf *out, const char *text, size_t length, int allowed);

/* The same for the whole text. */
void printable_append(struct buf *out, const char *text, size_t length, int allowed);

#endif
