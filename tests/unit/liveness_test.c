/* base/liveness.c: who is still there, by locks. */
#include "../../src/base/liveness.h"

#include "check.h"

#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

static char directory[] = "/tmp/liveness_test.XXXXXX";
static char path[64];

/* A process that has claimed its identity and waits for its end. */
static pid_t start(char identity[LIVENESS_IDENTITY_SIZE])
{
    int pipes[2];
    struct fault fault = {""};

    identity[0] = '\0';
    if (pipe(pipes) != 0)
        return -1;
    fflush(stdout);
    pid_t child = fork();
    if (child == 0) {
        liveness_close();
        liveness_use(path);
        if (!liveness_claim(identity, &fault))
            fprintf(stderr, "%s\n", fault.text);
        if (write(pipes[1], identity, LIVENESS_IDENTITY_SIZE) != LIVENESS_IDENTITY_SIZE)
            _exit(1);
        for (;;)
            pause();
    }
    check(read(pipes[0], identity, LIVENESS_IDENTITY_SIZE) == LIVENESS_IDENTITY_SIZE && *identity, "it has an identity");
    close(pipes[0]);
    close(pipes[1]);
    return child;
}

/* Kills it; before anybody has waited for it, its locks are free. */
static void end(pid_t child)
{
    siginfo_t what;

    kill(child, SIGKILL);
    waitid(P_PID, (id_t)child, &what, WEXITED | WNOWAIT);
}

static void knows_itself(void)
{
    char identity[LIVENESS_IDENTITY_SIZE], again[LIVENESS_IDENTITY_SIZE];
    struct fault fault = {""};
    struct stat status;

    check(liveness_claim(identity, &fault) && liveness_is_alive(identity), "%s: %s", identity, fault.text);
    check(liveness_claim(again, &fault), "a second time");
    check_text(identity, again);
    check(stat(path, &status) == 0 && (status.st_mode & 0777) == 0600, "the file is its owner's alone");
    liveness_close();
    liveness_use(path);
    check(!liveness_is_alive(identity), "it has given up its lock");
}

static void knows_others(void)
{
    char one[LIVENESS_IDENTITY_SIZE], two[LIVENESS_IDENTITY_SIZE];
    pid_t first = start(one), second = start(two);

    check(strcmp(one, two) != 0, "each has its own");
    check(liveness_is_alive(one) && liveness_is_alive(two), "both are there");
    end(first);
    check(!liveness_is_alive(one), "a zombie has ended");
    check(liveness_is_alive(two), "the other one has not");
    waitpid(first, NULL, 0);
    check(!liveness_is_alive(one), "nor is it there afterwards");
    end(second);
    waitpid(second, NULL, 0);
}

/* A lock on the file that was there says nothing to those who look at another one. */
static void keeps_what_it_cannot_know(void)
{
    char one[LIVENESS_IDENTITY_SIZE], other[LIVENESS_IDENTITY_SIZE], text[LIVENESS_IDENTITY_SIZE + 40];
    struct fault fault = {""};
    pid_t child = start(one);

    unlink(path);
    check(liveness_is_alive(one), "the file is gone");
    check(liveness_claim(other, &fault), "%s", fault.text);
    check(liveness_is_alive(one), "the file is another one");
    end(child);
    check(liveness_is_alive(one), "and nobody can tell");
    waitpid(child, NULL, 0);
    snprintf(text, sizeof text, "%.*s.00000000-0000-0000-0000-000000000000", (int)(strrchr(one, '.') - one), one);
    check(!liveness_is_alive(text), "what another boot left has ended");
    check(liveness_is_alive("") && liveness_is_alive("x") && liveness_is_alive("lock.") && liveness_is_alive("-1.5"),
          "what nobody understands is left alone");
    liveness_close();
    check(liveness_is_alive(other), "without a file nobody can tell");
    liveness_use(path);
}

/* "PID.STARTTIME.BOOT" of earlier releases: the number may be a process of another PID namespace. */
static void reads_old_identities(void)
{
    char boot[64] = "", text[160];
    int fd = open("/proc/sys/kernel/random/boot_id", O_RDONLY);
    ssize_t length = fd < 0 ? 0 : read(fd, boot, sizeof boot - 1);
    size_t kept = 0;

    if (fd >= 0)
        close(fd);
    for (ssize_t i = 0; i < length; i++)
        if (boot[i] != '-' && boot[i] != '\n')
            boot[kept++] = boot[i];
    boot[kept] = '\0';
    snprintf(text, sizeof text, "999999.7.%s", kept > 0 ? boot : "-");
    check(liveness_is_alive(text), "of this boot it may be there");
    check(!liveness_is_alive("1.7.00000000000000000000000000000000") || kept == 0, "of another it is not");
}

static void makes_no_lock_elsewhere(void)
{
    char identity[LIVENESS_IDENTITY_SIZE], link[80];
    struct fault fault = {""};

    snprintf(link, sizeof link, "%s/link", directory);
    check(symlink(path, link) == 0, "a link");
    liveness_use(link);
    check(!liveness_claim(identity, &fault) && strstr(fault.text, link), "a link is not followed: %s", fault.text);
    liveness_use(directory);
    check(!liveness_claim(identity, &fault), "a directory: %s", fault.text);
    liveness_use("/nonexistent/locks");
    check(!liveness_claim(identity, &fault), "no such directory: %s", fault.text);
    unlink(link);
}

static void replaces_a_damaged_file(void)
{
    char identity[LIVENESS_IDENTITY_SIZE], other[LIVENESS_IDENTITY_SIZE];
    struct fault fault = {""};

    liveness_use(path);
    unlink(path);
    int fd = open(path, O_WRONLY | O_CREAT, 0600);
    check(fd >= 0 && write(fd, "half", 4) == 4 && close(fd) == 0, "a file that lost its head");
    check(liveness_claim(identity, &fault), "%s", fault.text);
    pid_t child = start(other);
    check(liveness_is_alive(other), "others find the same one");
    end(child);
    check(!liveness_is_alive(other), "and see who ended");
    waitpid(child, NULL, 0);
}

int main(void)
{
    char command[80];

    if (!mkdtemp(directory))
        return 1;
    snprintf(path, sizeof path, "%s/locks", directory);
    liveness_use(path);
    knows_itself();
    knows_others();
    keeps_what_it_cannot_know();
    reads_old_identities();
    makes_no_lock_elsewhere();
    replaces_a_damaged_file();
    liveness_close();
    snprintf(command, sizeof command, "rm -r %s", directory);
    check(system(command) == 0, "tidied up");
    return check_report();
}
