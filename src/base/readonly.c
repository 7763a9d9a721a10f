/* The vow to change nothing outside this process: once taken it holds for the life of the scripts. */
#include "readonly.h"

#include <string.h>

/* What a command that reads begins with. "get" is none of these: some that begin so make something. */
static const char *const reading[] = {"list", "query"};

static bool on;

void readonly_begin(void)
{
    on = true;
}

bool readonly_is_on(void)
{
    return on;
}

bool readonly_allows(const char *command)
{
    for (size_t i = 0; i < sizeof reading / sizeof *reading; i++) {
        size_t length = strlen(reading[i]);
        /* "listing" is no "list": what follows is a word of its own */
        if (strncmp(command, reading[i], length) == 0 && command[length] >= 'A' && command[length] <= 'Z')
            return true;
    }
    return !on;
}

void readonly_end(void)
{
    on = false;
}
