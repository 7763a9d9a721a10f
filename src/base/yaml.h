/*
 * A strict reader of what people write into BOSH's config files: YAML's mappings, lists and scalars, and with them JSON.
 * Anchors, aliases, tags, several documents, plain scalars of several lines are refused, with the line, and so are words and
 * numbers that readers take for different things, `yes` and 1e5: what it reads means the same to every reader.
 */
#ifndef YAML_H
#define YAML_H

#include "fault.h"
#include "yaml_tree.h"

/* The tree of a text, to be freed; NULL and the fault where it is not what is read here. */
struct yaml *yaml_read(const char *text, size_t length, struct fault *fault);

#endif
