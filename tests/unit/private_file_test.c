/* base/private_file.c: what another user planted, and whose a file is that root makes. */
#include "../../src/base/private_file.h"

#include "check.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#define OTHER 65534 /* a user without rights */

static char base[] = "/tmp/private_file_test.XXXXXX";
static char place[64], path[96], elsewhere[96];

static void write_file(const char *name, const char *text)
{
    FILE *file = fopen(name, "w");

    if (file) {
        fputs(text, file);
        fclose(file);
    }
    check(file != NULL, "%s is made", name);
}

static void read_file(const char *name, char text[64])
{
    FILE *file = fopen(name, "r");
    size_t length = file ? fread(text, 1, 63, file) : 0;

    text[length] = '\0';
    if (file)
        fclose(file);
}

/* Refused, with the path and all words; and what is elsewhere stays as it was. */
static void refused(const char *what, int number, const char *words, const char *remedy)
{
    struct fault fault = {""};
    char text[64];

    errno = 0;
    int fd = private_open(path, true, &fault);
    check(fd < 0, "%s is refused", what);
    check(errno == number, "%s: errno is %d, not %d", what, errno, number);
    check(strncmp(fault.text, path, strlen(path)) == 0, "%s: the path is in '%s'", what, fault.text);
    check(strstr(fault.text, words) != NULL, "%s: '%s' is in '%s'", what, words, fault.text);
    check(strstr(fault.text, remedy) != NULL, "%s: '%s' is in '%s'", what, remedy, fault.text);
    if (fd >= 0)
        close(fd);
    read_file(elsewhere, text);
    check_text("precious", text);
    unlink(path);
}

static void makes_and_opens(void)
{
    struct fault fault = {""};
    struct stat status;

    check(private_open(path, false, &fault) < 0 && errno == ENOENT, "is not made unless asked: %s", fault.text);
    int fd = private_open(path, true, &fault);
    check(fd >= 0, "is made: %s", fault.text);
    check(fstat(fd, &status) == 0 && (status.st_mode & 07777) == 0600, "for its owner alone");
    check((fcntl(fd, F_GETFD) & FD_CLOEXEC) != 0, "closed on exec");
    check(write(fd, "x", 1) == 1, "can be written to");
    close(fd);
    chmod(path, 0664);
    fd = private_open(path, true, &fault);
    check(fd >= 0 && fstat(fd, &status) == 0 && status.st_size == 1, "is opened as it is: %s", fault.text);
    check((status.st_mode & 07777) == 0600, "and closed to others");
    close(fd);
    unlink(path);
}

static void refuses_what_is_no_file(void)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};

    check(symlink(elsewhere, path) == 0, "symlink");
    refused("a symlink", ELOOP, "it is a symlink", "remove it");
    check(symlink("nowhere", path) == 0, "symlink");
    refused("a symlink to nothing", ELOOP, "it is a symlink", "remove it");
    check(access("nowhere", F_OK) != 0, "nothing is made through it");
    check(mkfifo(path, 0600) == 0, "mkfifo");
    refused("a FIFO", EINVAL, "it is a FIFO", "remove it");
    int fd = socket(AF_UNIX, SOCK_STREAM, 0);
    snprintf(address.sun_path, sizeof address.sun_path, "%s", path);
    check(bind(fd, (struct sockaddr *)&address, sizeof address) == 0, "bind");
    refused("a socket", EINVAL, "it is a socket", "remove it");
    close(fd);
    check(mkdir(path, 0700) == 0, "mkdir");
    refused("a directory", EINVAL, "it is a directory", "remove it");
    rmdir(path);
    check(link(elsewhere, path) == 0, "link");
    refused("a hard link", EMLINK, "it has 2 names", "remove the other");
}

