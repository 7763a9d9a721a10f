/* Lines on stderr. Whatever leaves the process in words passes log_mask first (mask.c). */

#include "log.h"

#include "buf.h"
#include "clock.h"
#include "file.h"
#include "known_secrets.h"
#include "mask.h"
#include "printable.h"
#include "status.h"

#include <ctype.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>
#include <unistd.h>

#define LONGEST_LINE 8192
#define CONTEXT_SIZE 80

static const char withheld[] = "<text withheld: not enough memory to mask it>";

static const char *const level_names[] = {"debug", "info", "warn", "error"};
static enum log_level threshold = LOG_INFO;
static char context[2][CONTEXT_SIZE];
static bool is_json;

static struct buf masked;
static struct buf line;

/* ---- secrets ----------------------------------------------------------------------------------------------------- */

bool log_secret(const char *bytes, size_t length)
{
    return known_secrets_add(bytes, length);
}

bool log_secret_is_strong(const char *bytes, size_t length)
{
    return known_secrets_is_strong(bytes, length);
}

const char *log_mask(const char *text, size_t length, size_t *masked_length)
{
    buf_clear(&masked);
    bool ok = mask_append(&masked, text, length);
    *masked_length = ok ? masked.length : strlen(withheld);
    return ok ? buf_string(&masked) : withheld;
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
    word[length] = '\0';
}

void log_context(const char *request_id, const char *verb)
{
    set_context(context[0], request_id);
    set_context(context[1], verb);
}

/* Bytes below 128 as log files have always had them (\x1b), the others as printable_one has them. */
static void append_escaped(struct buf *out, const char *text, size_t length)
{
    for (size_t at = 0; at < length && out->length < LONGEST_LINE;) {
        unsigned char byte = (unsigned char)text[at];
        bool is_plain_control = (byte < 0x20 && !strchr("\n\t\r", byte)) || byte == 0 || byte == 0x7f;
        if (is_plain_control) {
            buf_format(out, "\\x%02x", byte);
            at++;
        } else {
            at += printable_one(out, text + at, length - at, 0);
        }
    }
}

void log_as_json(bool is_wanted)
{
    is_json = is_wanted;
}

/* How many of that byte are at the end. */
static size_t trailing(const char *bytes, size_t length, char byte)
{
    size_t count = 0;

    while (count < length && bytes[length - count - 1] == byte)
        count++;
    return count;
}

/* Ends the line with "..." where it is too long, and with what has to stand behind the message in any case. */
static void finish_line(const char *end)
{
    static const char cut[] = "...";
    size_t most = LONGEST_LINE - sizeof cut - strlen(end);

    if (line.length >= most) {
        while (most > 0 && ((unsigned char)line.bytes[most] & 0xc0) == 0x80)
            most--;
        line.length = most - (is_json ? trailing(line.bytes, most, '\\') % 2 : 0); /* an escape stays whole */
        buf_text(&line, cut);
    }
    buf_text(&line, end);
}

static void write_text(const char *stamp, enum log_level level, const char *message)
{
    static const char *const tags[] = {"DEBUG", "INFO", "WARN", "ERROR"};

    buf_format(&line, "%s %s ", stamp, tags[level]);
    for (size_t i = 0; i < 2; i++)
        if (context[i][0])
            buf_format(&line, "%s ", context[i]);
    buf_text(&line, message);
    finish_line("\n");
}

/* A member of the object; what is in the text is printable already. */
static void append_member(const char *name, const char *text)
{
    buf_format(&line, "%s\"%s\":\"", line.length > 1 ? "," : "", name);
    for (; *text; text++) {
        if (*text == '"' || *text == '\\')
            buf_byte(&line, '\\');
        buf_byte(&line, *text);
    }
}

static void write_json(const char *stamp, enum log_level level, const char *message)
{
    static const char *const names[] = {"request_id", "verb"};

    buf_byte(&line, '{');
    append_member("time", stamp);
    buf_byte(&line, '"');
    append_member("level", level_names[level]);
    buf_byte(&line, '"');
    for (size_t i = 0; i < 2; i++) {
        if (!context[i][0])
            continue;
        append_member(names[i], context[i]);
        buf_byte(&line, '"');
    }
    append_member("message", message);
    finish_line("\"}\n");
}

void log_write(enum log_level level, const char *text, size_t length)
{
    char stamp[CLOCK_ISO_SIZE];
    struct buf message = buf_new(0);

    if (!log_wanted(level))
        return;
    const char *clean = log_mask(text, length, &length);
    append_escaped(&message, clean, length);
    clock_stamp(stamp);
    buf_clear(&line);
    (is_json ? write_json : write_text)(stamp, level, message.failed ? withheld : buf_string(&message));
    buf_wipe(&message);
    status_clear();
    file_write_stream(STDERR_FILENO, buf_string(&line), line.length);
}

bool log_status(const char *text, size_t length)
{
    if (!status_is_possible())
        return false;
    const char *clean = log_mask(text ? text : "", text ? length : 0, &length);
    status_show(clean, length);
    return true;
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

/* A secret of several lines is one only as long as they are together. */
void log_lines(enum log_level level, const char *text, size_t length)
{
    struct buf clean = buf_new(0);

    if (!mask_append(&clean, text, length)) {
        buf_clear(&clean);
        buf_text(&clean, withheld);
    }
    text = buf_string(&clean);
    length = clean.length;
    for (size_t at = 0; at < length;) {
        const char *end = memchr(text + at, '\n', length - at);
        size_t next = end ? (size_t)(end - text) : length;
        log_write(level, text + at, next - at);
        at = next + 1;
    }
    buf_wipe(&clean);
}

void log_forget(void)
{
    mask_forget();
    buf_wipe(&masked);
    buf_wipe(&line);
}
