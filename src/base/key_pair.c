/* RSA key pairs for SSH, over OpenSSL, which is loaded at the first of them. */
#include "key_pair.h"

#include "base64.h"
#include "library.h"

#include <openssl/bio.h>
#include <openssl/bn.h>
#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <string.h>

#define KEY_FUNCTIONS(FUNCTION)                                                                                       \
    FUNCTION(EVP_PKEY_Q_keygen)                                                                                       \
    FUNCTION(EVP_PKEY_free)                                                                                           \
    FUNCTION(EVP_PKEY_get_bn_param)                                                                                   \
    FUNCTION(BN_bn2bin)                                                                                               \
    FUNCTION(BN_num_bits)                                                                                             \
    FUNCTION(BN_free)                                                                                                 \
    FUNCTION(BIO_new)                                                                                                 \
    FUNCTION(BIO_s_secmem)                                                                                            \
    FUNCTION(BIO_read)                                                                                                \
    FUNCTION(BIO_free)                                                                                                \
    FUNCTION(PEM_write_bio_PrivateKey_traditional)                                                                    \
    FUNCTION(OPENSSL_cleanse)

#define FIELD(name) __typeof__(name) *name;
static struct key_functions {
    KEY_FUNCTIONS(FIELD)
} crypto;

#define SYMBOL(name) LIBRARY_SYMBOL(name, struct key_functions, name)
static const struct library_symbol symbols[] = {KEY_FUNCTIONS(SYMBOL)};

static bool load(struct fault *fault)
{
    static bool loaded;

    if (!loaded)
        loaded = library_load("libcrypto.so.3", symbols, sizeof symbols / sizeof *symbols, &crypto, fault);
    return loaded;
}

/* ---- the public key ------------------------------------------------------------------------------------------------- */

struct blob {
    unsigned char bytes[KEY_PAIR_BITS / 8 + 64];
    size_t length;
};

static void put_length(struct blob *blob, size_t length)
{
    for (int shift = 24; shift >= 0; shift -= 8)
        blob->bytes[blob->length++] = (unsigned char)(length >> shift);
}

/* A number of RFC 4251: big-endian, with a zero in front where its first bit would read as a sign. */
static bool put_number(struct blob *blob, EVP_PKEY *key, const char *name)
{
    BIGNUM *number = NULL;

    if (!crypto.EVP_PKEY_get_bn_param(key, name, &number))
        return false;
    size_t bits = (size_t)crypto.BN_num_bits(number), length = bits / 8 + 1;
    bool fits = blob->length + 4 + length <= sizeof blob->bytes;
    if (fits) {
        put_length(blob, length);
        blob->bytes[blob->length] = 0;
        crypto.BN_bn2bin(number, blob->bytes + blob->length + (bits % 8 == 0));
        blob->length += length;
    }
    crypto.BN_free(number);
    return fits;
}

static bool write_public(struct key_pair *pair, EVP_PKEY *key)
{
    static const char kind[] = "ssh-rsa";
    struct blob blob = {{0}, 0};

    put_length(&blob, sizeof kind - 1);
    memcpy(blob.bytes + blob.length, kind, sizeof kind - 1);
    blob.length += sizeof kind - 1;
    if (!put_number(&blob, key, "e") || !put_number(&blob, key, "n"))
        return false;
    if (sizeof kind + base64_encoded_size(blob.length) + 1 > sizeof pair->public_key)
        return false;
    memcpy(pair->public_key, kind, sizeof kind - 1);
    pair->public_key[sizeof kind - 1] = ' ';
    base64_encode(blob.bytes, blob.length, pair->public_key + sizeof kind);
    pair->public_key[sizeof kind + base64_encoded_size(blob.length)] = '\0';
    return true;
}

/* ---- the private key ------------------------------------------------------------------------------------------------ */

static bool write_private(struct key_pair *pair, EVP_PKEY *key)
{
    BIO *memory = crypto.BIO_new(crypto.BIO_s_secmem()); /* it is wiped when it is freed */
    int length = -1;

    if (memory && crypto.PEM_write_bio_PrivateKey_traditional(memory, key, NULL, NULL, 0, NULL, NULL))
        length = crypto.BIO_read(memory, pair->private_key, sizeof pair->private_key - 1);
    crypto.BIO_free(memory);
    if (length <= 0 || length >= (int)sizeof pair->private_key - 1)
        return false;
    pair->private_key[length] = '\0';
    return true;
}

bool key_pair_make(struct key_pair *pair, struct fault *fault)
{
    memset(pair, 0, sizeof *pair);
    if (!load(fault))
        return false;
    EVP_PKEY *key = crypto.EVP_PKEY_Q_keygen(NULL, NULL, "RSA", (size_t)KEY_PAIR_BITS);
    bool ok = key && write_public(pair, key) && write_private(pair, key);
    crypto.EVP_PKEY_free(key);
    return ok || fault_set(fault, "OpenSSL made no key pair");
}

void key_pair_forget(struct key_pair *pair)
{
    crypto.OPENSSL_cleanse(pair, sizeof *pair);
}
