/* base/mask.c: each kind of secret, in each form in which a text can hold it, cut at every byte; and what stays as it is. */
#include "../../src/base/base64.h"
#include "../../src/base/known_secrets.h"
#include "../../src/base/mask.h"

#include "check.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#define LEAST 8      /* characters of a secret that say too much */
#define LEAST_HEX 10 /* digits */
#define LONGEST 4096

static struct buf masked;

static const char *mask(const char *text, size_t length)
{
    buf_clear(&masked);
    check(mask_append(&masked, text, length), "masked");
    return buf_string(&masked);
}

static void masks_to(const char *expected, const char *text)
{
    check_text(expected, mask(text, strlen(text)));
}

/* ---- forms: how one byte of a secret is written ---------------------------------------------------------------------- */

static void as_it_is(struct buf *out, unsigned char c) { buf_byte(out, (char)c); }

static void percent(struct buf *out, unsigned char c)
{
    if (isalnum(c) || c == '-' || c == '_')
        buf_byte(out, (char)c);
    else
        buf_format(out, "%%%02X", c);
}

static void lower_percent(struct buf *out, unsigned char c)
{
    if (isalnum(c))
        buf_byte(out, (char)c);
    else
        buf_format(out, "%%%02x", c);
}

static void all_percent(struct buf *out, unsigned char c) { buf_format(out, "%%%02x", c); }

static void percent_twice(struct buf *out, unsigned char c) { buf_format(out, "%%25%02x", c); }
static void html_twice(struct buf *out, unsigned char c) { buf_format(out, c < 0x80 ? "&amp;#%d;" : "%c", c); }

static void in_form(struct buf *out, unsigned char c)
{
    if (c == ' ')
        buf_byte(out, '+');
    else
        percent(out, c);
}

static void json(struct buf *out, unsigned char c)
{
    static const char from[] = "\b\f\n\r\t\"\\", to[] = "bfnrt\"\\";
    const char *at = c ? strchr(from, c) : NULL;

    if (at)
        buf_format(out, "\\%c", to[at - from]);
    else if (c < ' ')
        buf_format(out, "\\u%04x", c);
    else
        buf_byte(out, (char)c);
}

static void json_slash(struct buf *out, unsigned char c)
{
    if (c == '/')
        buf_text(out, "\\/");
    else if (c == '=' || c == '+' || c == '&' || c == '\'')
        buf_format(out, "\\u%04x", c);
    else
        json(out, c);
}

static void all_unicode(struct buf *out, unsigned char c)
{
    if (c < 0x80)
        buf_format(out, "\\u%04X", c);
    else
        buf_byte(out, (char)c);
}

static void json_twice(struct buf *out, unsigned char c)
{
    struct buf once = buf_new(0);

    json(&once, c);
    for (size_t i = 0; i < once.length; i++)
        json(out, (unsigned char)once.bytes[i]);
    buf_free(&once);
}

static void html(struct buf *out, unsigned char c)
{
    static const char from[] = "&<>\"'";
    static const char *const to[] = {"amp", "lt", "gt", "quot", "#39"};
    const char *at = c ? strchr(from, c) : NULL;

    if (at)
        buf_format(out, "&%s;", to[at - from]);
    else if (isalnum(c) || c >= 0x80)
        buf_byte(out, (char)c);
    else
        buf_format(out, c % 2 ? "&#%d;" : "&#x%X;", c);
}

static void html_in_json(struct buf *out, unsigned char c)
{
    struct buf once = buf_new(0);

    html(&once, c);
    for (size_t i = 0; i < once.length; i++)
        json_slash(out, (unsigned char)once.bytes[i]);
    buf_free(&once);
}

static void lua(struct buf *out, unsigned char c)
{
    if (c == '"' || c == '\\')
        buf_format(out, "\\%c", c);
    else if (c < ' ')
        buf_format(out, "\\%d", c);
    else
        buf_byte(out, (char)c);
}

static void wrapped(struct buf *out, unsigned char c)
{
    buf_byte(out, (char)c);
    if (out->length % 77 >= 75)
        buf_text(out, "\r\n");
}

static void lower_hex(struct buf *out, unsigned char c) { buf_format(out, "%02x", c); }
static void upper_hex(struct buf *out, unsigned char c) { buf_format(out, "%02X", c); }

