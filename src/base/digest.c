/* Digests, over OpenSSL, which is loaded at the first of them. */
#include "digest.h"

#include "file.h"
#include "library.h"

#include <errno.h>
#include <limits.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <string.h>
#include <unistd.h>

#define CRYPTO_FUNCTIONS(FUNCTION)                                                                                    \
    FUNCTION(EVP_sha1)                                                                                                \
    FUNCTION(EVP_sha256)                                                                                              \
    FUNCTION(EVP_MD_CTX_new)                                                                                          \
    FUNCTION(EVP_MD_CTX_free)                                                                                         \
    FUNCTION(EVP_DigestInit_ex)                                                                                       \
    FUNCTION(EVP_DigestUpdate)                                                                                        \
    FUNCTION(EVP_DigestFinal_ex)                                                                                      \
    FUNCTION(HMAC)                                                                                                    \
    FUNCTION(PKCS5_PBKDF2_HMAC)

#define FIELD(name) __typeof__(name) *name;
static struct crypto_functions {
    CRYPTO_FUNCTIONS(FIELD)
} crypto;

#define SYMBOL(name) LIBRARY_SYMBOL(name, struct crypto_functions, name)
static const struct library_symbol symbols[] = {CRYPTO_FUNCTIONS(SYMBOL)};

static bool load(struct fault *fault)
{
    static bool loaded;

    if (!loaded)
        loaded = library_load("libcrypto.so.3", symbols, sizeof symbols / sizeof *symbols, &crypto, fault);
    return loaded;
}

/* A digest_stream is an EVP_MD_CTX by another name, so that the header needs nothing of OpenSSL. */
static EVP_MD_CTX *context_of(struct digest_stream *stream)
{
    return (EVP_MD_CTX *)(void *)stream;
}

bool digest_hmac_sha1(const void *key, size_t key_length, const void *text, size_t length,
                      unsigned char mac[DIGEST_SHA1_SIZE], struct fault *fault)
{
    if (!load(fault))
        return false;
    if (key_length > INT_MAX)
        return fault_set(fault, "a key of %zu bytes is too long", key_length);
    if (!crypto.HMAC(crypto.EVP_sha1(), key, (int)key_length, text, length, mac, NULL))
        return fault_set(fault, "OpenSSL refused HMAC-SHA1");
    return true;
}

bool digest_pbkdf2(const void *password, size_t password_length, const void *salt, size_t salt_length, int rounds,
                   unsigned char key[DIGEST_SHA256_SIZE], struct fault *fault)
{
    if (!load(fault))
        return false;
    if (password_length > INT_MAX || salt_length > INT_MAX)
        return fault_set(fault, "a password or salt is too long");
    if (!crypto.PKCS5_PBKDF2_HMAC(password, (int)password_length, salt, (int)salt_length, rounds, crypto.EVP_sha256(),
                                  DIGEST_SHA256_SIZE, key))
        return fault_set(fault, "OpenSSL refused PBKDF2");
    return true;
}

struct digest_stream *digest_start_sha256(struct fault *fault)
{
    if (!load(fault))
        return NULL;
    EVP_MD_CTX *context = crypto.EVP_MD_CTX_new();
    if (context && crypto.EVP_DigestInit_ex(context, crypto.EVP_sha256(), NULL))
        return (struct digest_stream *)(void *)context;
    crypto.EVP_MD_CTX_free(context);
    fault_set(fault, "OpenSSL refused SHA-256");
    return NULL;
}

bool digest_add(struct digest_stream *stream, const void *bytes, size_t length)
{
    return crypto.EVP_DigestUpdate(context_of(stream), bytes, length) == 1;
}

bool digest_finish(struct digest_stream *stream, unsigned char digest[DIGEST_SHA256_SIZE])
{
    bool ok = crypto.EVP_DigestFinal_ex(context_of(stream), digest, NULL) == 1;

    crypto.EVP_MD_CTX_free(context_of(stream));
    return ok;
}

void digest_abandon(struct digest_stream *stream)
{
    if (stream)
        crypto.EVP_MD_CTX_free(context_of(stream));
}

bool digest_sha256(const void *bytes, size_t length, unsigned char digest[DIGEST_SHA256_SIZE], struct fault *fault)
{
    struct digest_stream *stream = digest_start_sha256(fault);

    if (!stream)
        return false;
    bool added = digest_add(stream, bytes, length);
    return (digest_finish(stream, digest) && added) || fault_set(fault, "OpenSSL refused SHA-256");
}

void digest_hex(const unsigned char *digest, size_t length, char *text)
{
    static const char digits[] = "0123456789abcdef";

    for (size_t i = 0; i < length; i++) {
        *text++ = digits[digest[i] >> 4];
        *text++ = digits[digest[i] & 15];
    }
    *text = '\0';
}

/* Feeds the descriptor to its end; false when that cannot be done. */
static bool digest_add_stream(struct digest_stream *stream, int fd)
{
    unsigned char chunk[65536];
    ssize_t got;

    while ((got = read(fd, chunk, sizeof chunk)) != 0) {
        if (got < 0 && errno != EINTR)
            return false;
        if (got > 0 && !digest_add(stream, chunk, (size_t)got))
            return false;
    }
    return true;
}

bool digest_sha256_file(const char *path, unsigned char digest[DIGEST_SHA256_SIZE], struct fault *fault)
{
    struct stat status;
    int fd = file_open(path, &status, fault);
    if (fd < 0)
        return false;
    struct digest_stream *stream = digest_start_sha256(fault);
    errno = 0;
    bool read_all = stream && digest_add_stream(stream, fd);
    int why = errno;
    close(fd);
    if (read_all)
        return digest_finish(stream, digest) || fault_set(fault, "OpenSSL refused SHA-256");
    digest_abandon(stream);
    return stream ? fault_set(fault, "%s: %s", path, strerror(why ? why : EIO)) : false;
}
