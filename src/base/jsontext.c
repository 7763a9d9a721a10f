/* JSON as text. One scanner, without recursion except along the short path of jsontext_take. */
#include "jsontext.h"

#include "utf8.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#define EXACT_DIGITS 15 /* a double holds every whole number of so many digits */
#define MARKED_NUMBER_EXTRA 3
#define MARKED_EMPTY_EXTRA 3

struct scan {
    const char *text;
    size_t length;
    size_t at;
    size_t extra; /* how much longer the marked text is */
    unsigned depth;
    bool in_object[JSONTEXT_DEPTH];
    struct fault *fault;
};

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

static bool refuse(struct scan *scan, size_t at, const char *what)
{
    if (at >= scan->length)
        return fault_set(scan->fault, "%s at byte %zu, the end of the text", what, at + 1);
    return fault_set(scan->fault, "%s at byte %zu", what, at + 1);
}

static char peek(const struct scan *scan)
{
    return scan->at < scan->length ? scan->text[scan->at] : '\0';
}

static void skip_space(struct scan *scan)
{
    while (scan->at < scan->length) {
        char c = scan->text[scan->at];
        if (c != ' ' && c != '\n' && c != '\r' && c != '\t')
            return;
        scan->at++;
    }
}

/* The four digits at `at`, or -1. The NUL behind the text is no digit, so this stays inside it. */
static long hex4(const char *text)
{
    long value = 0;

    for (int i = 0; i < 4; i++) {
        char c = text[i];
        if (!is_digit(c) && !(c >= 'a' && c <= 'f') && !(c >= 'A' && c <= 'F'))
            return -1;
        value = value * 16 + (is_digit(c) ? c - '0' : (c | 32) - 'a' + 10);
    }
    return value;
}

/*
 * The escape at `text`, whose first character is the backslash: its length, or 0 when it is none; *character is
 * what it stands for. Half a surrogate pair is none.
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

static bool check_string(struct scan *scan)
{
    size_t start = scan->at++;

    while (scan->at < scan->length) {
        char c = scan->text[scan->at];
        unsigned long character;
        size_t size = 1;
        if (c == '"') {
            scan->at++;
            return true;
        }
        if (c == '\\') {
            size = escape(scan->text + scan->at, &character);
            if (size == 0)
                return refuse(scan, scan->at, "invalid escape");
        } else if ((unsigned char)c < 0x20) {
            return refuse(scan, scan->at, "raw control character in a string");
        } else if ((unsigned char)c >= 0x80) {
            size = utf8_character(scan->text + scan->at, scan->length - scan->at);
            if (size == 0)
                return refuse(scan, scan->at, "invalid UTF-8");
        }
        scan->at += size;
    }
    return refuse(scan, start, "unfinished string");
}

static size_t skip_digits(struct scan *scan)
{
    size_t start = scan->at;

    while (is_digit(peek(scan)))
        scan->at++;
    return scan->at - start;
}

/* Moves behind the number, returns whether it is one. *whole: it has neither fraction nor exponent. */
static bool scan_number(struct scan *scan, bool *whole, size_t *digits)
{
    *whole = true;
    if (peek(scan) == '-')
        scan->at++;
    bool zero = peek(scan) == '0';
    *digits = skip_digits(scan);
    if (*digits == 0 || (zero && *digits > 1))
        return false;
    if (peek(scan) == '.') {
        *whole = false;
        scan->at++;
        if (skip_digits(scan) == 0)
            return false;
    }
    if (peek(scan) == 'e' || peek(scan) == 'E') {
        *whole = false;
        scan->at++;
        if (peek(scan) == '+' || peek(scan) == '-')
            scan->at++;
        if (skip_digits(scan) == 0)
            return false;
    }
    return true;
}

static bool check_number(struct scan *scan)
{
    size_t start = scan->at, digits;
    bool whole;

    if (!scan_number(scan, &whole, &digits))
        return refuse(scan, start, "malformed number");
    if (scan->at - start > JSONTEXT_LONGEST_NUMBER)
        return refuse(scan, start, "overlong number");
    if (whole && digits <= EXACT_DIGITS)
        return true;
    if (isinf(strtod(scan->text + start, NULL)))
        return refuse(scan, start, "number out of range");
    scan->extra += MARKED_NUMBER_EXTRA;
    return true;
}