static void for_urls(struct buf *out, unsigned char c)
{
    buf_byte(out, c == '+' ? '-' : c == '/' ? '_' : (char)c);
}

static const struct form {
    const char *name;
    void (*write)(struct buf *, unsigned char);
    bool is_hex;
} forms[] = {
    {"as it is", as_it_is, 0}, {"percent", percent, 0}, {"lower percent", lower_percent, 0}, {"all percent", all_percent, 0},
    {"form", in_form, 0}, {"JSON", json, 0}, {"JSON with \\/ and \\u003d", json_slash, 0}, {"all \\u", all_unicode, 0},
    {"JSON in JSON", json_twice, 0}, {"HTML", html, 0}, {"HTML in JSON", html_in_json, 0}, {"Lua", lua, 0},
    {"percent twice", percent_twice, 0}, {"HTML twice", html_twice, 0},
    {"wrapped", wrapped, 0}, {"hex", lower_hex, 1}, {"HEX", upper_hex, 1},
};

/* ---- secrets -------------------------------------------------------------------------------------------------------- */

static char user_data[2001];

static const char *const secrets[] = {
    "aB3dEf6hIjK9mNoPqRs2tUvWxYz5AbCdEfGh7jKlMnOpQrStUvWxYz8-_aBcDeFgHiJkLmNoPqRsTuVwXyZ01", "S3cret/with+all=of&it",
    "p\"w\\d'<x>&amp;/=", "with\rreturn\band\ttab", "mbus-password", "registry-password-42", "correct horse battery staple",
    "100%41sure%2Fthing", "hunterkeyhunterkey", "\xc3\xa4\xc3\xb6\xc3\xbc-Passw0rt", "C:\\new\\table\\u0041", user_data,
};

static void make_user_data(void)
{
    static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    unsigned seed = 7;

    for (size_t i = 0; i + 1 < sizeof user_data; i++) {
        seed = seed * 1103515245u + 12345u;
        user_data[i] = digits[seed >> 16 & 63];
    }
}

static void registered(void)
{
    for (size_t i = 0; i < sizeof secrets / sizeof *secrets; i++)
        check(known_secrets_add(secrets[i], strlen(secrets[i])), "registered");
}

/* ---- leaks ------------------------------------------------------------------------------------------------------------- */

/* The secret's first `bytes` bytes, as the form has them. */
static void write_form(struct buf *out, const struct form *form, const char *secret, size_t bytes)
{
    buf_clear(out);
    for (size_t i = 0; i < bytes; i++)
        form->write(out, (unsigned char)secret[i]);
}

/* Is the beginning that says too much in what is left of the text "<before><form, cut><after>"? */
static void check_cut(const struct form *form, const char *secret, const char *text, size_t cut, const char *after)
{
    static struct buf whole, least;
    const char *before = "no such thing: '";

    buf_clear(&whole);
    buf_text(&whole, before);
    buf_append(&whole, text, cut);
    buf_text(&whole, after);
    const char *left = mask(whole.bytes, whole.length);
    write_form(&least, form, secret, form->is_hex ? LEAST_HEX / 2 : LEAST);
    const char *found = cut < least.length ? NULL : strstr(left, buf_string(&least));
    check(!found, "%s of %.20s, cut at %zu and then '%s': %s", form->name, secret, cut, after, left);
    check(strncmp(left, before, strlen(before)) == 0, "what is before it stays: %s", left);
}

static void cuts_of_every_form_are_masked(void)
{
    static struct buf text;

    for (size_t i = 0; i < sizeof forms / sizeof *forms; i++) {
        for (size_t j = 0; j < sizeof secrets / sizeof *secrets; j++) {
            write_form(&text, &forms[i], secrets[j], strlen(secrets[j]));
            for (size_t cut = 1; cut <= text.length; cut += text.length > 700 && cut > 100 ? 97 : 1) {
                check_cut(&forms[i], secrets[j], text.bytes, cut, "");
                check_cut(&forms[i], secrets[j], text.bytes, cut, "...");
            }
            check_cut(&forms[i], secrets[j], text.bytes, text.length, "' is wrong");
        }
    }
    buf_free(&text);
}

