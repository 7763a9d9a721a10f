/* Reads YAML into a tree. See yaml.h for what is read and what is refused; the scalars are in yaml_scalar.c. */
#include "yaml.h"

#include "yaml_scalar.h"

#include <stdlib.h>
#include <string.h>

#define DEEPEST 64 /* nodes in each other; what is given to JSON's reader is bounded too */

static bool read_block(struct yaml_text *r, int column, struct yaml *node);
static bool read_flow(struct yaml_text *r, struct yaml *node);

static bool fail(struct yaml_text *r, const char *why)
{
    return yaml_refuse(r, why);
}

static bool deeper(struct yaml_text *r)
{
    return ++r->depth <= DEEPEST || fail(r, "it is nested too deeply");
}

/* A new last child, which is the tree's; NULL without memory. */
static struct yaml *add(struct yaml_text *r, struct yaml *node)
{
    struct yaml *child = calloc(1, sizeof *child);

    if (!child) {
        fail(r, "not enough memory");
        return NULL;
    }
    child->key = buf_new(0);
    child->text = buf_new(0);
    if (node->last)
        node->last->next = child;
    else
        node->first = child;
    node->last = child;
    return child;
}

/* Refuses a key that the map has already; the new one is its last. */
static bool check_key(struct yaml_text *r, const struct yaml *map)
{
    for (const struct yaml *child = map->first; child != map->last; child = child->next)
        if (child->key.length == map->last->key.length
            && memcmp(buf_string(&child->key), buf_string(&map->last->key), child->key.length) == 0)
            return fail(r, "the same key stands twice");
    return true;
}

/* ---- blocks ---------------------------------------------------------------------------------------------------------- */

/* Goes to the next line that has something: its indent, with `at` at its begin; -1 at the end. -2: it was refused. */
static int next_line(struct yaml_text *r)
{
    while (r->at < r->end) {
        const char *begin = r->at, *p = begin;
        while (p < r->end && *p == ' ')
            p++;
        if (p < r->end && *p == '\t')
            return fail(r, "a tab stands where blanks must"), -2;
        if (p == r->end || *p == '\n' || *p == '\r' || *p == '#') {
            const char *eol = memchr(p, '\n', (size_t)(r->end - p));
            r->at = eol ? eol + 1 : r->end;
            r->line += eol ? 1 : 0;
            continue;
        }
        if (p == begin && r->end - p >= 3 && (memcmp(p, "---", 3) == 0 || memcmp(p, "...", 3) == 0))
            return fail(r, "only one document is read"), -2;
        return (int)(p - begin);
    }
    return -1;
}

/* Whether a list's item begins here: "- x", or "-" alone. */
static bool is_item(const struct yaml_text *r, const char *p)
{
    return p < r->end && *p == '-' && (p + 1 == r->end || p[1] == ' ' || p[1] == '\n' || p[1] == '\r');
}

/* Goes over the end of the line, which has nothing more than blanks and a comment. */
static bool end_line(struct yaml_text *r)
{
    bool blank = r->at == r->end || *r->at == ' ' || *r->at == '\n' || *r->at == '\r' || *r->at == '\t';

    while (r->at < r->end && (*r->at == ' ' || *r->at == '\t' || *r->at == '\r'))
        r->at++;
    if (r->at < r->end && *r->at != '\n' && !(*r->at == '#' && blank))
        return fail(r, "something stands behind the value");
    while (r->at < r->end && *r->at != '\n')
        r->at++;
    if (r->at < r->end) {
        r->at++;
        r->line++;
    }
    return true;
}

/* The value that begins on this line, of a key or an item at that column. */
static bool read_inline(struct yaml_text *r, int column, struct yaml *node)
{
    if (*r->at == '{' || *r->at == '[')
        return read_flow(r, node) && end_line(r);
    if (*r->at == '|' || *r->at == '>')
        return yaml_read_literal(r, column, node);
    if (*r->at == '"' || *r->at == '\'') {
        node->kind = YAML_TEXT;
        return yaml_read_quoted(r, &node->text) && end_line(r);
    }
    return yaml_read_plain(r, "", node) && end_line(r);
}