static bool check_word(struct scan *scan, const char *word)
{
    size_t length = strlen(word);

    if (scan->length - scan->at < length || memcmp(scan->text + scan->at, word, length) != 0)
        return refuse(scan, scan->at, "invalid value");
    scan->at += length;
    return true;
}

/* A key and its colon. */
static bool check_key(struct scan *scan)
{
    skip_space(scan);
    if (peek(scan) != '"')
        return refuse(scan, scan->at, "expected a key");
    if (!check_string(scan))
        return false;
    skip_space(scan);
    if (peek(scan) != ':')
        return refuse(scan, scan->at, "expected ':'");
    scan->at++;
    return true;
}

/* Goes into an array or object; *empty tells that it has been left again. */
static bool check_opening(struct scan *scan, bool object, bool *empty)
{
    if (scan->depth == JSONTEXT_DEPTH)
        return refuse(scan, scan->at, "nested too deeply");
    scan->at++;
    skip_space(scan);
    *empty = peek(scan) == (object ? '}' : ']');
    if (*empty) {
        scan->at++;
        scan->extra += object ? 0 : MARKED_EMPTY_EXTRA;
        return true;
    }
    scan->in_object[scan->depth++] = object;
    return !object || check_key(scan);
}

/* A value, or the opening of one; *complete tells which. */
static bool check_value(struct scan *scan, bool *complete)
{
    *complete = true;
    skip_space(scan);
    switch (peek(scan)) {
    case '{':
    case '[':
        return check_opening(scan, peek(scan) == '{', complete);
    case '"':
        return check_string(scan);
    case 't':
        return check_word(scan, "true");
    case 'f':
        return check_word(scan, "false");
    case 'n':
        return check_word(scan, "null");
    default:
        if (peek(scan) == '-' || is_digit(peek(scan)))
            return check_number(scan);
        return refuse(scan, scan->at, "expected a value");
    }
}

/* What follows a value: closings, then a comma (and in an object the next key) or the end. */
static bool check_after_value(struct scan *scan, bool *end)
{
    *end = false;
    for (;;) {
        skip_space(scan);
        if (scan->depth == 0) {
            *end = true;
            return scan->at == scan->length || refuse(scan, scan->at, "unexpected text after the value");
        }
        bool object = scan->in_object[scan->depth - 1];
        char c = peek(scan);
        if (c == ',') {
            scan->at++;
            return !object || check_key(scan);
        }
        if (c != (object ? '}' : ']'))
            return refuse(scan, scan->at, object ? "expected ',' or '}'" : "expected ',' or ']'");
        scan->at++;
        scan->depth--;
    }
}

bool jsontext_check(const char *text, size_t length, size_t *marked_size, struct fault *fault)
{
    struct scan scan = {.text = text, .length = length, .fault = fault};
    bool end = false, complete;

    while (!end) {
        if (!check_value(&scan, &complete))
            return false;
        if (complete && !check_after_value(&scan, &end))
            return false;
    }
    *marked_size = length + scan.extra;
    return true;
}

/* ---- marking ---------------------------------------------------------------------------------------------- */

/* Behind the string that begins at scan->at, in a text that has been checked. */
static void pass_string(struct scan *scan)
{
    for (scan->at++; scan->text[scan->at] != '"'; scan->at++)
        if (scan->text[scan->at] == '\\')
            scan->at++;
    scan->at++;
}

static char *copy_marked(char *out, const char *text, size_t length)
{
    *out++ = '"';
    *out++ = JSONTEXT_MARK;
    memcpy(out, text, length);
    out += length;
    *out++ = '"';
    return out;
}

static char *copy(char *out, const struct scan *scan, size_t from)
{
    memcpy(out, scan->text + from, scan->at - from);
    return out + (scan->at - from);
}

