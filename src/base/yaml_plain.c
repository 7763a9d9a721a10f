/* What a plain scalar of YAML is. See yaml_plain.h. */
#include "yaml_plain.h"

#include <ctype.h>
#include <string.h>
#include <strings.h>

#define DIGITS "0123456789"

static bool is_one_of(const char *const *words, const char *text, int (*compare)(const char *, const char *))
{
    for (; *words; words++)
        if (compare(*words, text) == 0)
            return true;
    return false;
}

static const char *over(const char *p, const char *set)
{
    return p + strspn(p, set);
}

static bool is_digit(char c)
{
    return isdigit((unsigned char)c) != 0;
}

/* ---- numbers --------------------------------------------------------------------------------------------------------- */

/* 5, -1.5: a number to everybody, JSON's readers too. */
static bool is_number(const char *p)
{
    p += *p == '-';
    if (*p == '0' && is_digit(p[1]))
        return false;
    const char *end = over(p, DIGITS);
    if (end == p)
        return false;
    if (*end == '.' && is_digit(end[1]))
        end = over(end + 1, DIGITS);
    return !*end;
}

/* 017, .5, 5., 1e5, 1_000, and with Psych 80,443. */
static bool is_decimal(const char *p)
{
    if (!is_digit(p[*p == '.']))
        return false;
    p = over(p, DIGITS "_,");
    if (*p == '.')
        p = over(p + 1, DIGITS "_");
    if (*p == 'e' || *p == 'E') {
        p += p[1] == '+' || p[1] == '-' ? 2 : 1;
        return is_digit(*p) && !*over(p, DIGITS);
    }
    return !*p;
}

/* 0x1F, 0o17, 0b11. */
static bool has_base(const char *p)
{
    int base = *p == '0' ? tolower((unsigned char)p[1]) : 0;
    const char *digits = base == 'x' ? DIGITS "abcdefABCDEF_," : base == 'o' ? "01234567_," : base == 'b' ? "01_," : NULL;

    return digits && p[2] && !*over(p + 2, digits);
}

/* 12:30, 1:20:30.5: of base 60. */
static bool is_of_sixties(const char *p)
{
    int groups = 0;

    if (!is_digit(*p))
        return false;
    for (p = over(p, DIGITS "_"); *p == ':'; groups++) {
        const char *group = ++p;
        p = over(p, DIGITS);
        if (p == group || p - group > 2 || (p - group == 2 && *group > '5'))
            return false;
    }
    if (groups > 0 && *p == '.')
        p = over(p + 1, DIGITS "_");
    return groups > 0 && !*p;
}

static bool is_number_to_some(const char *p)
{
    static const char *const words[] = {".inf", ".nan", NULL};

    p += *p == '-' || *p == '+';
    return is_decimal(p) || has_base(p) || is_of_sixties(p) || is_one_of(words, p, strcasecmp);
}

/* 2001-01-31, and with a time behind it. */
static bool is_date(const char *p)
{
    static const int most[] = {4, 2, 2};

    for (int i = 0; i < 3; i++) {
        const char *begin = p;
        p = over(p, DIGITS);
        if (p == begin || p - begin > most[i] || (i == 0 && p - begin < 4) || (i < 2 && *p++ != '-'))
            return false;
    }
    return !*p || strchr("Tt \t", *p);
}

/* ---- all ------------------------------------------------------------------------------------------------------------- */

/* The reason why readers differ on the text; NULL where they do not. */
static const char *doubt(const char *text)
{
    static const char *const switches[] = {"yes", "no", "on", "off", "y", "n", NULL};
    static const char *const words[] = {"true", "false", "null", NULL};

    if (is_one_of(switches, text, strcasecmp))
        return "yes, no, on and off are booleans to some readers: write true or false, or quotes around a text";
    if (is_one_of(words, text, strcasecmp))
        return "true, false and null in letters of both cases are texts to some readers: write small letters, or quotes around a text";
    if (is_number_to_some(text))
        return "a number in this form is a text or another number to some readers: write it like 5 or -1.5, or quotes around a text";
    if (is_date(text))
        return "a date is a text to some readers: write quotes around it";
    if (*text == ':')
        return "a text that begins with a colon is a symbol to Ruby: write quotes around it";
    return NULL;
}

bool yaml_plain_kind(const char *text, enum yaml_kind *kind, const char **why)
{
    static const char *const nulls[] = {"", "~", "null", "Null", "NULL", NULL}, *const trues[] = {"true", "True", "TRUE", NULL},
                      *const falses[] = {"false", "False", "FALSE", NULL};

    *kind = YAML_TEXT;
    if (is_one_of(nulls, text, strcmp))
        *kind = YAML_NULL;
    else if (is_one_of(trues, text, strcmp))
        *kind = YAML_TRUE;
    else if (is_one_of(falses, text, strcmp))
        *kind = YAML_FALSE;
    else if (is_number(text))
        *kind = YAML_NUMBER;
    else if ((*why = doubt(text)) != NULL)
        return false;
    return true;
}
