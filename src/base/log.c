/*
 * Lines on stderr, and the one place that keeps secrets out of them: values that were registered, and what
 * looks like a secret by its form. Whatever leaves the process in words passes log_mask first.
 */
#define _GNU_SOURCE /* memmem */

#include "log.h"

#include "buf.h"
#include "file.h"
#include "urlencode.h"
#include "utf8.h"

#include <ctype.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <unistd.h>

#define LONGEST_LINE 8192
#define SHORTEST_SECRET 4
#define SHORTEST_SECRET_LINE 8
#define CONTEXT_SIZE 80

static const char redacted[] = "<redacted>";
static const char withheld[] = "<text withheld: not enough memory to mask it>";

static const char *const level_names[] = {"debug", "info", "warn", "error"};
static enum log_level threshold = LOG_INFO;
static char context[2][CONTEXT_SIZE] = {"-", "-"};

static struct buf *secrets;
static size_t secret_count;
static struct buf covered; /* one byte for each of the text: 1 when it is part of a secret */
static struct buf masked;
static struct buf line;

/* ---- secrets that were registered ------------------------------------------------------------------------ */

static bool is_registered(const char *bytes, size_t length)
{
    for (size_t i = 0; i < secret_count; i++)
        if (secrets[i].length == length && memcmp(secrets[i].bytes, bytes, length) == 0)
            return true;
    return false;
}

static bool add_secret(const char *bytes, size_t length)
{
    if (length < SHORTEST_SECRET || is_registered(bytes, length))
        return true;
    struct buf *more = realloc(secrets, (secret_count + 1) * sizeof *secrets);
    if (!more)
        return false;
    secrets = more;
    secrets[secret_count] = buf_new(0);
    if (!buf_append(&secrets[secret_count], bytes, length))
        return false;
    secret_count++;
    return true;
}

/* As the value stands inside a JSON string; only what JSON has to escape. */
static void append_json_escaped(struct buf *out, const char *bytes, size_t length)
{
    for (size_t i = 0; i < length; i++) {
        char c = bytes[i];
        if (c == '"' || c == '\\')
            buf_byte(out, '\\');
        if (c == '\n')
            buf_text(out, "\\n");
        else if (c == '\t')
            buf_text(out, "\\t");
        else
            buf_byte(out, c);
    }
}

static bool add_forms(const char *bytes, size_t length)
{
    struct buf form = buf_new(0);
    bool ok = add_secret(bytes, length);

    ok = urlencode_append(&form, bytes, length) && add_secret(form.bytes, form.length) && ok;
    buf_clear(&form);
    append_json_escaped(&form, bytes, length);
    ok = !form.failed && add_secret(buf_string(&form), form.length) && ok;
    buf_wipe(&form);
    return ok;
}

bool log_secret(const char *bytes, size_t length)
{
    if (length < SHORTEST_SECRET)
        return true;
    bool ok = add_forms(bytes, length);
    if (!memchr(bytes, '\n', length))
        return ok;
    for (size_t start = 0; start < length;) {
        const char *end = memchr(bytes + start, '\n', length - start);
        size_t size = end ? (size_t)(end - bytes) - start : length - start;
        size_t text = size > 0 && bytes[start + size - 1] == '\r' ? size - 1 : size;
        bool is_armour = text >= 5 && memcmp(bytes + start, "-----", 5) == 0;
        if (text >= SHORTEST_SECRET_LINE && !is_armour)
            ok = add_forms(bytes + start, text) && ok;
        start += size + 1;
    }
    return ok;
}

/* ---- what is covered --------------------------------------------------------------------------------------- */

static void cover(size_t from, size_t to)
{
    if (to > from)
        memset(covered.bytes + from, 1, to - from);
}

static void cover_registered(const char *text, size_t length)
{
    for (size_t i = 0; i < secret_count; i++) {
        size_t size = secrets[i].length;
        const char *at = text, *end = text + length;
        while ((at = memmem(at, (size_t)(end - at), secrets[i].bytes, size))) {
            cover((size_t)(at - text), (size_t)(at - text) + size);
            at++;
        }
    }
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

/* The value behind a name that ended at `at`: name=value in a form, "name":"value" in JSON, however escaped. */
static void cover_value(const char *text, size_t at, size_t length)
{
    size_t quoted = skip(text, at, length, "\\");

    if (at < length && text[at] == '=') {
        at = skip(text, at + 1, length, "\\\"'");
        cover(at, until(text, at, length, "& \t\r\n\"'\\<>,;)}"));
    } else if (quoted < length && text[quoted] == '"') {
        at = skip(text, quoted + 1, length, " \t\r\n");
        if (at >= length || text[at] != ':')
            return;
        at = skip(text, at + 1, length, " \t\r\n\\");
        if (at < length && text[at] == '"')
            cover(at + 1, until(text, at + 1, length, "\"\\"));
    }
}

static void cover_named(const char *text, size_t length)
{
    static const char *const names[] = {"signature", "secretkey", "apikey", "secret_access_key", "api_key",
                                        "sessionkey", "password"};

    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        size_t size = strlen(names[i]);
        for (size_t at = 0; at + size < length; at++)
            if (tolower((unsigned char)text[at]) == names[i][0] && strncasecmp(text + at, names[i], size) == 0)
                cover_value(text, at + size, length);
    }
}

/* https://USER:PASSWORD@host */
static void cover_user_info(const char *text, size_t length)
{
    for (size_t at = 0; at + 3 < length; at++) {
        if (memcmp(text + at, "://", 3) != 0)
            continue;
        size_t end = until(text, at + 3, length, "/?# \t\r\n\"'<>\\");
        size_t sign = end;
        while (sign > at + 3 && text[sign - 1] != '@')
            sign--;
        if (sign > at + 3)
            cover(at + 3, sign - 1);
    }
}

