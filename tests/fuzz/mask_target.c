/* Any bytes as a secret and as a text around it: the secret is not in what is left, and the text without secrets stays. */
#include "../../src/base/known_secrets.h"
#include "../../src/base/mask.h"
#include "../../src/base/secret_forms.h"
#include "target.h"

#include <ctype.h>

#define SHORTEST 12 /* bytes of a secret that is masked wherever it stands */

static bool is_found(const struct buf *text, const uint8_t *secret, size_t size)
{
    for (size_t at = 0; at + size <= text->length; at++)
        if (memcmp(text->bytes + at, secret, size) == 0)
            return true;
    return false;
}

/* The first byte says how long the secret is; the rest is the text, which is followed by the secret and the text again. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    size_t length = size > 0 ? data[0] : 0;
    struct buf text = buf_new(0), masked = buf_new(0);

    if (size < 1 + length)
        return 0;
    const uint8_t *secret = data + 1, *rest = secret + length;
    size_t left = size - 1 - length;
    bool is_line = length >= SHORTEST && !secret_forms_name((const char *)secret, length)
                   && !memchr(secret, '\n', length) && !memchr(secret, '<', length) && !memchr(secret, '>', length);
    must(known_secrets_add((const char *)secret, length), "memory");
    must(buf_append(&text, rest, left) && buf_append(&text, secret, length) && buf_append(&text, rest, left), "memory");
    must(mask_append(&masked, buf_string(&text), text.length), "memory");
    must(!is_line || !is_found(&masked, secret, length), "the secret is not in it");
    mask_forget();
    buf_free(&text);
    buf_free(&masked);
    return 0;
}
