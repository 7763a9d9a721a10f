/* Digests, over OpenSSL, which is loaded at the first of them. */
#ifndef DIGEST_H
#define DIGEST_H

#include "fault.h"

#include <stddef.h>

#define DIGEST_SHA1_SIZE 20
#define DIGEST_SHA256_SIZE 32

bool digest_hmac_sha1(const void *key, size_t key_length, const void *text, size_t length,
                      unsigned char mac[DIGEST_SHA1_SIZE], struct fault *fault);

/* PBKDF2 with HMAC-SHA-256: a key of 32 bytes that takes so many rounds to make of a password, and to guess. */
bool digest_pbkdf2(const void *password, size_t password_length, const void *salt, size_t salt_length, int rounds,
                   unsigned char key[DIGEST_SHA256_SIZE], struct fault *fault);

bool digest_sha256(const void *bytes, size_t length, unsigned char digest[DIGEST_SHA256_SIZE], struct fault *fault);

/* Of a file, in constant memory. */
bool digest_sha256_file(const char *path, unsigned char digest[DIGEST_SHA256_SIZE], struct fault *fault);

/* The same in parts: start, add as often as needed, then finish or abandon (either frees; NULL does nothing). */
struct digest_stream;
struct digest_stream *digest_start_sha256(struct fault *fault);
bool digest_add(struct digest_stream *stream, const void *bytes, size_t length);
bool digest_finish(struct digest_stream *stream, unsigned char digest[DIGEST_SHA256_SIZE]);
void digest_abandon(struct digest_stream *stream);

/* Lower-case hex and a NUL: 2 * length + 1 characters. */
void digest_hex(const unsigned char *digest, size_t length, char *text);

#endif
