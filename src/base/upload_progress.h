/* How far an upload is: on the status line of a terminal, elsewhere a line in the log every half a minute. */
#ifndef UPLOAD_PROGRESS_H
#define UPLOAD_PROGRESS_H

/* All 0 at the beginning. */
struct upload_progress {
    double began;
    double shown; /* when something was last written */
};

/* To be called every second or so. now: clock_now(); sent: the bytes that have left, of `size`. */
void upload_progress_note(struct upload_progress *progress, double now, long long sent, long long size);

#endif