static void skip_blanks(struct yaml_text *r)
{
    while (r->at < r->end && *r->at == ' ')
        r->at++;
}

static bool is_empty_rest(const struct yaml_text *r)
{
    return r->at == r->end || *r->at == '\n' || *r->at == '\r' || *r->at == '#';
}

/* What stands below a key or an item at that column, or nothing. A list may stand right below its key. */
static bool read_below(struct yaml_text *r, int column, bool is_key, struct yaml *node)
{
    if (!end_line(r))
        return false;
    int indent = next_line(r);
    if (indent == -2)
        return false;
    bool is_list_below = is_key && indent == column && is_item(r, r->at + indent);
    if (indent <= column && !is_list_below)
        return true; /* null */
    r->at += indent;
    return read_block(r, indent, node);
}

static bool read_value(struct yaml_text *r, int column, bool is_key, struct yaml *node)
{
    skip_blanks(r);
    return is_empty_rest(r) ? read_below(r, column, is_key, node) : read_inline(r, column, node);
}

/* The next entry of a block at that column begins here: 1; the block is over: 0; refused: -1. */
static int goes_on(struct yaml_text *r, int column)
{
    int indent = next_line(r);

    if (indent == -2)
        return -1;
    if (indent > column)
        return fail(r, "it is indented by more than what stands before it"), -1;
    if (indent < column)
        return 0;
    r->at += indent;
    return 1;
}

static bool read_map(struct yaml_text *r, int column, struct yaml *node)
{
    int more = 1;

    node->kind = YAML_MAP;
    while (more == 1) {
        struct yaml *child = add(r, node);
        if (!child || !yaml_read_key(r, &child->key) || !check_key(r, node) || !read_value(r, column, true, child))
            return false;
        more = goes_on(r, column);
        if (more == 1 && is_item(r, r->at)) { /* of the list in which this map is an item */
            r->at -= column;
            return true;
        }
        if (more == 1 && !yaml_is_key(r))
            return fail(r, "it is neither a key with a colon nor an item of a list");
    }
    return more == 0;
}

static bool read_list(struct yaml_text *r, int column, struct yaml *node)
{
    int more = 1;

    node->kind = YAML_LIST;
    while (more == 1) {
        struct yaml *child = add(r, node);
        if (!child)
            return false;
        const char *dash = r->at++;
        skip_blanks(r);
        int inner = column + (int)(r->at - dash);
        bool is_block = !is_empty_rest(r) && (is_item(r, r->at) || yaml_is_key(r));
        if (!(is_block ? read_block(r, inner, child) : read_value(r, column, false, child)))
            return false;
        more = goes_on(r, column);
        if (more == 1 && !is_item(r, r->at)) { /* a key of the map in which this list stands right below its key */
            r->at -= column;
            return true;
        }
    }
    return more == 0;
}

/* Whatever begins here, at that column. */
static bool read_block(struct yaml_text *r, int column, struct yaml *node)
{
    bool ok = deeper(r)
        && (is_item(r, r->at) ? read_list(r, column, node)
                              : yaml_is_key(r) ? read_map(r, column, node) : read_inline(r, column, node));

    r->depth--;
    return ok;
}

/* ---- flow, and with it JSON ------------------------------------------------------------------------------------------ */

static void skip_space(struct yaml_text *r)
{
    while (r->at < r->end) {
        if (*r->at == '#' && (r->at[-1] == ' ' || r->at[-1] == '\n')) {
            while (r->at < r->end && *r->at != '\n')
                r->at++;
        } else if (*r->at == ' ' || *r->at == '\t' || *r->at == '\r' || *r->at == '\n') {
            r->line += *r->at == '\n';
            r->at++;
        } else {
            return;
        }
    }
}

