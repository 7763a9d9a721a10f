/* base/interruption.c, base/delivery.c: when work should end, and whether an answer was read. */
#include "../../src/base/interruption.h"

#include "../../src/base/clock.h"
#include "../../src/base/delivery.h"
#include "check.h"

#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#define ENOUGH 30.0 /* seconds that no test may need */

static void reads_nothing_from_nowhere(void)
{
    int file = open("/dev/null", O_WRONLY);

    check(!delivery_has_reader(-1) && !delivery_has_reader(999), "a closed descriptor has no reader");
    check(delivery_has_reader(file), "what nobody can be seen to read counts as read");
    check(write(file, "x", 1) == 1 && delivery_wait(file, ENOUGH) == DELIVERY_TAKEN, "at once");
    close(file);
}

static void sees_the_end_of(int reader, int writer, const char *what, enum delivery at_the_end)
{
    char text[8];

    check(delivery_has_reader(writer), "%s: somebody reads", what);
    check(write(writer, "answer", 6) == 6, "%s: written", what);
    check(delivery_wait(writer, 0) == DELIVERY_UNKNOWN, "%s: and not read yet", what);
    check(read(reader, text, sizeof text) == 6, "%s: read", what);
    check(delivery_wait(writer, ENOUGH) == DELIVERY_TAKEN, "%s: taken", what);
    check(write(writer, "answer", 6) == 6, "%s: once more", what);
    check(read(reader, text, 3) == 3, "%s: half of it", what);
    close(reader);
    check(!delivery_has_reader(writer), "%s: nobody reads", what);
    check(delivery_wait(writer, ENOUGH) == at_the_end, "%s: what has become of the rest", what);
    close(writer);
}

static void sees_what_is_unread(void)
{
    int ends[2];

    check(pipe(ends) == 0, "a pipe");
    sees_the_end_of(ends[0], ends[1], "pipe", DELIVERY_LOST);
#ifdef __linux__
    check(socketpair(AF_UNIX, SOCK_STREAM, 0, ends) == 0, "a socket");
    sees_the_end_of(ends[0], ends[1], "socket", DELIVERY_UNKNOWN);
#endif
}

/* What was read to its end was taken, although nobody is there any more. */
static void knows_a_reader_that_has_left(void)
{
    int ends[2];
    char text[8];

    check(pipe(ends) == 0 && write(ends[1], "answer", 6) == 6, "a pipe");
    check(read(ends[0], text, sizeof text) == 6, "read");
    close(ends[0]);
    check(delivery_wait(ends[1], ENOUGH) == DELIVERY_TAKEN, "taken");
    close(ends[1]);
}

static void keeps_the_first_signal(void)
{
    interruption_catch();
    check(!interruption_reason(), "nothing yet");
    raise(SIGTERM);
    check_text("SIGTERM arrived", interruption_reason());
    interruption_end();
    check(!interruption_reason(), "forgotten");
}

/* The second signal, also another one, ends the process as it would have without us. */
static void ends_at_the_second(void)
{
    int status = 0;

    fflush(stdout);
    pid_t child = fork();
    if (child == 0) {
        interruption_catch();
        raise(SIGINT);
        raise(SIGTERM);
        _exit(0);
    }
    waitpid(child, &status, 0);
    check(WIFSIGNALED(status) && WTERMSIG(status) == SIGTERM, "it has ended: %d", status);
}

static void leaves_alone_what_is_ignored(void)
{
    signal(SIGHUP, SIG_IGN);
    interruption_catch();
    raise(SIGHUP);
    check(!interruption_reason(), "nohup holds");
    interruption_end();
    raise(SIGHUP);
    signal(SIGHUP, SIG_DFL);
}

static void wakes_for_a_reason(void)
{
    int ends[2];
    double began;

    check(pipe(ends) == 0, "a pipe");
    interruption_watch(ends[1]);
    check(!interruption_reason(), "somebody reads");
    interruption_sleep(0.01);
    check(!interruption_reason(), "still");
    fflush(stdout);
    if (fork() == 0) {
        close(ends[0]);
        close(ends[1]);
        _exit(0);
    }
    close(ends[0]);
    began = clock_now();
    interruption_sleep(ENOUGH);
    check(clock_now() - began < ENOUGH, "the wait is over");
    check_text("nobody reads the answer any more", interruption_reason());
    began = clock_now();
    interruption_sleep(0.05);
    check(clock_now() - began >= 0.05, "what comes afterwards is waited for to its end");
    close(ends[1]);
    check(interruption_reason() != NULL, "a reason stays one");
    interruption_end();
    while (wait(NULL) > 0)
        continue;
}

int main(void)
{
    signal(SIGINT, SIG_DFL); /* a shell ignores it for what it starts in the background */
    signal(SIGTERM, SIG_DFL);
    signal(SIGHUP, SIG_DFL);
    reads_nothing_from_nowhere();
    sees_what_is_unread();
    knows_a_reader_that_has_left();
    keeps_the_first_signal();
    ends_at_the_second();
    leaves_alone_what_is_ignored();
    wakes_for_a_reason();
    return check_report();
}
