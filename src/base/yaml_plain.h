/* What a plain scalar of YAML is, a text without quotes: null, a boolean, a number or a text. */
#ifndef YAML_PLAIN_H
#define YAML_PLAIN_H

#include "yaml_tree.h"

#include <stdbool.h>

/*
 * Sets the kind: what YAML 1.2 (core schema), YAML 1.1 and Ruby's Psych, with which a director reads, all take the text for.
 * False, with the reason and the remedy, where they differ, or where it is a number that JSON has no form for.
 */
bool yaml_plain_kind(const char *text, enum yaml_kind *kind, const char **why);

#endif
