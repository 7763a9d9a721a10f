/*
 * The text is read once. Each byte goes to the automaton of known secrets as it stands, and through decoders one behind the
 * other to automatons of their own: a secret that was escaped, wrapped, put into HTML or into base64, or all of that, is
 * found by what it is, and what is covered is its place in the text.
 *
 *   text ─┬─ as it stands
 *         ├─ "+" for a blank, as in forms
 *         └─ unescaped ─┬─ unescaped twice ─┬─ unescaped three times
 *                       │                   ├─ hexadecimal digits, from each of 2 places
 *                       │                   └─ base64, from each of 4 places
 */
#include "mask.h"

#include "known_secrets.h"
#include "secret_forms.h"
#include "unescape.h"

#include <ctype.h>
#include <stdint.h>
#include <string.h>

#define REMEMBERED 128 /* bytes back to the beginning of what was found: more than KNOWN_LONGEST */
#define LAYERS 3
#define LONGEST_TAIL 24 /* of an escape in an escape that was cut */
#define LEAST_HEX 5    /* bytes of a secret that count in digits, which no words are made of */
#define LEAST_BASE64 6 /* 8 characters */

static const char redacted[] = "<redacted>";

static struct buf covered; /* one byte for each of the text: 1 when it is part of a secret */
static const char *whole;  /* the text */
static size_t whole_length;

/* One reading of the text. */
struct reader {
    uint32_t state;
    size_t count; /* of bytes so far */
    struct text_byte seen[REMEMBERED];
    size_t run_from, run_to; /* tokens without a gap between them, by count; a run counts when its end does */
    uint8_t least;           /* bytes that count in an encoded reading, 0 in one of words */
};

/* Digits that stand for bytes, from the place `skip` of each run of them. */
struct encoded {
    struct reader reader;
    int (*value)(unsigned char byte);
    unsigned bits_each, bits, pending, skip, skipped;
    size_t from;
};

static struct reader plain, form;
static struct {
    struct unescape decoder;
    struct reader reader;
} layers[LAYERS];
static struct encoded encoded[6];

/* ---- what was found ------------------------------------------------------------------------------------------------ */

static void cover(const struct reader *reader, size_t bytes)
{
    const struct text_byte *first = &reader->seen[(reader->count - bytes) % REMEMBERED];
    const struct text_byte *last = &reader->seen[(reader->count - 1) % REMEMBERED];

    secret_forms_cover(&covered, first->from, last->to);
}

static bool is_end_or_dots(size_t at)
{
    const char *rest = whole + at;
    size_t left = whole_length - at;

    return left == 0 || (left >= 3 && (memcmp(rest, "...", 3) == 0 || memcmp(rest, "\xe2\x80\xa6", 3) == 0));
}

/* Whether the text was cut at the place: it ends there, or dots say so; maybe behind an escape, or what is left of one. */
static bool is_cut_at(size_t at)
{
    if (is_end_or_dots(at))
        return true;
    size_t end = at, most = at + LONGEST_TAIL < whole_length ? at + LONGEST_TAIL : whole_length;
    if (!strchr("%\\&", whole[at]))
        return false;
    while (end < most && whole[end] && (isalnum((unsigned char)whole[end]) || strchr("%\\&#;", whole[end])))
        end++;
    return is_end_or_dots(end);
}

static bool is_word(unsigned char byte, bool letters)
{
    return isalnum(byte) || byte == '_' || (letters && (byte == '-' || byte == '.'));
}

/* Whether a word goes on at the place, or is a key of JSON. */
static bool goes_on_at(size_t at, bool letters)
{
    if (at < whole_length && is_word((unsigned char)whole[at], letters))
        return true;
    while (at < whole_length && whole[at] == '\\')
        at++;
    if (!letters || at >= whole_length || whole[at] != '"')
        return false;
    for (at++; at < whole_length && isspace((unsigned char)whole[at]);)
        at++;
    return at < whole_length && whole[at] == ':';
}

/* A token counts as a word of its own; several without a gap are one. */
static void read_token(struct reader *reader, const struct known_secret *known)
{
    size_t from = reader->count - known->token;
    const struct text_byte *first = &reader->seen[from % REMEMBERED], *last = &reader->seen[(reader->count - 1) % REMEMBERED];
    bool continues = from > 0 && from == reader->run_to;

    if (!continues && from > 0) {
        const struct text_byte *before = &reader->seen[(from - 1) % REMEMBERED];
        if (before->to == first->from && is_word(before->byte, known->letters))
            return;
    }
    if (!continues)
        reader->run_from = first->from;
    reader->run_to = reader->count;
    if (!goes_on_at(last->to, known->letters))
        secret_forms_cover(&covered, reader->run_from, last->to);
}

static void read_byte(struct reader *reader, const struct text_byte *one)
{
    reader->seen[reader->count++ % REMEMBERED] = *one;
    reader->state = known_secrets_next(reader->state, one->byte);
    if (reader->state == KNOWN_START)
        return;
    const struct known_secret *known = known_secrets_at(reader->state);
    if (reader->least > 0) {
        size_t bytes = known->depth >= reader->least ? known->depth : known->complete;
        if (bytes > 0)
            cover(reader, bytes);
        return;
    }
    if (known->sure)
        cover(reader, known->sure);
    if (known->cut > known->sure && is_cut_at(one->to))
        cover(reader, known->cut);
    if (known->token > known->sure)
        read_token(reader, known);
}

/* ---- readings ---------------------------------------------------------------------------------------------------------- */