size_t jsontext_mark(const char *text, size_t length, char *marked)
{
    struct scan scan = {.text = text, .length = length};
    char *out = marked;

    while (scan.at < length) {
        size_t from = scan.at, digits;
        bool whole;
        char c = text[from];
        if (c == '"') {
            pass_string(&scan);
            out = copy(out, &scan, from);
        } else if (c == '-' || is_digit(c)) {
            scan_number(&scan, &whole, &digits);
            if (whole && digits <= EXACT_DIGITS)
                out = copy(out, &scan, from);
            else
                out = copy_marked(out, text + from, scan.at - from);
        } else {
            scan.at++;
            *out++ = c;
            skip_space(&scan);
            if (c == '[' && peek(&scan) == ']')
                out = copy_marked(out, "", 0);
            else
                out = copy(out, &scan, from + 1);
        }
    }
    return (size_t)(out - marked);
}

/* ---- taking ------------------------------------------------------------------------------------------------- */

struct take {
    struct scan scan;
    char *text; /* the same as scan.text, to write on */
    struct buf *taken;
    bool found;
    bool wrong; /* there is a value of another kind */
};

static void pass_value(struct scan *scan)
{
    unsigned depth = 0;

    skip_space(scan);
    do {
        char c = peek(scan);
        if (c == '"') {
            pass_string(scan);
            continue;
        }
        if (c == '{' || c == '[')
            depth++;
        else if (c == '}' || c == ']')
            depth--;
        scan->at++;
    } while (depth > 0);
    while (scan->at < scan->length && !strchr(",]} \t\r\n", peek(scan)))
        scan->at++; /* the rest of a number or a word */
}

/* What the string from `at` (its quote) to `end` (behind the other) stands for. */
static void append_unescaped(struct buf *out, const char *text, size_t at, size_t end)
{
    for (at++; at < end - 1;) {
        if (text[at] != '\\') {
            buf_byte(out, text[at++]);
            continue;
        }
        unsigned long character = 0;
        char bytes[4];
        at += escape(text + at, &character);
        buf_append(out, bytes, utf8_encode(character, bytes));
    }
}

static bool is_key(struct take *take, size_t at, size_t end, const char *name)
{
    struct buf key = buf_new(0);

    append_unescaped(&key, take->text, at, end);
    bool same = key.length == strlen(name) && memcmp(buf_string(&key), name, key.length) == 0;
    same = same || key.failed; /* then rather too much is taken than too little */
    buf_free(&key);
    return same;
}

static void take_string(struct take *take)
{
    size_t start = take->scan.at;

    buf_wipe(take->taken);
    take->found = take->wrong = false;
    if (peek(&take->scan) != '"') {
        take->wrong = peek(&take->scan) != 'n';
        pass_value(&take->scan);
        return;
    }
    pass_string(&take->scan);
    append_unescaped(take->taken, take->text, start, take->scan.at);
    take->found = true;
    memset(take->text + start, ' ', take->scan.at - start);
    take->text[start] = take->text[start + 1] = '"';
}

static void take_below(struct take *take, const char *const *path, size_t steps)
{
    skip_space(&take->scan);
    if (steps == 0) {
        take_string(take);
        return;
    }
    if (peek(&take->scan) != '{') {
        pass_value(&take->scan);
        return;
    }
    for (;;) {
        take->scan.at++; /* the brace or a comma */
        skip_space(&take->scan);
        if (peek(&take->scan) == '}')
            break;
        size_t key = take->scan.at;
        pass_string(&take->scan);
        size_t end = take->scan.at;
        skip_space(&take->scan);
        take->scan.at++;
        if (is_key(take, key, end, path[0])) {
            buf_wipe(take->taken); /* an equal key further up has lost */
            take->found = take->wrong = false;
            take_below(take, path + 1, steps - 1);
        } else {
            pass_value(&take->scan);
        }
        skip_space(&take->scan);
        if (peek(&take->scan) == '}')
            break;
    }
    take->scan.at++;
}

bool jsontext_take(char *text, size_t length, const char *const *path, size_t steps, struct buf *taken, bool *found,
                   struct fault *fault)
{
    struct take take = {.scan = {.text = text, .length = length}, .text = text, .taken = taken};

    take_below(&take, path, steps);
    *found = take.found;
    if (take.wrong)
        return fault_set(fault, "'%s' must be a string", path[steps - 1]);
    return !taken->failed || fault_set(fault, "not enough memory");
}
