/* The scalars of a YAML text. See yaml_scalar.h. */
#include "yaml_scalar.h"

#include "utf8.h"
#include "yaml_plain.h"

#include <ctype.h>
#include <string.h>

bool yaml_refuse(struct yaml_text *r, const char *why)
{
    return fault_set(r->fault, "line %d: %s", r->line, why);
}

/* ---- keys ------------------------------------------------------------------------------------------------------------ */

/* Where a plain key's colon is, on this line; NULL where it has none. */
static const char *colon_of(const struct yaml_text *r)
{
    for (const char *p = r->at; p < r->end && *p != '\n' && *p != '\r'; p++) {
        if (*p == ':' && (p + 1 == r->end || p[1] == ' ' || p[1] == '\n' || p[1] == '\r'))
            return p;
        if (*p == '#' && p > r->at && p[-1] == ' ')
            return NULL;
    }
    return NULL;
}

/* The end of a quoted text that begins here, or NULL. */
static const char *end_of_quoted(const struct yaml_text *r)
{
    char quote = *r->at;

    for (const char *p = r->at + 1; p < r->end && *p != '\n'; p++) {
        if (quote == '"' && *p == '\\' && p + 1 < r->end)
            p++;
        else if (*p == quote && quote == '\'' && p + 1 < r->end && p[1] == quote)
            p++;
        else if (*p == quote)
            return p + 1;
    }
    return NULL;
}

bool yaml_is_key(const struct yaml_text *r)
{
    if (r->at == r->end || strchr("{[|>", *r->at))
        return false;
    if (*r->at != '"' && *r->at != '\'')
        return colon_of(r) != NULL;
    const char *p = end_of_quoted(r);
    while (p && p < r->end && *p == ' ')
        p++;
    return p && p < r->end && *p == ':';
}

/* What may not begin a plain key or scalar, which may end with one of `ends`: it would mean something else in YAML. */
static bool check_begin(struct yaml_text *r, const char *ends)
{
    if (r->at < r->end && !*ends && strchr(",]}", *r->at))
        return yaml_refuse(r, "a text that begins with a comma or a closing bracket stands in quotes");
    if (r->at < r->end && strchr("&*!%@`", *r->at))
        return yaml_refuse(r, "anchors, aliases and tags are not read; a text that begins so stands in quotes");
    if (r->at + 1 < r->end && *r->at == '?' && r->at[1] == ' ')
        return yaml_refuse(r, "keys of several lines are not read");
    if (r->at + 1 < r->end && *r->at == '-' && strchr(" \r\n", r->at[1]))
        return yaml_refuse(r, "an item of a list stands behind a key");
    return true;
}

bool yaml_read_key(struct yaml_text *r, struct buf *key)
{
    if (*r->at == '"' || *r->at == '\'') {
        if (!yaml_read_quoted(r, key))
            return false;
        while (r->at < r->end && *r->at == ' ')
            r->at++;
    } else {
        const char *colon = colon_of(r), *last = colon;
        if (!colon || !check_begin(r, ""))
            return colon ? false : yaml_refuse(r, "a key is missing");
        while (last > r->at && last[-1] == ' ')
            last--;
        if (last - r->at == 2 && memcmp(r->at, "<<", 2) == 0)
            return yaml_refuse(r, "merge keys are not read");
        if (!buf_append(key, r->at, (size_t)(last - r->at)))
            return yaml_refuse(r, "not enough memory");
        r->at = colon;
    }
    r->at++;
    if (r->at < r->end && *r->at != ' ' && *r->at != '\n' && *r->at != '\r')
        return yaml_refuse(r, "a blank is missing behind a colon");
    return true;
}

/* ---- quoted texts ---------------------------------------------------------------------------------------------------- */

/* The hexadecimal digits that stand here; false where they are fewer. */
static bool take_digits(struct yaml_text *r, int count, unsigned long *code)
{
    *code = 0;
    for (int i = 0; i < count; i++, r->at++) {
        if (r->at == r->end || !isxdigit((unsigned char)*r->at))
            return false;
        char c = *r->at;
        *code = *code * 16 + (unsigned long)(isdigit((unsigned char)c) ? c - '0' : tolower((unsigned char)c) - 'a' + 10);
    }
    return true;
}

/* A code of JSON's may be a pair of two. */
static bool read_code(struct yaml_text *r, int digits, struct buf *text)
{
    unsigned long code, low;
    char bytes[4];

    if (!take_digits(r, digits, &code))
        return false;
    if (code >= 0xd800 && code < 0xdc00 && r->end - r->at >= 6 && r->at[0] == '\\' && r->at[1] == 'u') {
        r->at += 2;
        if (!take_digits(r, 4, &low) || low < 0xdc00 || low > 0xdfff)
            return false;
        code = 0x10000 + ((code - 0xd800) << 10) + (low - 0xdc00);
    }
    if (code == 0 || code > 0x10ffff || (code >= 0xd800 && code <= 0xdfff))
        return false;
    return buf_append(text, bytes, utf8_encode(code, bytes));
}

/* What stands behind a backslash. */
static bool read_escape(struct yaml_text *r, struct buf *text)
{
    static const char names[] = "\"\\/bfnrtae", bytes[] = "\"\\/\b\f\n\r\t\a\033";

    if (r->at == r->end)
        return false;
    char name = *r->at++;
    if (name == 'u' || name == 'U' || name == 'x')
        return read_code(r, name == 'x' ? 2 : name == 'u' ? 4 : 8, text);
    const char *found = name ? strchr(names, name) : NULL;
    return found && buf_byte(text, bytes[found - names]);
}

