/*
 * JSON as text: whether it is well-formed, what in it a decoder of doubles and plain tables would lose, and
 * taking one value out of it before anything is decoded. Texts end with a NUL that is not counted.
 */
#ifndef JSONTEXT_H
#define JSONTEXT_H

#include "buf.h"
#include "fault.h"

#define JSONTEXT_DEPTH 100     /* arrays and objects inside each other, in either direction */
#define JSONTEXT_LONGEST_NUMBER 1000
#define JSONTEXT_MARK '\xff'   /* no character of UTF-8 has this byte, so no string of a text does */

/*
 * Whether the text is one JSON value, by RFC 8259 and UTF-8, no deeper than JSONTEXT_DEPTH, and every number of it
 * finite; if not, why, with the position of the byte (the first is 1). *marked_size is the room jsontext_mark
 * needs: `length` when there is nothing to mark.
 */
bool jsontext_check(const char *text, size_t length, size_t *marked_size, struct fault *fault);

/*
 * Writes a checked text again, and returns the number of bytes, marked: [] as ["<MARK>"], and each number that is not a whole one of at most 15
 * digits as "<MARK>number". What remains a number is a whole one, what remains an empty table is an object.
 */
size_t jsontext_mark(const char *text, size_t length, char *marked);

/*
 * Takes the string at a path of object keys out of a checked text: it is appended to `taken` (the last one, where
 * keys are repeated) and every one is overwritten in the text by "" and spaces. *found tells whether the text,
 * read as the last of equal keys wins, has a string there (null counts as none). False when another kind of
 * value is there.
 */
bool jsontext_take(char *text, size_t length, const char *const *path, size_t steps, struct buf *taken, bool *found,
                   struct fault *fault);

#endif