/* Symlinks on the way: ours are followed. */
static void follows_our_symlinks(void)
{
    char turn[96], through[160];
    struct fault fault = {""};

    snprintf(turn, sizeof turn, "%s/turn", base);
    snprintf(through, sizeof through, "%s//./turn/../turn/file", base);
    check(symlink(strrchr(place, '/') + 1, turn) == 0, "symlink");
    int fd = private_open(through, true, &fault);
    check(fd >= 0 && access(path, F_OK) == 0, "a relative one: %s", fault.text);
    close(fd);
    unlink(path);
    unlink(turn);
    check(symlink(place, turn) == 0, "symlink");
    fd = private_open(through, true, &fault);
    check(fd >= 0 && access(path, F_OK) == 0, "an absolute one: %s", fault.text);
    close(fd);
    unlink(path);
    unlink(turn);
    check(symlink("turn", turn) == 0, "symlink");
    check(private_open(through, true, &fault) < 0 && errno == ELOOP, "one that leads to itself ends: %s", fault.text);
    unlink(turn);
    check(private_open("/nowhere/at/all", true, &fault) < 0 && errno == ENOENT, "no directory: %s", fault.text);
    check(private_open("/tmp/", true, &fault) < 0 && errno == EISDIR, "no name: %s", fault.text);
}

/* Runs it as the user without rights. */
static void as_other(void (*run)(void))
{
    int status = -1;

    fflush(stdout);
    if (fork() == 0) {
        check_passed = check_failed = 0;
        if (setgid(OTHER) != 0 || setuid(OTHER) != 0)
            _exit(1);
        run();
        fflush(stdout);
        _exit(check_failed > 0);
    }
    wait(&status);
    check(status == 0, "as the other user");
}

static void opens_as_it_is(void)
{
    struct fault fault = {""};
    int fd = private_open(path, false, &fault);

    check(fd >= 0, "the directory's owner opens what root made: %s", fault.text);
}

static void is_told_about_root(void)
{
    struct fault fault = {""};

    check(private_open(path, true, &fault) < 0, "a file of root's is closed to others");
    check(strstr(fault.text, "it belongs to user 0") && strstr(fault.text, "chown 65534"), "told: %s", fault.text);
}

static void is_told_about_the_directory(void)
{
    struct fault fault = {""};

    check(private_open(path, true, &fault) < 0, "a directory of root's is closed to others");
    check(strstr(fault.text, "its directory belongs to user 0") && strstr(fault.text, "(chown)"), "told: %s", fault.text);
}

static void for_another_user(void)
{
    struct fault fault = {""};
    struct stat status;
    char name[PRIVATE_NAME], turn[96], through[160];

    chmod(base, 0755);
    as_other(is_told_about_the_directory);
    check(chown(place, OTHER, OTHER) == 0, "chown");
    int fd = private_open(path, true, &fault);
    check(fd >= 0 && fstat(fd, &status) == 0 && status.st_uid == OTHER && status.st_gid == OTHER,
          "what root makes is the directory's owner's: %s", fault.text);
    check(geteuid() == 0 && getegid() == 0, "and root is root again");
    close(fd);
    as_other(opens_as_it_is);
    int directory = private_directory(path, name, &fault);
    check(private_is_usable(directory, name, path, path, &fault), "usable: %s", fault.text);
    check(chown(path, 0, 0) == 0, "chown");
    check(!private_is_usable(directory, name, path, path, &fault) && strstr(fault.text, "chown 65534"), "not usable: %s",
          fault.text);
    close(directory);
    as_other(is_told_about_root);
    check(chown(path, 1234, 1234) == 0, "chown");
    refused("a file of a third user", EACCES, "it belongs to user 1234", "chown");

    check(symlink(elsewhere, path) == 0 && lchown(path, OTHER, OTHER) == 0, "symlink");
    refused("a planted symlink", ELOOP, "it is a symlink", "remove it");
    snprintf(turn, sizeof turn, "%s/turn", place);
    snprintf(through, sizeof through, "%s/turn/file", place);
    check(symlink(base, turn) == 0 && lchown(turn, OTHER, OTHER) == 0, "symlink");
    check(private_open(through, true, &fault) < 0 && strstr(fault.text, "'turn' on the way is a symlink of user 65534"),
          "a symlink on the way: %s", fault.text);
    unlink(turn);
}

int main(void)
{
    if (!mkdtemp(base))
        return 1;
    snprintf(place, sizeof place, "%s/place", base);
    snprintf(path, sizeof path, "%s/file", place);
    snprintf(elsewhere, sizeof elsewhere, "%s/elsewhere", base);
    mkdir(place, 0700);
    write_file(elsewhere, "precious");
    makes_and_opens();
    refuses_what_is_no_file();
    follows_our_symlinks();
    if (geteuid() == 0)
        for_another_user();
    else
        printf("only root can make files of another user: not tried\n");
    rmdir(place);
    unlink(elsewhere);
    rmdir(base);
    return check_report();
}
