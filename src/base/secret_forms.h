/* What is a secret by its form, whatever it opens: the value beside such a name, the password in a URL, a private key. */
#ifndef SECRET_FORMS_H
#define SECRET_FORMS_H

#include "buf.h"

/* Marks the bytes of a text, one byte for each: 1 is part of a secret. */
void secret_forms_cover(struct buf *covered, size_t from, size_t to);

/* Marks what has the form of a secret, in time that is in proportion to the text. */
void secret_forms_find(struct buf *covered, const char *text, size_t length);

/* Whether that is one of the names that secrets have, or a part of one. */
bool secret_forms_name(const char *bytes, size_t length);

#endif
