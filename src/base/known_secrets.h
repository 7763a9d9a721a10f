/* The secrets that were registered, as one automaton: each byte of a text moves it on by one step. */
#ifndef KNOWN_SECRETS_H
#define KNOWN_SECRETS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define KNOWN_SHORTEST 4 /* bytes; what is shorter is not registered */
#define KNOWN_LONGEST 64 /* bytes that one state remembers; a longer secret is known by pieces that overlap */
#define KNOWN_START 0u

/*
 * How many bytes before the place of a state belong to a secret, 0 for none. Which of the counts applies is decided by
 * what is around them (mask.c):
 *   sure      wherever they stand: a secret, or 8 bytes and more of one that no ordinary text has
 *   cut       where the text was cut behind them: the first 8 bytes and more of a secret
 *   token     as a word of its own: a short secret
 *   letters   the token is of letters alone, and may be the name of something
 *   complete  a whole secret of any kind: where the text is an encoded one, which has no ordinary words
 *   depth     the first bytes of a secret or of a piece, however few
 */
struct known_secret {
    uint8_t sure, cut, token, complete, depth;
    bool letters;
};

/*
 * From now on the bytes are a secret. Lines of a text of several lines are secrets too, and so is what is left of it without
 * its line breaks and its lines of dashes. False without memory.
 */
bool known_secrets_add(const char *bytes, size_t length);

/* Whether the bytes would be masked wherever they stand. Shorter and plainer secrets are not, so that ordinary words stay. */
bool known_secrets_is_strong(const char *bytes, size_t length);

/* Makes ready what was added; false when there is no memory for it. To be called before known_secrets_next. */
bool known_secrets_ready(void);

/* The state behind one more byte. */
uint32_t known_secrets_next(uint32_t state, unsigned char byte);
const struct known_secret *known_secrets_at(uint32_t state);

bool known_secrets_any(void);

/* Overwrites and frees everything. */
void known_secrets_forget(void);

#endif