static size_t find(const char *text, size_t from, size_t length, const char *what)
{
    const char *found = from < length ? memmem(text + from, length - from, what, strlen(what)) : NULL;
    return found ? (size_t)(found - text) : length;
}

/* From the first line of a private key to the end of its last, or to the end of the text. */
static void cover_private_keys(const char *text, size_t length)
{
    static const char begin[] = "-----BEGIN ", kind[] = "PRIVATE KEY-----", last[] = "-----END ", dashes[] = "-----";

    for (size_t at = find(text, 0, length, begin); at < length; at = find(text, at + 1, length, begin)) {
        size_t name = at + strlen(begin);
        size_t found = find(text, name, length, kind), close = find(text, name, length, dashes);
        if (found == length || found + strlen(kind) - strlen(dashes) != close)
            continue;
        size_t end = find(text, close, length, last);
        end = end == length ? length : find(text, end + strlen(last), length, dashes);
        cover(at, end == length ? length : end + strlen(dashes));
    }
}

const char *log_mask(const char *text, size_t length, size_t *masked_length)
{
    buf_clear(&covered);
    buf_clear(&masked);
    for (size_t left = length; left > 0 && !covered.failed;) {
        static const char zeros[256];
        size_t part = left < sizeof zeros ? left : sizeof zeros;
        buf_append(&covered, zeros, part);
        left -= part;
    }
    if (!covered.failed && length > 0) {
        cover_registered(text, length);
        cover_named(text, length);
        cover_user_info(text, length);
        cover_private_keys(text, length);
    }
    for (size_t at = 0; at < length && !covered.failed;) {
        char kind = covered.bytes[at];
        const char *end = memchr(covered.bytes + at, !kind, length - at);
        size_t next = end ? (size_t)(end - covered.bytes) : length;
        if (kind)
            buf_text(&masked, redacted);
        else
            buf_append(&masked, text + at, next - at);
        at = next;
    }
    if (covered.failed || masked.failed) {
        *masked_length = strlen(withheld);
        return withheld;
    }
    *masked_length = masked.length;
    return buf_string(&masked);
}

/* ---- lines --------------------------------------------------------------------------------------------------- */

bool log_level_named(const char *name, enum log_level *level)
{
    for (size_t i = 0; i < sizeof level_names / sizeof *level_names; i++) {
        if (strcasecmp(name, level_names[i]) == 0) {
            *level = (enum log_level)i;
            return true;
        }
    }
    return false;
}

void log_threshold(enum log_level level)
{
    threshold = level;
}

bool log_wanted(enum log_level level)
{
    return level >= threshold;
}

/* A word of the prefix: what would break the line's columns is left out. */
static void set_context(char *word, const char *text)
{
    size_t length = 0;

    for (; text && *text && length < CONTEXT_SIZE - 1; text++)
        if (isgraph((unsigned char)*text))
            word[length++] = *text;
    if (length == 0)
        word[length++] = '-';
    word[length] = '\0';
}

void log_context(const char *request_id, const char *verb)
{
    set_context(context[0], request_id);
    set_context(context[1], verb);
}

static void append_escaped(struct buf *out, const char *text, size_t length)
{
    for (size_t at = 0; at < length && out->length < LONGEST_LINE;) {
        unsigned char byte = (unsigned char)text[at];
        size_t size = utf8_character(text + at, length - at);
        if (size == 0 || byte < 0x20 || byte == 0x7f) {
            if (byte == '\n' || byte == '\t' || byte == '\r')
                buf_format(out, "\\%c", byte == '\n' ? 'n' : byte == '\t' ? 't' : 'r');
            else
                buf_format(out, "\\x%02x", byte);
            at++;
        } else {
            buf_append(out, text + at, size);
            at += size;
        }
    }
}

void log_write(enum log_level level, const char *text, size_t length)
{
    static const char *const tags[] = {"DEBUG", "INFO", "WARN", "ERROR"};
    static const char cut[] = "...";

    if (!log_wanted(level))
        return;
    const char *clean = log_mask(text, length, &length);
    buf_clear(&line);
    buf_format(&line, "%s %s %s ", tags[level], context[0], context[1]);
    append_escaped(&line, clean, length);
    if (line.length >= LONGEST_LINE - sizeof cut) {
        size_t end = LONGEST_LINE - sizeof cut;
        while (end > 0 && ((unsigned char)line.bytes[end] & 0xc0) == 0x80)
            end--;
        line.length = end;
        buf_text(&line, cut);
    }
    buf_byte(&line, '\n');
    file_write_stream(STDERR_FILENO, buf_string(&line), line.length);
}

void log_line(enum log_level level, const char *format, ...)
{
    char text[2048];
    va_list arguments;

    va_start(arguments, format);
    vsnprintf(text, sizeof text, format, arguments);
    va_end(arguments);
    log_write(level, text, strlen(text));
}

void log_lines(enum log_level level, const char *text, size_t length)
{
    for (size_t at = 0; at < length;) {
        const char *end = memchr(text + at, '\n', length - at);
        size_t next = end ? (size_t)(end - text) : length;
        log_write(level, text + at, next - at);
        at = next + 1;
    }
}

void log_forget(void)
{
    for (size_t i = 0; i < secret_count; i++)
        buf_wipe(&secrets[i]);
    free(secrets);
    secrets = NULL;
    secret_count = 0;
    buf_free(&covered);
    buf_wipe(&masked);
    buf_wipe(&line);
}
