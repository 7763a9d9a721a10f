/* CloudStack's request signature: HMAC-SHA1 over the sorted, encoded, lower-cased parameters. */
#include "sign.h"

#include "base64.h"
#include "digest.h"
#include "urlencode.h"

#include <stdlib.h>
#include <string.h>

#define SIGNATURE_SIZE 28 /* of 20 bytes in base64 */

static int by_name(const void *a, const void *b)
{
    return strcmp(((const struct sign_parameter *)a)->name, ((const struct sign_parameter *)b)->name);
}

bool sign_sort(struct sign_parameter *parameters, size_t count, struct fault *fault)
{
    qsort(parameters, count, sizeof *parameters, by_name);
    for (size_t i = 1; i < count; i++)
        if (strcmp(parameters[i - 1].name, parameters[i].name) == 0)
            return fault_set(fault, "parameter '%s' is given twice", parameters[i].name);
    return true;
}

bool sign_canonical(struct buf *out, const struct sign_parameter *parameters, size_t count)
{
    size_t start = out->length;

    for (size_t i = 0; i < count; i++) {
        if (i > 0)
            buf_byte(out, '&');
        buf_text(out, parameters[i].name);
        buf_byte(out, '=');
        urlencode_append(out, parameters[i].value, parameters[i].length);
    }
    if (out->failed)
        return false;
    for (size_t i = start; i < out->length; i++) {
        char c = out->bytes[i];
        if (c >= 'A' && c <= 'Z')
            out->bytes[i] = (char)(c - 'A' + 'a');
    }
    return true;
}

bool sign_text(struct buf *out, const struct buf *canonical, const char *secret, size_t length, struct fault *fault)
{
    unsigned char mac[DIGEST_SHA1_SIZE];
    char signature[SIGNATURE_SIZE];

    if (!digest_hmac_sha1(secret, length, buf_string(canonical), canonical->length, mac, fault))
        return false;
    base64_encode(mac, sizeof mac, signature);
    return buf_append(out, signature, sizeof signature) || fault_set(fault, "not enough memory");
}

static void append_form(struct buf *out, const char *name, const char *value, size_t length)
{
    if (out->length > 0)
        buf_byte(out, '&');
    urlencode_append(out, name, strlen(name));
    buf_byte(out, '=');
    urlencode_append(out, value, length);
}

bool sign_form(struct buf *out, struct sign_parameter *parameters, size_t count, const char *secret, size_t length,
               struct fault *fault)
{
    struct buf canonical = buf_new(0), signature = buf_new(0);
    bool ok = sign_sort(parameters, count, fault);

    if (ok && !sign_canonical(&canonical, parameters, count))
        ok = fault_set(fault, "not enough memory");
    ok = ok && sign_text(&signature, &canonical, secret, length, fault);
    if (ok) {
        for (size_t i = 0; i < count; i++)
            append_form(out, parameters[i].name, parameters[i].value, parameters[i].length);
        append_form(out, "signature", signature.bytes, signature.length);
        ok = !out->failed || fault_set(fault, "not enough memory");
    }
    buf_free(&canonical);
    buf_free(&signature);
    return ok;
}