static void whole_forms_are_one_mask(void)
{
    static struct buf text;

    for (size_t i = 0; i < sizeof forms / sizeof *forms; i++) {
        for (size_t j = 0; j < sizeof secrets / sizeof *secrets; j++) {
            write_form(&text, &forms[i], secrets[j], strlen(secrets[j]));
            struct buf whole = buf_new(0);
            buf_format(&whole, "[%s] is it", text.bytes);
            const char *left = mask(whole.bytes, whole.length);
            /* A line break at the very end is behind the secret. */
            bool is_good = strcmp(left, "[<redacted>] is it") == 0 || strcmp(left, "[<redacted>\r\n] is it") == 0;
            check(is_good, "%s of %.20s: %s", forms[i].name, secrets[j], left);
            buf_free(&whole);
        }
    }
    buf_free(&text);
}

/* base64 of "user:secret", at each of the three places that a secret can begin. */
static void base64_is_masked(void)
{
    static const char *const users[] = {"", "u:", "me:", "bosh-user:", "agent"};

    for (size_t i = 0; i < sizeof users / sizeof *users; i++) {
        for (size_t j = 0; j < sizeof secrets / sizeof *secrets; j++) {
            struct buf plain = buf_new(0), code = buf_new(0), text = buf_new(0), inner = buf_new(0);
            buf_format(&plain, "%s%s", users[i], secrets[j]);
            char *digits = calloc(1, base64_encoded_size(plain.length) + 1);
            base64_encode(plain.bytes, plain.length, digits);
            buf_text(&code, digits);
            free(digits);
            size_t user = strlen(users[i]);
            size_t first = (user * 8 + 5) / 6; /* the first character that only the secret has a part in */
            if (code.length < first + LEAST)
                continue;
            buf_append(&inner, code.bytes + first, LEAST);
            for (size_t cut = first + LEAST; cut <= code.length; cut += cut > 200 ? 101 : 1) {
                for (int kind = 0; kind < 3; kind++) {
                    buf_clear(&text);
                    buf_text(&text, "Basic ");
                    for (size_t at = 0; at < cut; at++) {
                        if (kind == 1)
                            for_urls(&text, (unsigned char)code.bytes[at]);
                        else if (kind == 2)
                            json_slash(&text, (unsigned char)code.bytes[at]);
                        else
                            buf_byte(&text, code.bytes[at]);
                    }
                    const char *left = mask(text.bytes, text.length);
                    /* A few characters at the beginning are also of what is before. */
                    size_t most = strlen("Basic ") + first + LEAST + (cut == code.length ? 0 : 2) + strlen("<redacted>");
                    check(!strstr(left, inner.bytes) && strlen(left) <= most + LEAST, "%s%.20s cut at %zu: %s", users[i],
                          secrets[j], cut, left);
                }
            }
            buf_free(&plain);
            buf_free(&code);
            buf_free(&text);
            buf_free(&inner);
        }
    }
}

/* What is in the middle of a long secret is known too; at its edges 7 characters can stay. */
static void pieces_of_user_data_are_masked(void)
{
    size_t length = strlen(user_data);

    for (size_t from = 0; from + 100 <= length; from += 13) {
        char text[200];
        snprintf(text, sizeof text, "...%.100s...", user_data + from);
        const char *left = mask(text, strlen(text));
        const char *at = strstr(left, "<redacted>");
        check(at && at - left <= 3 + 7 && strlen(at) <= 10 + 7 + 3, "from %zu: %s", from, left);
    }
    struct buf text = buf_new(0);
    for (size_t i = 0; i < length; i++)
        for_urls(&text, (unsigned char)user_data[i]);
    masks_to("<redacted>", text.bytes);
    buf_free(&text);
}

/* ---- what is known by its form alone ------------------------------------------------------------------------------------ */

