/* JSON as text: a scanner without recursion. */
#include "jsontext.h"

#include "utf8.h"

#include <math.h>
#include <stdlib.h>
#include <stdio.h>
#include <string.h>

#define HEX "0123456789abcdefABCDEF"
#define EXACT_DIGITS 15 /* a double holds every whole number of so many digits */

/* ---- characters, strings, numbers and words ------------------------------------------------------------------- */

/* The NUL behind the text belongs to nothing that is looked for, so looking never goes beyond it. */
static const char *here(const struct jsontext *scan)
{
    return scan->text + scan->at;
}

/* Says where it is as a byte, and in a text of several lines as an editor has it. Columns count characters. */
static bool refuse(struct jsontext *scan, size_t at, const char *what)
{
    size_t line = 1, column = 1;
    char place[64] = "";

    for (size_t i = 0; i < at && i < scan->length; i++) {
        bool is_end = scan->text[i] == '\n';
        line += is_end;
        column = is_end ? 1 : column + (((unsigned char)scan->text[i] & 0xc0) != 0x80);
    }
    if (line > 1)
        snprintf(place, sizeof place, " (line %zu, column %zu)", line, column);
    return fault_set(scan->fault, "%s at byte %zu%s%s", what, at + 1, place, at >= scan->length ? ", the end of the text" : "");
}

static void skip_space(struct jsontext *scan)
{
    scan->at += strspn(here(scan), " \n\r\t");
}

/* The value of the four digits at `text`, or -1. */
static long hex4(const char *text)
{
    char digits[5] = "";

    if (strspn(text, HEX) < 4)
        return -1;
    memcpy(digits, text, 4);
    return strtol(digits, NULL, 16);
}

/*
 * The escape at `text`, whose first character is the backslash: its length, or 0 when it is not one; *character
 * is what it stands for. Half a surrogate pair is not an escape.
 */
static size_t escape(const char *text, unsigned long *character)
{
    static const char from[] = "\"\\/bfnrt", to[] = "\"\\/\b\f\n\r\t";
    const char *simple = text[1] ? strchr(from, text[1]) : NULL;

    if (simple) {
        *character = (unsigned char)to[simple - from];
        return 2;
    }
    long high = text[1] == 'u' ? hex4(text + 2) : -1;
    if (high < 0 || (high >= 0xdc00 && high <= 0xdfff))
        return 0;
    *character = (unsigned long)high;
    if (high < 0xd800 || high > 0xdbff)
        return 6;
    long low = text[6] == '\\' && text[7] == 'u' ? hex4(text + 8) : -1;
    if (low < 0xdc00 || low > 0xdfff)
        return 0;
    *character = 0x10000 + (unsigned long)(high - 0xd800) * 0x400 + (unsigned long)(low - 0xdc00);
    return 12;
}

static bool check_string(struct jsontext *scan)
{
    size_t start = scan->at++;

    while (scan->at < scan->length) {
        unsigned char c = (unsigned char)*here(scan);
        unsigned long character;
        size_t size = 1;
        if (c < 0x20)
            return refuse(scan, scan->at, "raw control character in a string");
        if (c == '\\')
            size = escape(here(scan), &character);
        else if (c >= 0x80)
            size = utf8_character(here(scan), scan->length - scan->at);
        if (size == 0)
            return refuse(scan, scan->at, c == '\\' ? "invalid escape" : "invalid UTF-8");
        scan->at += size;
        if (c == '"')
            return true;
    }
    return refuse(scan, start, "unfinished string");
}

static size_t skip_digits(struct jsontext *scan)
{
    size_t count = strspn(here(scan), "0123456789");

    scan->at += count;
    return count;
}

/* Moves behind the number; 0 when it is malformed, else the number of its digits before a fraction or an exponent. */
static size_t skip_number(struct jsontext *scan, bool *whole)
{
    scan->at += *here(scan) == '-';
    bool zero = *here(scan) == '0';
    size_t digits = skip_digits(scan);
    *whole = true;
    if (zero && digits > 1)
        return 0;
    if (*here(scan) == '.') {
        *whole = false;
        scan->at++;
        if (skip_digits(scan) == 0)
            return 0;
    }
    if (*here(scan) == 'e' || *here(scan) == 'E') {
        *whole = false;
        scan->at++;
        scan->at += *here(scan) == '+' || *here(scan) == '-';
        if (skip_digits(scan) == 0)
            return 0;
    }
    return digits;
}

