/* What kind of secret some bytes are, by what they look like (secret_kind.h). */
#define _GNU_SOURCE /* memmem */

#include "secret_kind.h"

#include "secret_forms.h"

#include <ctype.h>
#include <string.h>

#define SHORTEST_WORDY 12 /* letters of one case: shorter than this they may be an ordinary word */

static bool is_letter(char c) { return isalpha((unsigned char)c) != 0; }

bool secret_is_of_letters(const char *bytes, size_t length)
{
    for (size_t i = 0; i < length; i++)
        if (!is_letter(bytes[i]))
            return false;
    return true;
}

/* As the words of a text are written: lower case, or upper case, or the first letter large. */
static bool is_of_one_case(const char *bytes, size_t length)
{
    bool lower = false, upper = false;

    for (size_t i = 1; i < length; i++) {
        lower = lower || islower((unsigned char)bytes[i]);
        upper = upper || isupper((unsigned char)bytes[i]);
    }
    return !(lower && upper) && !(upper && islower((unsigned char)bytes[0]));
}

static bool could_be_a_word(const char *bytes, size_t length)
{
    return secret_is_of_letters(bytes, length) && is_of_one_case(bytes, length);
}

/* URLs, paths and lines of dashes begin as others of their kind do. */
bool secret_begins_as_others(const char *bytes, size_t length)
{
    return bytes[0] == '/' || memmem(bytes, length, "://", 3) || (length >= 5 && memcmp(bytes, "-----", 5) == 0);
}

/* As keys and base64 look: letters and digits, in disorder. */
bool secret_is_dense(const char *bytes, size_t length)
{
    bool digit = false, lower = false, upper = false;
    int changes = 0, last = 0;

    for (size_t i = 0; i < length; i++) {
        unsigned char c = (unsigned char)bytes[i];
        if (!isalnum(c) && !strchr("+/=_-", c))
            return false;
        int class = isdigit(c) ? 1 : islower(c) ? 2 : isupper(c) ? 3 : last;
        changes += last && class != last;
        last = class;
        digit = digit || class == 1;
        lower = lower || class == 2;
        upper = upper || class == 3;
    }
    return changes >= 3 && digit + lower + upper >= 2;
}

enum secret_kind secret_kind_of(const char *bytes, size_t length)
{
    bool letters = secret_is_of_letters(bytes, length);

    if (letters && (length < SECRET_SHORTEST_STRONG || secret_forms_name(bytes, length)))
        return SECRET_WORD;
    if (length < SECRET_SHORTEST_STRONG || (letters && length < SHORTEST_WORDY && is_of_one_case(bytes, length)))
        return SECRET_TOKEN;
    return SECRET_STRONG;
}

/* Without white space there are less of them. A beginning that could be a word has to be longer to count anywhere. */
struct secret_measures secret_measures_of(const char *bytes, size_t length, bool without_space)
{
    size_t spaces = 0, anywhere = SECRET_SHORTEST_STRONG, cut = SECRET_SHORTEST_STRONG;

    while (anywhere < SHORTEST_WORDY && anywhere <= length && could_be_a_word(bytes, anywhere - 1))
        anywhere++;
    for (size_t i = 0; i < length && i < anywhere && without_space; i++) {
        spaces += isspace((unsigned char)bytes[i]) != 0;
        if (i + 1 == SECRET_SHORTEST_STRONG)
            cut -= spaces;
    }
    anywhere -= spaces;
    return (struct secret_measures){.cut = cut < SECRET_LEAST ? SECRET_LEAST : cut,
                             .anywhere = anywhere < SECRET_LEAST ? SECRET_LEAST : anywhere};
}
