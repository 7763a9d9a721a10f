/* The secret key of the account. */
#include "secret.h"

#include "buf.h"
#include "log.h"

static struct buf secret;

bool secret_keep(const char *bytes, size_t length)
{
    secret_forget();
    return buf_append(&secret, bytes, length) && (length == 0 || log_secret(bytes, length));
}

const char *secret_get(size_t *length)
{
    *length = secret.length;
    return secret.length ? secret.bytes : NULL;
}

void secret_forget(void)
{
    buf_wipe(&secret);
}