static void values_beside_names_are_masked(void)
{
    masks_to("{\"password\":\"<redacted>\"}", "{\"password\":\"ab\\\"REST\"}");
    masks_to("{\"password\":\"<redacted>\",\"a\":1}", "{\"password\":\"ab\\\\\",\"a\":1}");
    masks_to("\"{\\\"password\\\":\\\"<redacted>\\\",\\\"a\\\":1}\"", "\"{\\\"password\\\":\\\"ab\\\\\\\"REST\\\",\\\"a\\\":1}\"");
    masks_to("{\"password\":\"<redacted>", "{\"password\":\"ab and no end, \\");
    masks_to("password: <redacted>", "password: x");
    masks_to("password: <redacted>\nuser: y", "password: x\nuser: y");
    masks_to("password: \"<redacted>\", y", "password: \"x, \\\"z\", y");
    masks_to("'password' => '<redacted>'", "'password' => 'x y'");
    masks_to("password=\"<redacted>\" y", "password=\"x z\" y");
    masks_to("Authorization: <redacted>\r\nHost: x", "Authorization: Basic dXNlcjpwdw==\r\nHost: x");
    masks_to("authorization: <redacted>", "authorization: Bearer x y");
    masks_to("{\"Authorization\":\"<redacted>\"}", "{\"Authorization\":\"Basic dXNl\"}");
    masks_to("http:\\/\\/<redacted>@host\\/p", "http:\\/\\/user:word@host\\/p");
    masks_to("agent.password: must be a string", "agent.password: must be a string");
    masks_to("the password is wrong, the signature too", "the password is wrong, the signature too");
}

static void ordinary_words_stay(void)
{
    static const char *const words[] = {"secret", "password", "Password", "apikey", "admin", "key"};

    for (size_t i = 0; i < sizeof words / sizeof *words; i++)
        known_secrets_add(words[i], strlen(words[i]));
    known_secrets_add("cloudstack", 10);
    known_secrets_add("key1", 4);
    known_secrets_add("hunter2", 7);
    masks_to("cloudstack.secret_access_key: the secret of the admin's password",
             "cloudstack.secret_access_key: the secret of the admin's password");
    masks_to("{\"secret\":1,\"admin\":{}}", "{\"secret\":1,\"admin\":{}}");
    masks_to("{\"cloudstack\":{\"cloudstack.endpoint\":1}} cloudstack-cpi cloudstack_cpi",
             "{\"cloudstack\":{\"cloudstack.endpoint\":1}} cloudstack-cpi cloudstack_cpi");
    masks_to("it is <redacted>, \"<redacted>\"", "it is cloudstack, \"cloudstack\"");
    masks_to("{\"password\":\"<redacted>\",\"x\":\"secret\"} password=<redacted>",
             "{\"password\":\"secret\",\"x\":\"secret\"} password=secret");
    masks_to("Basic dXNlcj<redacted>=", "Basic dXNlcjpzZWNyZXQ="); /* user:secret */
    masks_to("<redacted>", "admin");
    masks_to("c4key15f <redacted>", "c4key15f key1");
    masks_to("hunter2x xhunter2 <redacted> (<redacted>) %3A<redacted>", "hunter2x xhunter2 hunter2hunter2 (hunter2) %3Ahunter2");
}

/* Shapes that made a search look at the same text again and again. A quadratic one would not end. */
static void large_texts_end(void)
{
    static const char *const shapes[] = {"-----BEGIN ", "password\":\"", "password=\"", "://", "%", "\\", "&#", "aB3dEf6hIjK9mNoP",
                                         "-----BEGIN PRIVATE KEY-----", "a", "hunter2", "Authorization: ", ":\\", "' \"\\\"", "\\ud83d"};
    size_t length = 2u << 20;
    char *text = malloc(length);

    for (size_t i = 0; i < sizeof shapes / sizeof *shapes; i++) {
        size_t size = strlen(shapes[i]);
        for (size_t at = 0; at < length; at++)
            text[at] = shapes[i][at % size];
        buf_clear(&masked);
        check(mask_append(&masked, text, length), "%s", shapes[i]);
    }
    free(text);
}

int main(void)
{
    make_user_data();
    registered();
    whole_forms_are_one_mask();
    cuts_of_every_form_are_masked();
    base64_is_masked();
    pieces_of_user_data_are_masked();
    values_beside_names_are_masked();
    ordinary_words_stay();
    large_texts_end();
    mask_forget();
    masks_to("mbus-password", "mbus-password");
    mask_forget();
    buf_free(&masked);
    return check_report();
}
