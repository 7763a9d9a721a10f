/*
 * Escapes become what they stand for: %41, \u0041, \x41, \65, \/, &#65; and &amp;. A text may be escaped more than once, in
 * different ways: then it goes through several of these.
 */
#include "unescape.h"

#include "utf8.h"

#include <ctype.h>
#include <stdbool.h>
#include <stdint.h>
#include <string.h>

/* What the bytes that are held are: an escape of `size` bytes; the beginning of one; or none. */
enum verdict { ESCAPE, BEGINNING, NONE };

struct reading {
    size_t size;
    uint32_t value;
    bool is_byte; /* else a character of Unicode */
};

static int digit_of(unsigned char c, int base)
{
    int value = isdigit(c) ? c - '0' : isxdigit(c) ? tolower(c) - 'a' + 10 : base;

    return value < base ? value : -1;
}

/* `count` hexadecimal digits at `at`. */
static enum verdict read_hex(const struct unescape *decoder, size_t at, size_t count, struct reading *reading)
{
    reading->value = 0;
    for (size_t i = at; i < at + count; i++) {
        if (i >= decoder->count)
            return BEGINNING;
        int digit = digit_of(decoder->held[i].byte, 16);
        if (digit < 0)
            return NONE;
        reading->value = reading->value * 16 + (uint32_t)digit;
    }
    reading->size = at + count;
    return ESCAPE;
}

/* \u and four digits; two of them for what is beyond the 16 bits. */
static enum verdict read_unicode(const struct unescape *decoder, struct reading *reading)
{
    enum verdict verdict = read_hex(decoder, 2, 4, reading);
    uint32_t high = reading->value;

    if (verdict != ESCAPE || high < 0xd800 || high > 0xdbff)
        return verdict;
    for (size_t i = 6; i < 8; i++) {
        if (i >= decoder->count)
            return BEGINNING;
        if (decoder->held[i].byte != "\\u"[i - 6])
            return NONE;
    }
    verdict = read_hex(decoder, 8, 4, reading);
    if (verdict != ESCAPE)
        return verdict;
    reading->value = 0x10000 + ((high - 0xd800) << 10) + ((reading->value - 0xdc00) & 0x3ff);
    return ESCAPE;
}

/* \ and one to three decimal digits, as Lua writes a byte. */
static enum verdict read_decimal(const struct unescape *decoder, bool is_over, struct reading *reading)
{
    size_t at = 1;

    reading->value = 0;
    while (at < 4 && at < decoder->count && isdigit(decoder->held[at].byte))
        reading->value = reading->value * 10 + (uint32_t)(decoder->held[at++].byte - '0');
    if (at < 4 && at == decoder->count && !is_over)
        return BEGINNING;
    reading->size = at;
    return reading->value < 256 ? ESCAPE : NONE;
}

static enum verdict read_backslash(const struct unescape *decoder, bool is_over, struct reading *reading)
{
    static const char letters[] = "bfnrt\"\\/'", values[] = "\b\f\n\r\t\"\\/'";

    if (decoder->count < 2)
        return BEGINNING;
    unsigned char kind = decoder->held[1].byte;
    const char *letter = kind ? strchr(letters, kind) : NULL;
    reading->is_byte = true;
    if (letter) {
        reading->size = 2;
        reading->value = (unsigned char)values[letter - letters];
        return ESCAPE;
    }
    if (isdigit(kind))
        return read_decimal(decoder, is_over, reading);
    if (kind == 'x')
        return read_hex(decoder, 2, 2, reading);
    reading->is_byte = false;
    return kind == 'u' ? read_unicode(decoder, reading) : NONE;
}

/* The inside of &...;, as text. */
static bool read_name(const char *name, struct reading *reading)
{
    static const char *const names[] = {"amp", "lt", "gt", "quot", "apos"};
    static const char values[] = "&<>\"'";
    int base = name[0] == '#' && tolower((unsigned char)name[1]) == 'x' ? 16 : 10;

    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        reading->value = (unsigned char)values[i];
        if (strcmp(name, names[i]) == 0)
            return true;
    }
    name += name[0] == '#' ? base == 16 ? 2 : 1 : strlen(name);
    reading->value = 0;
    for (const char *c = name; *c; c++) {
        int digit = digit_of((unsigned char)*c, base);
        if (digit < 0 || reading->value > 0x10ffff)
            return false;
        reading->value = reading->value * (uint32_t)base + (uint32_t)digit;
    }
    return *name && reading->value <= 0x10ffff;
}

static enum verdict read_entity(const struct unescape *decoder, struct reading *reading)
{
    char name[LONGEST_ESCAPE];

    for (size_t i = 1; i < decoder->count; i++) {
        unsigned char c = decoder->held[i].byte;
        name[i - 1] = '\0';
        if (c == ';') {
            reading->size = i + 1;
            return read_name(name, reading) ? ESCAPE : NONE;
        }
        if (!isalnum(c) && !(c == '#' && i == 1))
            return NONE;
        name[i - 1] = (char)c;
    }
    return decoder->count < LONGEST_ESCAPE ? BEGINNING : NONE;
}

static enum verdict read_escape(const struct unescape *decoder, bool is_over, struct reading *reading)
{
    *reading = (struct reading){0};
    switch (decoder->held[0].byte) {
    case '%':
        reading->is_byte = true;
        return read_hex(decoder, 1, 2, reading);
    case '\\':
        return read_backslash(decoder, is_over, reading);
    case '&':
        return read_entity(decoder, reading);
    default:
        return NONE;
    }
}

static void emit(struct unescape *decoder, unsigned char byte, size_t from, size_t to)
{
    if (!isspace(byte))
        decoder->out(decoder->context, &(struct text_byte){.byte = byte, .from = from, .to = to});
}

static void emit_character(struct unescape *decoder, const struct reading *reading, size_t from, size_t to)
{
    char bytes[4] = {(char)reading->value};
    size_t count = reading->is_byte ? 1 : utf8_encode(reading->value, bytes);

    for (size_t i = 0; i < count; i++)
        emit(decoder, (unsigned char)bytes[i], from, to);
}

/* Decides as much as can be decided of what is held. */
static void settle(struct unescape *decoder, bool is_over)
{
    while (decoder->count > 0) {
        struct reading reading;
        enum verdict verdict = read_escape(decoder, is_over, &reading);
        if (verdict == BEGINNING && !is_over)
            return;
        size_t size = verdict == ESCAPE ? reading.size : 1;
        struct text_byte first = decoder->held[0];
        size_t to = decoder->held[size - 1].to;
        decoder->count -= size;
        memmove(decoder->held, decoder->held + size, decoder->count * sizeof *decoder->held);
        if (verdict == ESCAPE)
            emit_character(decoder, &reading, first.from, to);
        else
            emit(decoder, first.byte, first.from, first.to);
    }
}

void unescape_push(struct unescape *decoder, const struct text_byte *one)
{
    if (decoder->count == 0 && one->byte != '%' && one->byte != '\\' && one->byte != '&') {
        emit(decoder, one->byte, one->from, one->to);
        return;
    }
    decoder->held[decoder->count++] = *one;
    settle(decoder, false);
}

void unescape_end(struct unescape *decoder)
{
    settle(decoder, true);
}
