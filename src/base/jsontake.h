/* Taking one string out of a JSON text before anything is decoded. */
#ifndef JSONTAKE_H
#define JSONTAKE_H

#include "buf.h"
#include "fault.h"

/*
 * Takes the string at a path of object keys out of the text: it is appended to `taken` (the last one, where
 * keys are repeated) and every one is overwritten in the text by "" and spaces. *found: whether the text,
 * read as the last of equal keys wins, has a string there (null counts as none). False when another kind of
 * value is there, and when the text is not JSON.
 */
bool jsontake(char *text, size_t length, const char *const *path, size_t steps, struct buf *taken, bool *found,
              struct fault *fault);

#endif
