/* The switch that forbids changes outside this process: once on, it stays on as long as the scripts live. */
#include "readonly.h"

#include <string.h>

/* The first words of commands that read. "get" is not among them: some commands that begin with it make something. */
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
        /* "listing" is not "list": a new word follows */
        if (strncmp(command, reading[i], length) == 0 && command[length] >= 'A' && command[length] <= 'Z')
            return true;
    }
    return !on;
}

void readonly_end(void)
{
    on = false;
}
