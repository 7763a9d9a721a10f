/* See secret_forms.h. Each search goes on where the one before ended, so that no text is looked at again and again. */
#define _GNU_SOURCE /* memmem */

#include "secret_forms.h"

#include <ctype.h>
#include <string.h>
#include <strings.h>

#define LONGEST_HEADER 64 /* of a key's first line */

static const char *const names[] = {"signature", "secretkey", "apikey", "secret_access_key", "api_key",
                                    "sessionkey", "password", "authorization"};

void secret_forms_cover(struct buf *covered, size_t from, size_t to)
{
    if (to > from)
        memset(covered->bytes + from, 1, to - from);
}

bool secret_forms_name(const char *bytes, size_t length)
{
    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        for (size_t at = 0; at + length <= strlen(names[i]); at++)
            if (strncasecmp(names[i] + at, bytes, length) == 0)
                return true;
    return false;
}

static size_t skip(const char *text, size_t at, size_t length, const char *these)
{
    while (at < length && text[at] && strchr(these, text[at]))
        at++;
    return at;
}

static size_t until(const char *text, size_t at, size_t length, const char *these)
{
    while (at < length && !(text[at] && strchr(these, text[at])))
        at++;
    return at;
}

static size_t find(const char *text, size_t from, size_t length, const char *what)
{
    const char *found = from < length ? memmem(text + from, length - from, what, strlen(what)) : NULL;
    return found ? (size_t)(found - text) : length;
}

/* ---- the value beside a name ---------------------------------------------------------------------------------------- */

/*
 * The end of a string whose opening quote is at `at`, behind as many backslashes as JSON put there: none, 1 in a string, 3
 * in a string in a string. Quotes in the string have more of them. Without an end it is the text's.
 */
static size_t string_end(const char *text, size_t at, size_t length, size_t backslashes)
{
    char quote = text[at];
    size_t run = 0;

    for (at++; at < length; at++) {
        if (text[at] == quote && run % (2 * (backslashes + 1)) == backslashes)
            return at - backslashes;
        run = text[at] == '\\' ? run + 1 : 0;
    }
    return length;
}

/* A value that begins at `at`, quoted or not; returns its end. */
static size_t cover_word(struct buf *covered, const char *text, size_t at, size_t length, const char *ends)
{
    size_t quote = skip(text, at, length, "\\");

    if (quote < length && (text[quote] == '"' || text[quote] == '\'')) {
        size_t end = string_end(text, quote, length, quote - at);
        secret_forms_cover(covered, quote + 1, end);
        return end;
    }
    size_t end = until(text, at, length, ends);
    secret_forms_cover(covered, at, end);
    return end;
}

/*
 * The value of a name from `from` to `at`: name=value, name: value, "name": "value", 'name' => 'value'. Returns where to go
 * on. "section.name: " begins a sentence about a setting. What Authorization has is a line.
 */
static size_t cover_value(struct buf *covered, const char *text, size_t from, size_t at, size_t length)
{
    bool is_line = tolower((unsigned char)text[from]) == 'a' && tolower((unsigned char)text[from + 1]) == 'u';
    size_t slashes = skip(text, at, length, "\\"), sign = slashes;
    bool is_quoted = slashes < length && (text[slashes] == '"' || text[slashes] == '\'');

    if (is_quoted)
        sign = skip(text, slashes + 1, length, " \t\r\n");
    else
        sign = at;
    if (sign >= length)
        return at;
    if (!is_quoted && text[sign] == '=')
        return cover_word(covered, text, sign + 1, length, is_line ? "&\r\n\"'\\<>" : "& \t\r\n\"'\\<>,;)}");
    if (is_quoted && text[sign] == '=' && sign + 1 < length && text[sign + 1] == '>')
        sign++;
    else if (text[sign] != ':')
        return at;
    size_t value = skip(text, sign + 1, length, " \t\r\n");
    size_t opening = skip(text, value, length, "\\");
    bool is_string = opening < length && (text[opening] == '"' || text[opening] == '\'');
    if (is_string)
        return cover_word(covered, text, value, length, "");
    if (is_quoted || value == sign + 1 || (from > 0 && text[from - 1] == '.'))
        return at;
    return cover_word(covered, text, value, length, is_line ? "\r\n\"'\\<>" : " \t\r\n\"'\\<>,;)}");
}

static void find_named(struct buf *covered, const char *text, size_t length)
{
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        size_t size = strlen(names[i]);
        for (size_t at = 0; at + size < length;) {
            bool is_here = tolower((unsigned char)text[at]) == names[i][0] && strncasecmp(text + at, names[i], size) == 0;
            at = is_here ? cover_value(covered, text, at, at + size, length) : at + 1;
        }
    }
}

/* ---- URLs and keys ----------------------------------------------------------------------------------------------------- */

/* Where the host of a URL begins whose colon is at `at`, also as "http:\/\/"; 0 for none. */
static size_t authority_at(const char *text, size_t at, size_t length)
{
    for (int i = 0; i < 2; i++) {
        at = skip(text, at + 1, length, "\\");
        if (at >= length || text[at] != '/')
            return 0;
    }
    return at + 1;
}

/* https://USER:PASSWORD@host */
static void find_user_info(struct buf *covered, const char *text, size_t length)
{
    for (size_t at = find(text, 0, length, ":"); at < length; at = find(text, at + 1, length, ":")) {
        size_t from = authority_at(text, at, length);
        if (from == 0)
            continue;
        size_t end = until(text, from, length, "/?# \t\r\n\"'<>\\");
        size_t sign = end;
        while (sign > from && text[sign - 1] != '@')
            sign--;
        if (sign > from)
            secret_forms_cover(covered, from, sign - 1);
        at = end > at + 1 ? end - 1 : at;
    }
}

/* From the first line of a private key to the end of its last, or to the end of the text. */
static void find_private_keys(struct buf *covered, const char *text, size_t length)
{
    static const char begin[] = "-----BEGIN ", kind[] = "PRIVATE KEY-----", last[] = "-----END ", dashes[] = "-----";

    for (size_t at = find(text, 0, length, begin); at < length; at = find(text, at, length, begin)) {
        size_t name = at + strlen(begin), near = name + LONGEST_HEADER < length ? name + LONGEST_HEADER : length;
        size_t found = find(text, name, near, kind), close = find(text, name, near, dashes);
        if (found == near || found + strlen(kind) - strlen(dashes) != close) {
            at = name;
            continue;
        }
        size_t end = find(text, close, length, last);
        end = end == length ? length : find(text, end + strlen(last), length, dashes);
        end = end == length ? length : end + strlen(dashes);
        secret_forms_cover(covered, at, end);
        at = end;
    }
}

void secret_forms_find(struct buf *covered, const char *text, size_t length)
{
    find_named(covered, text, length);
    find_user_info(covered, text, length);
    find_private_keys(covered, text, length);
}