static bool check_number(struct jsontext *scan, enum jsontext_kind *kind)
{
    size_t start = scan->at;
    bool whole;
    size_t digits = skip_number(scan, &whole);

    if (digits == 0)
        return refuse(scan, start, "malformed number");
    if (scan->at - start > JSONTEXT_LONGEST_NUMBER)
        return refuse(scan, start, "overlong number");
    *kind = whole && digits <= EXACT_DIGITS ? JSONTEXT_WHOLE : JSONTEXT_NUMBER;
    if (*kind == JSONTEXT_NUMBER && isinf(strtod(scan->text + start, NULL)))
        return refuse(scan, start, "number out of range");
    return true;
}

static bool check_word(struct jsontext *scan, const char *word)
{
    size_t length = strlen(word);

    if (strncmp(here(scan), word, length) != 0)
        return refuse(scan, scan->at, "invalid value");
    scan->at += length;
    return true;
}

/* ---- tokens ------------------------------------------------------------------------------------------------- */

static bool read_opening(struct jsontext *scan, bool object)
{
    if (scan->depth == JSONTEXT_DEPTH)
        return refuse(scan, scan->at, "nested too deeply");
    scan->at++;
    scan->in_object[scan->depth++] = object;
    scan->expected = EXPECT_FIRST;
    return true;
}

static bool read_value(struct jsontext *scan, struct jsontext_token *token)
{
    char c = *here(scan);

    scan->expected = EXPECT_MORE;
    switch (c) {
    case '{':
    case '[':
        token->kind = c == '{' ? JSONTEXT_OBJECT : JSONTEXT_ARRAY;
        return read_opening(scan, c == '{');
    case '"':
        token->kind = JSONTEXT_STRING;
        return check_string(scan);
    case 't':
    case 'f':
    case 'n':
        token->kind = JSONTEXT_WORD;
        return check_word(scan, c == 't' ? "true" : c == 'f' ? "false" : "null");
    default:
        if (c == '-' || (c >= '0' && c <= '9'))
            return check_number(scan, &token->kind);
        return refuse(scan, scan->at, "expected a value");
    }
}

/* A key and its colon, which is not part of the token. */
static bool read_key(struct jsontext *scan, struct jsontext_token *token)
{
    token->kind = JSONTEXT_KEY;
    scan->expected = EXPECT_VALUE;
    if (*here(scan) != '"')
        return refuse(scan, scan->at, "expected a key");
    if (!check_string(scan))
        return false;
    token->end = scan->at;
    skip_space(scan);
    if (*here(scan) != ':')
        return refuse(scan, scan->at, "expected ':'");
    scan->at++;
    return true;
}

/* Whether the innermost object or array ends here. */
static bool read_close(struct jsontext *scan, struct jsontext_token *token)
{
    if (*here(scan) != (scan->in_object[scan->depth - 1] ? '}' : ']'))
        return false;
    token->kind = JSONTEXT_CLOSE;
    scan->expected = EXPECT_MORE;
    scan->at++;
    scan->depth--;
    return true;
}

static bool read_end(struct jsontext *scan, struct jsontext_token *token)
{
    token->kind = JSONTEXT_END;
    return scan->at == scan->length || refuse(scan, scan->at, "unexpected text after the value");
}

static bool read_token(struct jsontext *scan, struct jsontext_token *token)
{
    if (scan->expected >= EXPECT_FIRST) {
        if (scan->depth == 0)
            return read_end(scan, token);
        if (read_close(scan, token))
            return true;
        bool object = scan->in_object[scan->depth - 1];
        if (scan->expected == EXPECT_MORE) {
            if (*here(scan) != ',')
                return refuse(scan, scan->at, object ? "expected ',' or '}'" : "expected ',' or ']'");
            scan->at++;
            skip_space(scan);
        }
        scan->expected = object ? EXPECT_KEY : EXPECT_VALUE;
        token->start = scan->at;
    }
    return scan->expected == EXPECT_KEY ? read_key(scan, token) : read_value(scan, token);
}

bool jsontext_next(struct jsontext *scan, struct jsontext_token *token)
{
    skip_space(scan);
    token->start = scan->at;
    token->end = 0;
    if (!read_token(scan, token))
        return false;
    if (token->end == 0)
        token->end = scan->at;
    return true;
}

bool jsontext_check(const char *text, size_t length, struct fault *fault)
{
    struct jsontext scan = {.text = text, .length = length, .fault = fault};
    struct jsontext_token token;

    do
        if (!jsontext_next(&scan, &token))
            return false;
    while (token.kind != JSONTEXT_END);
    return true;
}

bool jsontext_unescape(const char *text, struct jsontext_token token, struct buf *out)
{
    for (size_t at = token.start + 1; at < token.end - 1;) {
        unsigned long character = 0;
        char bytes[4];
        if (text[at] != '\\') {
            buf_byte(out, text[at++]);
            continue;
        }
        at += escape(text + at, &character);
        buf_append(out, bytes, utf8_encode(character, bytes));
    }
    return !out->failed;
}
