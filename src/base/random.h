/* Bytes that cannot be guessed, and uuids made of them. */
#ifndef RANDOM_H
#define RANDOM_H

#include <stdbool.h>
#include <stddef.h>

#define RANDOM_UUID_SIZE 37

bool random_bytes(void *bytes, size_t length);

/* A random version 4 uuid in lower case, with its NUL. */
bool random_uuid(char text[RANDOM_UUID_SIZE]);

#endif
