/* See program.h. */
#define _GNU_SOURCE /* posix_spawn_file_actions_addchdir_np */
#include "program.h"

#include "clock.h"
#include "descriptors.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#define CHUNK 16384
#define SLICE 0.002 /* seconds between two looks at a child that has closed its output and lives on */

extern char **environ;

/* ---- where it is ---------------------------------------------------------------------------------------------------- */

static bool is_program(const char *path)
{
    struct stat status;
    return stat(path, &status) == 0 && S_ISREG(status.st_mode) && access(path, X_OK) == 0;
}

/* Looks in the directories of a list, as PATH has them; a relative one would be another one in the program's directory. */
static bool find_in(const char *list, const char *name, char path[PROGRAM_PATH])
{
    while (list && *list) {
        size_t length = strcspn(list, ":");
        int written = snprintf(path, PROGRAM_PATH, "%.*s/%s", (int)length, list, name);
        if (*list == '/' && written < PROGRAM_PATH && is_program(path))
            return true;
        list += length + (list[length] == ':');
    }
    return false;
}

bool program_find(const char *name, char path[PROGRAM_PATH])
{
    if (strchr(name, '/'))
        return snprintf(path, PROGRAM_PATH, "%s", name) < PROGRAM_PATH && is_program(path);
    return find_in(getenv("PATH"), name, path) || find_in("/usr/local/sbin:/usr/sbin:/sbin:/usr/bin:/bin", name, path);
}

/* ---- its start ------------------------------------------------------------------------------------------------------ */

struct program program_new(size_t most)
{
    return (struct program){.ends = {-1, -1}, .kept = {buf_new(most), buf_new(most)}};
}

/* Our environment with LC_ALL=C: what a program says is read. NULL without memory; to be freed. */
static char **english(void)
{
    static char plain[] = "LC_ALL=C";
    size_t count = 0, kept = 0;

    while (environ && environ[count])
        count++;
    char **list = calloc(count + 2, sizeof *list);
    for (size_t i = 0; list && i < count; i++)
        if (strncmp(environ[i], "LC_ALL=", 7) != 0)
            list[kept++] = environ[i];
    if (list)
        list[kept] = plain;
    return list;
}

static int describe(posix_spawn_file_actions_t *actions, const int out[2], const int err[2], const char *directory,
                    const char *output)
{
    int problem = posix_spawn_file_actions_addopen(actions, STDIN_FILENO, "/dev/null", O_RDONLY, 0);

    problem = problem || !output ? problem
              : posix_spawn_file_actions_addopen(actions, STDOUT_FILENO, output, O_WRONLY | O_CREAT | O_EXCL, S_IRUSR | S_IWUSR);
    problem = problem || output ? problem : posix_spawn_file_actions_adddup2(actions, out[1], STDOUT_FILENO);
    problem = problem ? problem : posix_spawn_file_actions_adddup2(actions, err[1], STDERR_FILENO);
    /* The last: the path of the output is ours. */
    return problem || !directory ? problem : posix_spawn_file_actions_addchdir_np(actions, directory);
}

static int spawn(pid_t *child, const char *path, char *const words[], const posix_spawn_file_actions_t *actions)
{
    posix_spawnattr_t attributes;
    sigset_t defaults;
    char **environment = english();
    int problem = environment ? posix_spawnattr_init(&attributes) : ENOMEM;

    if (problem) {
        free(environment);
        return problem;
    }
    sigemptyset(&defaults);
    sigaddset(&defaults, SIGPIPE);
    posix_spawnattr_setsigdefault(&attributes, &defaults);
    posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETSIGDEF);
    descriptors_keep();
    problem = posix_spawn(child, path, actions, &attributes, words, environment);
    posix_spawnattr_destroy(&attributes);
    free(environment);
    return problem;
}

