/* What is to happen on the wire: an answer as its owner wants it, well behaved or not. */
#ifndef REPLY_H
#define REPLY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct reply_header {
    char *name;
    char *value;
};

/* Strings are malloc'd. All zero is an empty one. */
struct reply {
    unsigned status;
    char *type;
    char *body;
    size_t body_size;
    struct reply_header *headers;
    size_t header_count;
    bool close;          /* answer, then close the connection */
    bool drop;           /* close without a byte */
    bool hang;           /* keep open, never answer */
    bool cut;            /* close after cut_after bytes of the body */
    size_t cut_after;
    double delay;        /* seconds before any of this */
    double again;        /* no answer yet: ask again after so many seconds; 0: this is the answer */
    bool has_file;       /* the body is a part of an open file, which is the reply's */
    int file;
    uint64_t file_offset, file_length;
};

/* Sets the content from copies; false when out of memory. */
bool reply_set(struct reply *reply, unsigned status, const char *type, const char *body, size_t size);

/* Adds a header; bytes that a header cannot have become blanks. False when out of memory. */
bool reply_header(struct reply *reply, const char *name, const char *value);

/* Frees what the reply holds and makes it empty. */
void reply_clear(struct reply *reply);

#endif
