/* How far an upload is. */
#include "upload_progress.h"

#include "log.h"
#include "status.h"

#include <stdio.h>
#include <string.h>

#define MEGABYTE 1048576.0
#define STATUS_SECONDS 0.5 /* between two status lines */
#define LOG_SECONDS 30.0   /* between two lines in the log */

/* "uploading: 812 of 1024 MB, 81.2 MB/s, 3 s left" */
static void describe(char *text, size_t room, double seconds, long long sent, long long size)
{
    double rate = seconds > 0 ? (double)sent / seconds : 0;
    int length = snprintf(text, room, "uploading: %.0f of %.0f MB, %.1f MB/s", (double)sent / MEGABYTE, (double)size / MEGABYTE,
                          rate / MEGABYTE);

    if (sent >= size && length > 0 && (size_t)length < room)
        snprintf(text + length, room - (size_t)length, "; waiting for the answer");
    else if (rate > 0 && length > 0 && (size_t)length < room)
        snprintf(text + length, room - (size_t)length, ", %.0f s left", (double)(size - sent) / rate);
}

void upload_progress_note(struct upload_progress *progress, double now, long long sent, long long size)
{
    bool to_terminal = status_is_possible();
    char text[160];

    if (sent <= 0 || size <= 0)
        return;
    if (progress->began == 0)
        progress->began = progress->shown = now;
    if (now - progress->shown < (to_terminal ? STATUS_SECONDS : LOG_SECONDS))
        return;
    progress->shown = now;
    describe(text, sizeof text, now - progress->began, sent, size);
    if (to_terminal)
        status_show(text, strlen(text));
    else
        log_write(LOG_INFO, text, strlen(text));
}
