/*
 * What kind of secret some bytes are:
 *   word    less than 8 letters, or one of the names that secrets have ("password"). Help and JSON keys are full of
 *           them, so it is masked only beside such a name, and encoded (secret_forms.c, mask.c). `cpi doctor` reports it.
 *   token   less than 8 bytes, or less than 12 letters of one case: masked where it stands as a word of its own
 *   strong  everything else: masked wherever it stands, with the pieces of it that look like nothing else
 */
#ifndef SECRET_KIND_H
#define SECRET_KIND_H

#include <stdbool.h>
#include <stddef.h>

#define SECRET_SHORTEST_STRONG 8
#define SECRET_LEAST 4 /* bytes that count at all */

enum secret_kind { SECRET_WORD, SECRET_TOKEN, SECRET_STRONG };

enum secret_kind secret_kind_of(const char *bytes, size_t length);

/* How many of the first bytes of a secret say too much: where the text was cut, and wherever they stand. */
struct secret_measures {
    size_t cut, anywhere;
};

struct secret_measures secret_measures_of(const char *bytes, size_t length, bool without_space);

bool secret_is_of_letters(const char *bytes, size_t length);

/* URLs, paths and lines of dashes begin as others of their kind do. */
bool secret_begins_as_others(const char *bytes, size_t length);

/* As keys and base64 look: letters and digits, in disorder. */
bool secret_is_dense(const char *bytes, size_t length);

#endif
