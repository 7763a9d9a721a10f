/* base/key_pair.c: what is made is a pair that OpenSSL and SSH take. */
#include "../../src/base/key_pair.h"

#include "../../src/base/base64.h"

#include "check.h"

#include <openssl/evp.h>
#include <openssl/pem.h>

static EVP_PKEY *read_private(const struct key_pair *pair)
{
    BIO *memory = BIO_new_mem_buf(pair->private_key, -1);
    EVP_PKEY *key = PEM_read_bio_PrivateKey(memory, NULL, NULL, NULL);

    BIO_free(memory);
    return key;
}

/* The length before a field of the public key, and the field's place behind it. */
static size_t field(const unsigned char **at)
{
    size_t length = (size_t)(*at)[0] << 24 | (size_t)(*at)[1] << 16 | (size_t)(*at)[2] << 8 | (*at)[3];

    *at += 4;
    return length;
}

static void check_number(const unsigned char **at, EVP_PKEY *key, const char *name)
{
    size_t length = field(at);
    BIGNUM *wanted = NULL, *got = BN_bin2bn(*at, (int)length, NULL);

    check(EVP_PKEY_get_bn_param(key, name, &wanted), "%s", name);
    check(BN_cmp(wanted, got) == 0, "%s is that of the private key", name);
    check((**at & 0x80) == 0, "%s does not read as negative", name);
    *at += length;
    BN_free(wanted);
    BN_free(got);
}

static void makes_pairs(void)
{
    struct key_pair pair, other;
    struct fault fault = {""};
    unsigned char bytes[512];
    const unsigned char *at = bytes;
    size_t length = 0;

    check(key_pair_make(&pair, &fault), "makes: %s", fault.text);
    check(strncmp(pair.private_key, "-----BEGIN RSA PRIVATE KEY-----\n", 32) == 0, "PKCS #1");
    EVP_PKEY *key = read_private(&pair);
    check(key && EVP_PKEY_get_bits(key) == KEY_PAIR_BITS, "OpenSSL reads it");
    check(strncmp(pair.public_key, "ssh-rsa ", 8) == 0, "%s", pair.public_key);
    check(base64_decode(pair.public_key + 8, strlen(pair.public_key + 8), bytes, &length), "base64");
    check(field(&at) == 7 && memcmp(at, "ssh-rsa", 7) == 0, "the kind");
    at += 7;
    check_number(&at, key, "e");
    check_number(&at, key, "n");
    check(at == bytes + length, "nothing behind it");
    EVP_PKEY_free(key);
    check(key_pair_make(&other, &fault) && strcmp(pair.public_key, other.public_key) != 0, "another one each time");
    key_pair_forget(&pair);
    check(pair.private_key[0] == '\0' && pair.private_key[100] == '\0', "is forgotten");
}

int main(void)
{
    makes_pairs();
    return check_report();
}
