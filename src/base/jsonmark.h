/* JSON rewritten for a decoder of doubles and plain tables, so that it loses nothing. */
#ifndef JSONMARK_H
#define JSONMARK_H

#include "buf.h"
#include "fault.h"

#define JSONMARK '\xff' /* no character of UTF-8 has this byte, so no string of a text does */

/*
 * Checks the text as jsontext_check does, and writes it to `marked`: [] as "<MARK>", and each number that is not a whole one
 * of at most 15 digits as "<MARK>number". `marked` stays empty when nothing of the text needs a mark.
 */
bool jsonmark(const char *text, size_t length, struct buf *marked, struct fault *fault);

#endif
