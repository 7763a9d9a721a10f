/* The nodes of a YAML tree: found, written as JSON, freed. See yaml_tree.h. */
#include "yaml_tree.h"

#include <stdlib.h>
#include <string.h>

const struct yaml *yaml_child(const struct yaml *node, const char *key)
{
    if (!node || node->kind != YAML_MAP)
        return NULL;
    for (const struct yaml *child = node->first; child; child = child->next)
        if (child->key.length == strlen(key) && memcmp(buf_string(&child->key), key, child->key.length) == 0)
            return child;
    return NULL;
}

bool yaml_is(const struct yaml *node, const char *text)
{
    return node && node->kind == YAML_TEXT && node->text.length == strlen(text)
        && memcmp(buf_string(&node->text), text, node->text.length) == 0;
}

static void append_string(const struct buf *text, struct buf *json)
{
    const char *bytes = buf_string(text);

    buf_byte(json, '"');
    for (size_t i = 0; i < text->length; i++) {
        unsigned char c = (unsigned char)bytes[i];
        if (c < 0x20 || c == 0x7f) {
            buf_format(json, "\\u%04x", c);
        } else {
            if (c == '"' || c == '\\')
                buf_byte(json, '\\');
            buf_byte(json, (char)c);
        }
    }
    buf_byte(json, '"');
}

static void append_all(const struct yaml *node, char open, char close, struct buf *json)
{
    buf_byte(json, open);
    for (const struct yaml *child = node->first; child; child = child->next) {
        if (node->kind == YAML_MAP) {
            append_string(&child->key, json);
            buf_byte(json, ':');
        }
        yaml_append_json(child, json);
        if (child->next)
            buf_byte(json, ',');
    }
    buf_byte(json, close);
}

/* The depth is bounded by the reader. */
void yaml_append_json(const struct yaml *node, struct buf *json)
{
    switch (node->kind) {
    case YAML_NULL: buf_text(json, "null"); break;
    case YAML_TRUE: buf_text(json, "true"); break;
    case YAML_FALSE: buf_text(json, "false"); break;
    case YAML_NUMBER: buf_append(json, buf_string(&node->text), node->text.length); break;
    case YAML_TEXT: append_string(&node->text, json); break;
    case YAML_LIST: append_all(node, '[', ']', json); break;
    case YAML_MAP: append_all(node, '{', '}', json); break;
    }
}

void yaml_free(struct yaml *node)
{
    if (!node)
        return;
    for (struct yaml *child = node->first, *next; child; child = next) {
        next = child->next;
        yaml_free(child);
    }
    buf_wipe(&node->key);
    buf_wipe(&node->text);
    free(node);
}
