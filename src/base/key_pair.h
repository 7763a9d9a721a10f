/* RSA key pairs for SSH. */
#ifndef BASE_KEY_PAIR_H
#define BASE_KEY_PAIR_H

#include "fault.h"

#include <stdbool.h>

#define KEY_PAIR_BITS 2048

struct key_pair {
    char private_key[2048]; /* PEM, PKCS #1: "-----BEGIN RSA PRIVATE KEY-----" */
    char public_key[512];   /* "ssh-rsa AAAA...", RFC 4253 section 6.6 */
};

/* A fresh pair of KEY_PAIR_BITS. */
bool key_pair_make(struct key_pair *pair, struct fault *fault);

/* Overwrites the private key. */
void key_pair_forget(struct key_pair *pair);

#endif
