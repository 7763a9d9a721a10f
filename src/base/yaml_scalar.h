/* The scalars of a YAML text, and its keys: for yaml.c. */
#ifndef YAML_SCALAR_H
#define YAML_SCALAR_H

#include "fault.h"
#include "yaml_tree.h"

struct yaml_text {
    const char *at, *end;
    int line, depth;
    struct fault *fault;
};

/* Sets the fault, with the line; returns false. */
bool yaml_refuse(struct yaml_text *r, const char *why);

/* Whether "key:" begins here. */
bool yaml_is_key(const struct yaml_text *r);

/* Reads the key and its colon. */
bool yaml_read_key(struct yaml_text *r, struct buf *key);

/* Reads a text in quotes of either kind, on one line. */
bool yaml_read_quoted(struct yaml_text *r, struct buf *text);

/* Reads a plain scalar up to one of the bytes of `ends`, a comment or the line's end. */
bool yaml_read_plain(struct yaml_text *r, const char *ends, struct yaml *node);

/* Reads a text of several lines, which "|" or ">" announces, below a key or item at that column. */
bool yaml_read_literal(struct yaml_text *r, int column, struct yaml *node);

#endif
