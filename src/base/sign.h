/* CloudStack's request signature. */
#ifndef SIGN_H
#define SIGN_H

#include "buf.h"
#include "fault.h"

struct sign_parameter {
    const char *name;
    const char *value;
    size_t length; /* of the value */
};

/* Sorts by the bytes of the name; false when a name is there twice. */
bool sign_sort(struct sign_parameter *parameters, size_t count, struct fault *fault);

/* Appends what is signed: sorted, values encoded, all in lower case. */
bool sign_canonical(struct buf *out, const struct sign_parameter *parameters, size_t count);

/* Appends the base64 signature of the canonical text. */
bool sign_text(struct buf *out, const struct buf *canonical, const char *secret, size_t length, struct fault *fault);

/* Appends the form body of the request: every parameter (sorted here), and the signature. */
bool sign_form(struct buf *out, struct sign_parameter *parameters, size_t count, const char *secret, size_t length,
               struct fault *fault);

#endif