static int base64_value(unsigned char byte)
{
    if (isupper(byte))
        return byte - 'A';
    if (islower(byte))
        return byte - 'a' + 26;
    if (isdigit(byte))
        return byte - '0' + 52;
    return byte == '+' || byte == '-' ? 62 : byte == '/' || byte == '_' ? 63 : -1;
}

static int hex_value(unsigned char byte)
{
    return isdigit(byte) ? byte - '0' : isxdigit(byte) ? tolower(byte) - 'a' + 10 : -1;
}

static void read_encoded(struct encoded *encoding, const struct text_byte *one)
{
    int value = encoding->value(one->byte);

    if (value < 0) {
        encoding->bits = encoding->pending = encoding->skipped = 0;
        encoding->reader.state = KNOWN_START;
        return;
    }
    if (encoding->skipped < encoding->skip) {
        encoding->skipped++;
        return;
    }
    if (encoding->bits == 0)
        encoding->from = one->from;
    encoding->pending = (encoding->pending << encoding->bits_each | (unsigned)value) & 0xffff;
    encoding->bits += encoding->bits_each;
    if (encoding->bits < 8)
        return;
    encoding->bits -= 8;
    struct text_byte byte = {.from = encoding->from, .to = one->to,
                             .byte = (unsigned char)(encoding->pending >> encoding->bits)};
    encoding->from = one->from;
    read_byte(&encoding->reader, &byte);
}

static void read_digits(const struct text_byte *one)
{
    for (size_t i = 0; i < sizeof encoded / sizeof *encoded; i++)
        read_encoded(&encoded[i], one);
}

/* What came out of a decoder. */
static void read_layer(void *context, const struct text_byte *one)
{
    size_t layer = *(size_t *)context;

    read_byte(&layers[layer].reader, one);
    if (layer == 1)
        read_digits(one);
    if (layer + 1 < LAYERS)
        unescape_push(&layers[layer + 1].decoder, one);
}

/* The same where nothing is escaped: the other decoders would change nothing. */
static void read_unescaped(void *context, const struct text_byte *one)
{
    (void)context;
    read_byte(&layers[0].reader, one);
    read_digits(one);
}

static void begin(const char *text, size_t length)
{
    static size_t numbers[LAYERS];

    whole = text;
    whole_length = length;
    memset(&plain, 0, sizeof plain);
    memset(&form, 0, sizeof form);
    memset(layers, 0, sizeof layers);
    memset(encoded, 0, sizeof encoded);
    for (size_t i = 0; i < LAYERS; i++) {
        numbers[i] = i;
        layers[i].decoder = (struct unescape){.out = read_layer, .context = &numbers[i]};
    }
    for (unsigned i = 0; i < 6; i++)
        encoded[i] = (struct encoded){.value = i < 4 ? base64_value : hex_value, .bits_each = i < 4 ? 6 : 4,
                                      .skip = i < 4 ? i : i - 4, .reader.least = i < 4 ? LEAST_BASE64 : LEAST_HEX};
}

/* Of a form only blanks are other than in the text that is unescaped: "%2B" is found there. */
static void read_form(const struct text_byte *one)
{
    struct text_byte twin = *one;

    if (twin.byte == '+')
        twin.byte = ' ';
    read_byte(&form, &twin);
}

static bool has_escapes(const char *text, size_t length)
{
    for (size_t i = 0; i < length; i++)
        if (text[i] == '%' || text[i] == '\\' || text[i] == '&' || text[i] == '+')
            return true;
    return false;
}

static void cover_known(const char *text, size_t length)
{
    bool is_escaped = has_escapes(text, length);

    begin(text, length);
    if (!is_escaped)
        layers[0].decoder.out = read_unescaped;
    for (size_t i = 0; i < length; i++) {
        struct text_byte one = {.byte = (unsigned char)text[i], .from = i, .to = i + 1};
        read_byte(&plain, &one);
        if (is_escaped)
            read_form(&one);
        unescape_push(&layers[0].decoder, &one);
    }
    if (known_secrets_at(plain.state)->complete == length) /* a word, and the whole of what is said */
        secret_forms_cover(&covered, 0, length);
    for (size_t i = 0; i < LAYERS; i++)
        unescape_end(&layers[i].decoder);
}

/* ---- the text without it ------------------------------------------------------------------------------------------------ */

static bool cover_nothing(size_t length)
{
    static const char zeros[4096];

    buf_clear(&covered);
    for (size_t left = length; left > 0;) {
        size_t part = left < sizeof zeros ? left : sizeof zeros;
        if (!buf_append(&covered, zeros, part))
            return false;
        left -= part;
    }
    return true;
}

bool mask_append(struct buf *out, const char *text, size_t length)
{
    if (length == 0)
        return true;
    if (!known_secrets_ready() || !cover_nothing(length)) {
        buf_free(&covered); /* what failed once may do later */
        return false;
    }
    if (known_secrets_any())
        cover_known(text, length);
    secret_forms_find(&covered, text, length);
    for (size_t at = 0; at < length;) {
        char kind = covered.bytes[at];
        const char *end = memchr(covered.bytes + at, !kind, length - at);
        size_t next = end ? (size_t)(end - covered.bytes) : length;
        if (kind)
            buf_text(out, redacted);
        else
            buf_append(out, text + at, next - at);
        at = next;
    }
    return !out->failed;
}

void mask_forget(void)
{
    known_secrets_forget();
    begin(NULL, 0); /* what was read last goes */
    buf_free(&covered);
}