bool yaml_read_quoted(struct yaml_text *r, struct buf *text)
{
    const char *end = end_of_quoted(r);
    char quote = *r->at;

    if (!end)
        return yaml_refuse(r, "a quote is not closed on its line");
    for (r->at++; r->at < end - 1;) {
        if (quote == '"' && *r->at == '\\') {
            r->at++;
            if (!read_escape(r, text))
                return yaml_refuse(r, "an escape is not known");
        } else {
            if (quote == '\'' && *r->at == '\'')
                r->at++;
            buf_byte(text, *r->at++);
        }
    }
    r->at = end;
    return !text->failed || yaml_refuse(r, "not enough memory");
}

/* ---- plain scalars --------------------------------------------------------------------------------------------------- */

static bool settle_plain(struct yaml_text *r, const char *text, size_t length, struct yaml *node)
{
    const char *why;

    if (!buf_append(&node->text, text, length))
        return yaml_refuse(r, "not enough memory");
    return yaml_plain_kind(buf_string(&node->text), &node->kind, &why) || yaml_refuse(r, why);
}

bool yaml_read_plain(struct yaml_text *r, const char *ends, struct yaml *node)
{
    const char *begin = r->at, *p = begin;

    if (!check_begin(r, ends))
        return false;
    while (p < r->end && *p != '\n' && *p != '\r' && !strchr(ends, *p) && !(*p == '#' && p > begin && p[-1] == ' '))
        p++;
    while (p > begin && (p[-1] == ' ' || p[-1] == '\t'))
        p--;
    r->at = p;
    for (const char *q = begin; q < p; q++)
        if (*q == ':' && (q + 1 == p || q[1] == ' '))
            return yaml_refuse(r, "a colon with a blank or nothing behind it stands in a text without quotes");
    return settle_plain(r, begin, (size_t)(p - begin), node);
}

/* ---- texts of several lines ------------------------------------------------------------------------------------------ */

/* The line that begins here, without its end. */
static size_t line_length(const struct yaml_text *r)
{
    const char *eol = memchr(r->at, '\n', (size_t)(r->end - r->at));
    size_t length = (size_t)((eol ? eol : r->end) - r->at);

    return length > 0 && r->at[length - 1] == '\r' ? length - 1 : length;
}

static void skip_line(struct yaml_text *r)
{
    const char *eol = memchr(r->at, '\n', (size_t)(r->end - r->at));

    r->line += eol ? 1 : 0;
    r->at = eol ? eol + 1 : r->end;
}

static int indent_of(const char *line, size_t length)
{
    size_t count = 0;

    while (count < length && line[count] == ' ')
        count++;
    return (int)count;
}

/* One line break becomes a blank, of several one goes. */
static void fold(struct buf *text)
{
    if (text->length == 0 || text->bytes[text->length - 1] != '\n')
        return;
    if (text->length > 1 && text->bytes[text->length - 2] == '\n')
        text->bytes[--text->length] = '\0';
    else
        text->bytes[text->length - 1] = ' ';
}

/* Where a text of several lines stands while it is read. */
struct lines {
    int indent;     /* that of its first line which is not empty; -1 before it */
    int widest;     /* of the empty lines before it */
    bool is_spaced; /* the line before begins with a blank, or there is none: the line breaks behind it stay as they are */
};

/* Appends the line, which has something behind the indent, or is empty. */
static void append_line(struct lines *lines, const char *line, size_t length, bool folds, struct buf *text)
{
    if (lines->indent >= 0 && length > (size_t)lines->indent) {
        bool is_spaced = line[lines->indent] == ' ' || line[lines->indent] == '\t';
        if (folds && !is_spaced && !lines->is_spaced)
            fold(text);
        lines->is_spaced = is_spaced;
        buf_append(text, line + lines->indent, length - (size_t)lines->indent);
    }
    buf_byte(text, '\n');
}

/* What is wrong with the indent of a line that is not empty; NULL for nothing. The first such line says by how much. */
static const char *check_indent(struct lines *lines, const char *line, int blanks)
{
    if (lines->indent < 0 && line[blanks] == '\t')
        return "a tab stands where blanks must";
    if (lines->indent < 0)
        lines->indent = blanks;
    return blanks < lines->indent || lines->widest > lines->indent ? "it is indented by less than the line before it" : NULL;
}

/* Appends the lines that are indented by more than the column. */
static bool append_lines(struct yaml_text *r, int column, bool folds, struct buf *text)
{
    struct lines lines = {.indent = -1, .is_spaced = true};

    for (; r->at < r->end; skip_line(r)) {
        size_t length = line_length(r);
        int blanks = indent_of(r->at, length);
        bool is_blank = (size_t)blanks == length;
        if (!is_blank && blanks <= column)
            break;
        const char *why = is_blank ? NULL : check_indent(&lines, r->at, blanks);
        if (why)
            return yaml_refuse(r, why);
        if (lines.indent < 0 && blanks > lines.widest)
            lines.widest = blanks;
        append_line(&lines, r->at, length, folds, text);
    }
    return true;
}

bool yaml_read_literal(struct yaml_text *r, int column, struct yaml *node)
{
    bool folds = *r->at++ == '>';
    char chomp = r->at < r->end && (*r->at == '-' || *r->at == '+') ? *r->at++ : '\0';

    size_t rest = line_length(r);
    if ((size_t)indent_of(r->at, rest) != rest)
        return yaml_refuse(r, "something stands behind the mark of a text of several lines");
    skip_line(r);
    node->kind = YAML_TEXT;
    if (!append_lines(r, column, folds, &node->text))
        return false;
    struct buf *text = &node->text;
    while (chomp != '+' && text->length > 0 && text->bytes[text->length - 1] == '\n')
        text->bytes[--text->length] = '\0';
    if (!chomp && text->length > 0)
        buf_byte(text, '\n');
    return !text->failed || yaml_refuse(r, "not enough memory");
}
