/* What a text of YAML holds, as a tree: found in, written as JSON, freed. */
#ifndef YAML_TREE_H
#define YAML_TREE_H

#include "buf.h"

enum yaml_kind { YAML_NULL, YAML_TRUE, YAML_FALSE, YAML_NUMBER, YAML_TEXT, YAML_LIST, YAML_MAP };

struct yaml {
    enum yaml_kind kind;
    struct buf key;  /* of a map's value */
    struct buf text; /* of a text, or the digits of a number */
    struct yaml *first, *last, *next;
};

/* The map's value of that name, or NULL; also where the node is NULL, or not a map. */
const struct yaml *yaml_child(const struct yaml *node, const char *key);

/* Whether the node is that text. */
bool yaml_is(const struct yaml *node, const char *text);

/* Appends the node as JSON; buf->failed without memory. */
void yaml_append_json(const struct yaml *node, struct buf *json);

/* Overwrites and frees the tree; NULL is fine. */
void yaml_free(struct yaml *node);

#endif