static bool open_pipe(int ends[2])
{
    if (pipe(ends) != 0) {
        ends[0] = ends[1] = -1;
        return false;
    }
    for (int i = 0; i < 2; i++)
        fcntl(ends[i], F_SETFD, FD_CLOEXEC);
    fcntl(ends[0], F_SETFL, O_NONBLOCK);
    return true;
}

static void close_end(int *fd)
{
    if (*fd >= 0)
        close(*fd);
    *fd = -1;
}

bool program_start(struct program *program, char *const words[], const char *directory, const char *output,
                   struct fault *fault)
{
    char path[PROGRAM_PATH];
    int out[2] = {-1, -1}, err[2] = {-1, -1};
    posix_spawn_file_actions_t actions;

    if (!program_find(words[0], path))
        return fault_set(fault, "%s: there is no such program", words[0]);
    int problem = open_pipe(out) && open_pipe(err) ? 0 : errno;
    problem = problem ? problem : posix_spawn_file_actions_init(&actions);
    if (!problem) {
        problem = describe(&actions, out, err, directory, output);
        problem = problem ? problem : spawn(&program->child, path, words, &actions);
        posix_spawn_file_actions_destroy(&actions);
    }
    close_end(&out[1]);
    close_end(&err[1]);
    program->ends[0] = out[0];
    program->ends[1] = err[0];
    if (!problem)
        return true;
    program->child = 0;
    close_end(&program->ends[0]);
    close_end(&program->ends[1]);
    return fault_set(fault, "%s: %s", words[0], strerror(problem));
}

/* ---- while it runs -------------------------------------------------------------------------------------------------- */

/* Takes what there is; what is more than is kept is thrown away, so that the program is never held up. */
static void drain(int *fd, struct buf *kept)
{
    char chunk[CHUNK];
    ssize_t got;

    while (*fd >= 0 && (got = read(*fd, chunk, sizeof chunk)) != 0) {
        if (got < 0 && errno == EINTR)
            continue;
        if (got < 0 && errno == EAGAIN)
            return;
        if (got < 0)
            break;
        size_t room = kept->ceiling - kept->length;
        buf_append(kept, chunk, (size_t)got < room ? (size_t)got : room);
    }
    close_end(fd);
}

/* Until something is written, the time is over, or a signal arrives: false then. */
static bool poll_ends(struct program *program, double seconds)
{
    struct pollfd ends[2] = {{.fd = program->ends[0], .events = POLLIN}, {.fd = program->ends[1], .events = POLLIN}};

    if (poll(ends, 2, seconds > 0 ? (int)(seconds * 1000) + 1 : 0) <= 0)
        return false;
    for (int i = 0; i < 2; i++)
        if (ends[i].revents)
            drain(&program->ends[i], &program->kept[i]);
    return true;
}

static bool has_ended(struct program *program)
{
    pid_t got = waitpid(program->child, &program->status, WNOHANG);

    if (got == 0 || (got < 0 && errno == EINTR))
        return false;
    if (got < 0)
        program->status = SIGKILL; /* its end is unknown, and may not count as a success */
    program->child = 0;
    for (int i = 0; i < 2; i++)
        drain(&program->ends[i], &program->kept[i]);
    return true;
}

bool program_wait(struct program *program, double seconds)
{
    double end = clock_now() + seconds;

    while (program->child > 0 && !has_ended(program)) {
        double left = end - clock_now();
        bool is_open = program->ends[0] >= 0 || program->ends[1] >= 0;
        if (left <= 0 || (is_open && !poll_ends(program, left) && clock_now() < end))
            return false;
        if (!is_open)
            clock_sleep(left < SLICE ? left : SLICE);
    }
    return true;
}

void program_stop(struct program *program)
{
    if (program->child > 0) {
        kill(program->child, SIGKILL);
        while (waitpid(program->child, NULL, 0) < 0 && errno == EINTR)
            ;
        program->status = SIGKILL;
    }
    program->child = 0;
    for (int i = 0; i < 2; i++) {
        close_end(&program->ends[i]);
        buf_free(&program->kept[i]);
    }
}
