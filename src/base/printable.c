/* See printable.h. Names come from whoever may name a VM or a disk: none of them writes on an operator's terminal. */
#include "printable.h"

#include "utf8.h"

#include <string.h>

/* From and to, of Unicode: C1 controls, marks of direction, line separators, what has no width. */
static const unsigned long unsafe[][2] = {
    {0x80, 0x9f}, {0x61c, 0x61c}, {0x200b, 0x200b}, {0x200e, 0x200f}, {0x2028, 0x202e}, {0x2060, 0x206f}, {0xfeff, 0xfeff},
    {0xfff9, 0xfffb}, {0xe0000, 0xe007f},
};

static unsigned long character_at(const char *text, size_t size)
{
    static const unsigned char first[] = {0, 0x7f, 0x1f, 0x0f, 0x07};
    unsigned long value = (unsigned char)text[0] & first[size];

    for (size_t i = 1; i < size; i++)
        value = value << 6 | ((unsigned char)text[i] & 0x3f);
    return value;
}

static bool is_unsafe(unsigned long value)
{
    if (value < 0x20 || value == 0x7f)
        return true;
    for (size_t i = 0; i < sizeof unsafe / sizeof *unsafe; i++)
        if (value >= unsafe[i][0] && value <= unsafe[i][1])
            return true;
    return false;
}

/* Bytes of a colour that begins at `text`, 0 where none does. */
static size_t colour_at(const char *text, size_t length)
{
    size_t at = 2;

    if (length < 3 || text[0] != '\x1b' || text[1] != '[')
        return 0;
    while (at < length && ((text[at] >= '0' && text[at] <= '9') || text[at] == ';'))
        at++;
    return at < length && text[at] == 'm' ? at + 1 : 0;
}

static void escape(struct buf *out, unsigned long value)
{
    static const char letters[] = "nrt", values[] = "\n\r\t";
    const char *letter = value > 0 && value < 0x20 ? strchr(values, (int)value) : NULL;

    if (letter)
        buf_format(out, "\\%c", letters[letter - values]);
    else if (value > 0xffff) /* the two halves that JSON has for it */
        buf_format(out, "\\u%04lx\\u%04lx", 0xd800 + ((value - 0x10000) >> 10), 0xdc00 + ((value - 0x10000) & 0x3ff));
    else
        buf_format(out, "\\u%04lx", value);
}

size_t printable_one(struct buf *out, const char *text, size_t length, int allowed)
{
    size_t size = utf8_character(text, length);

    if (size == 0) {
        buf_format(out, "\\x%02x", (unsigned char)text[0]);
        return 1;
    }
    size_t colour = allowed & PRINTABLE_COLOURS ? colour_at(text, length) : 0;
    unsigned long value = character_at(text, size);
    bool is_allowed = colour > 0 || (value == '\n' && allowed & PRINTABLE_LINES) || (value == '\t' && allowed & PRINTABLE_TABS);
    size = colour > 0 ? colour : size;
    if (is_allowed || !is_unsafe(value))
        buf_append(out, text, size);
    else
        escape(out, value);
    return size;
}

void printable_append(struct buf *out, const char *text, size_t length, int allowed)
{
    for (size_t at = 0; at < length && !out->failed;)
        at += printable_one(out, text + at, length - at, allowed);
}
