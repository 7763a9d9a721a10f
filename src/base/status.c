/* The status line of a terminal. */
#include "status.h"

#include "buf.h"
#include "file.h"
#include "printable.h"

#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#define USUAL_WIDTH 80

static const char erase[] = "\r\033[K";
static bool is_shown;

bool status_is_possible(void)
{
    static int known = -1;

    if (known < 0) {
        const char *term = getenv("TERM");
        known = isatty(STDERR_FILENO) == 1 && term && *term && strcmp(term, "dumb") != 0;
    }
    return known;
}

static size_t width(void)
{
    struct winsize size;

    return ioctl(STDERR_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_col > 1 ? size.ws_col : USUAL_WIDTH;
}

/* The bytes of the first `columns` characters; each is taken to be one column wide. */
static size_t bytes_of(const char *text, size_t length, size_t columns)
{
    size_t at = 0;

    for (size_t column = 0; at < length && column < columns; column++)
        do
            at++;
        while (at < length && ((unsigned char)text[at] & 0xc0) == 0x80);
    return at;
}

void status_show(const char *text, size_t length)
{
    struct buf line = buf_new(0), clean = buf_new(0);

    if (length == 0)
        status_clear();
    if (length == 0 || !status_is_possible())
        return;
    printable_append(&clean, text, length, 0);
    buf_text(&line, erase);
    buf_append(&line, buf_string(&clean), bytes_of(buf_string(&clean), clean.length, width() - 1));
    if (!line.failed && !clean.failed)
        file_write_stream(STDERR_FILENO, buf_string(&line), line.length);
    is_shown = true;
    buf_wipe(&line);
    buf_wipe(&clean);
}

void status_clear(void)
{
    if (is_shown)
        file_write_stream(STDERR_FILENO, erase, sizeof erase - 1);
    is_shown = false;
}