static bool read_flow_value(struct yaml_text *r, struct yaml *node)
{
    if (r->at == r->end)
        return fail(r, "it ends in the middle of a value");
    if (*r->at == '{' || *r->at == '[')
        return read_flow(r, node);
    if (*r->at != '"' && *r->at != '\'')
        return yaml_read_plain(r, ",]}", node);
    node->kind = YAML_TEXT;
    return yaml_read_quoted(r, &node->text);
}

/* "key:" of a flow map; JSON needs no blank behind the colon. */
static bool read_flow_key(struct yaml_text *r, struct buf *key)
{
    if (r->at < r->end && (*r->at == '"' || *r->at == '\'')) {
        if (!yaml_read_quoted(r, key))
            return false;
    } else {
        const char *begin = r->at;
        while (r->at < r->end && !strchr(":,]}\n#\"'", *r->at))
            r->at++;
        if (r->at == begin || !buf_append(key, begin, (size_t)(r->at - begin)))
            return fail(r, "a key is missing");
    }
    skip_space(r);
    if (r->at == r->end || *r->at != ':')
        return fail(r, "a colon is missing behind a key");
    r->at++;
    skip_space(r);
    return true;
}

static bool read_flow_all(struct yaml_text *r, char close, struct yaml *node)
{
    r->at++;
    for (bool is_first = true;; is_first = false) {
        skip_space(r);
        if (r->at < r->end && *r->at == close && is_first)
            break;
        if (close == ']' && r->at < r->end && (*r->at == ',' || *r->at == close))
            return fail(r, "a value is missing");
        struct yaml *child = add(r, node);
        if (!child || (close == '}' && (!read_flow_key(r, &child->key) || !check_key(r, node))) || !read_flow_value(r, child))
            return false;
        skip_space(r);
        if (r->at < r->end && *r->at == close)
            break;
        if (r->at == r->end || *r->at != ',')
            return fail(r, "a comma or the closing bracket is missing");
        r->at++;
    }
    r->at++;
    return true;
}

static bool read_flow(struct yaml_text *r, struct yaml *node)
{
    bool is_map = *r->at == '{';

    node->kind = is_map ? YAML_MAP : YAML_LIST;
    bool ok = deeper(r) && read_flow_all(r, is_map ? '}' : ']', node);
    r->depth--;
    return ok;
}

/* ---- the whole ------------------------------------------------------------------------------------------------------- */

/* The mark before the only document. */
static void skip_begin(struct yaml_text *r)
{
    while (r->at < r->end && (*r->at == '#' || *r->at == '\n')) {
        const char *eol = memchr(r->at, '\n', (size_t)(r->end - r->at));
        r->at = eol ? eol + 1 : r->end;
        r->line += eol ? 1 : 0;
    }
    if (r->end - r->at >= 4 && memcmp(r->at, "---", 3) == 0 && (r->at[3] == '\n' || r->at[3] == '\r')) {
        r->at += 3;
        end_line(r);
    }
}

static bool read_all(struct yaml_text *r, struct yaml *root)
{
    skip_begin(r);
    int indent = next_line(r);
    if (indent == -1)
        return true;
    if (indent == -2)
        return false;
    r->at += indent;
    if (!read_block(r, indent, root))
        return false;
    indent = next_line(r);
    return indent == -1 || (indent >= 0 && fail(r, "it is indented by less than what stands before it"));
}

struct yaml *yaml_read(const char *text, size_t length, struct fault *fault)
{
    struct yaml_text r = {.at = text, .end = text + length, .line = 1, .fault = fault};
    struct yaml *root = calloc(1, sizeof *root);

    if (!root) {
        fault_set(fault, "not enough memory");
        return NULL;
    }
    root->key = buf_new(0);
    root->text = buf_new(0);
    if (memchr(text, '\0', length) ? !fail(&r, "it has a byte of zero in it") : !read_all(&r, root)) {
        yaml_free(root);
        return NULL;
    }
    return root;
}
