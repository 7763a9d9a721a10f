/*
 * JSON as text, read token by token and checked on the way by RFC 8259: UTF-8, bounded depth, finite numbers, nothing
 * behind the value. Texts end with a NUL that is not counted.
 */
#ifndef JSONTEXT_H
#define JSONTEXT_H

#include "buf.h"
#include "fault.h"

#include <stdbool.h>
#include <stddef.h>

#define JSONTEXT_DEPTH 100 /* arrays and objects inside each other, in either direction */
#define JSONTEXT_LONGEST_NUMBER 1000

enum jsontext_kind {
    JSONTEXT_OBJECT, /* its opening brace */
    JSONTEXT_ARRAY,  /* its opening bracket */
    JSONTEXT_CLOSE,  /* of either */
    JSONTEXT_KEY,    /* with its quotes */
    JSONTEXT_STRING, /* with its quotes */
    JSONTEXT_WHOLE,  /* a whole number of at most 15 digits: a double holds it */
    JSONTEXT_NUMBER, /* any other number */
    JSONTEXT_WORD,   /* true, false, null */
    JSONTEXT_END,    /* of the text */
};

/* A token and its bytes in the text: from `start` to before `end`. */
struct jsontext_token {
    enum jsontext_kind kind;
    size_t start;
    size_t end;
};

/* A text that is being read. Begin with the text, its length and the fault; everything else is 0. */
struct jsontext {
    const char *text;
    size_t length;
    struct fault *fault;
    size_t at;
    unsigned depth; /* of what is open after the last token */
    bool in_object[JSONTEXT_DEPTH];
    enum { EXPECT_VALUE, EXPECT_KEY, EXPECT_FIRST, EXPECT_MORE } expected;
};

/*
 * Reads the next token; the one after the value is JSONTEXT_END. False when the text is not JSON: the fault says why, with
 * the position of the byte (the first is 1). Not to be called again after either.
 */
bool jsontext_next(struct jsontext *scan, struct jsontext_token *token);

/* Whether the text is one JSON value; if not, why. */
bool jsontext_check(const char *text, size_t length, struct fault *fault);

/* Appends what the string or key stands for, without quotes and escapes; false without memory. */
bool jsontext_unescape(const char *text, struct jsontext_token token, struct buf *out);

#endif
