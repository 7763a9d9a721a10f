/* Texts without secrets: the one place that masks. Whatever leaves the process in words passes it before it is cut. */
#ifndef MASK_H
#define MASK_H

#include "buf.h"

/*
 * Appends the text with <redacted> for every secret in it; time and memory are in proportion to the text. False, and what was
 * appended must not be used, without memory for it.
 */
bool mask_append(struct buf *out, const char *text, size_t length);

/* Overwrites and frees everything. */
void mask_forget(void);

#endif
