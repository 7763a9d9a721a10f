/* See liveness.h. The file holds a random name of itself: a lock says nothing of one that was taken on an earlier file. */
#include "liveness.h"

#include "random.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define HEAD "cloudstack_cpi locks "
#define NAME_SIZE RANDOM_UUID_SIZE
#define HEAD_SIZE (sizeof HEAD - 1 + NAME_SIZE - 1)
#define BOOT_SIZE 37
#define TRIES 8

/* A lock reaches beyond the end of a file without making it longer, so each process has a byte of its own by chance. */
#define FIRST_BYTE 4096
#define BYTE_BITS 48

static char path[PATH_MAX];
static int file = -1;
static char name[NAME_SIZE]; /* what the open file calls itself */
static char own[LIVENESS_IDENTITY_SIZE];

/* Which boot of the machine this is, "-" where the kernel does not say. */
static void read_boot(char boot[BOOT_SIZE])
{
    int fd = open("/proc/sys/kernel/random/boot_id", O_RDONLY | O_CLOEXEC);
    ssize_t length = fd < 0 ? -1 : read(fd, boot, BOOT_SIZE - 1);

    if (fd >= 0)
        close(fd);
    boot[length > 0 ? length : 0] = '\0';
    boot[strcspn(boot, "\n")] = '\0';
    if (!*boot)
        strcpy(boot, "-");
}

/* ---- the file ------------------------------------------------------------------------------------------------------- */

static bool read_name(int fd)
{
    char head[HEAD_SIZE + 1] = "";

    if (pread(fd, head, HEAD_SIZE, 0) != (ssize_t)HEAD_SIZE || memcmp(head, HEAD, sizeof HEAD - 1) != 0)
        return false;
    memcpy(name, head + sizeof HEAD - 1, NAME_SIZE);
    return true;
}

static bool write_head(int fd, const char *uuid)
{
    char head[HEAD_SIZE + 1];

    snprintf(head, sizeof head, "%s%s", HEAD, uuid);
    return write(fd, head, HEAD_SIZE) == (ssize_t)HEAD_SIZE;
}

/* Makes the file whole under another name first: nobody sees one without its head. `over` replaces one that is damaged. */
static bool make_file(bool over, struct fault *fault)
{
    char uuid[RANDOM_UUID_SIZE], draft[PATH_MAX + NAME_SIZE + 1];

    if (!random_uuid(uuid))
        return fault_set(fault, "%s: no random numbers", path);
    snprintf(draft, sizeof draft, "%s.%s", path, uuid);
    int fd = open(draft, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, S_IRUSR | S_IWUSR);
    if (fd < 0)
        return fault_set(fault, "%s: %s", draft, strerror(errno));
    bool ok = write_head(fd, uuid);
    ok = close(fd) == 0 && ok;
    ok = ok && (over ? rename(draft, path) == 0 : link(draft, path) == 0 || errno == EEXIST);
    int why = errno;
    unlink(draft);
    return ok || fault_set(fault, "%s: %s", path, strerror(why));
}

static int open_file(int mode, struct fault *fault)
{
    struct stat status;
    int fd = open(path, mode | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);

    if (fd < 0) {
        fault_set(fault, "%s: %s", path, strerror(errno));
        return -1;
    }
    if (fstat(fd, &status) == 0 && S_ISREG(status.st_mode))
        return fd;
    close(fd);
    fault_set(fault, "%s: it is not a regular file; remove it", path);
    errno = EINVAL;
    return -1;
}

/* Opens what is there, for looking at locks. Another user's file may be readable alone; that is enough. */
static bool open_to_look(void)
{
    struct fault ignored;

    if (file >= 0)
        return true;
    int fd = *path ? open_file(O_RDWR, &ignored) : -1;
    if (fd < 0 && *path)
        fd = open_file(O_RDONLY, &ignored);
    if (fd >= 0 && read_name(fd))
        file = fd;
    else if (fd >= 0)
        close(fd);
    return file >= 0;
}

/* ---- locks ---------------------------------------------------------------------------------------------------------- */

static bool lock_call(int command, struct flock *what)
{
    int result;

    do
        result = fcntl(file, command, what);
    while (result != 0 && errno == EINTR);
    return result == 0;
}

static struct flock lock_on(uint64_t byte)
{
    return (struct flock){.l_type = F_WRLCK, .l_whence = SEEK_SET, .l_start = (off_t)byte, .l_len = 1};
}

/* A byte that is free and now ours; 0 where none can be locked. */
static uint64_t take_byte(void)
{
    uint64_t byte;

    for (int i = 0; i < TRIES; i++) {
        if (!random_bytes(&byte, sizeof byte))
            return 0;
        byte = FIRST_BYTE + (byte >> (64 - BYTE_BITS));
        struct flock what = lock_on(byte);
        if (lock_call(F_SETLK, &what))
            return byte;
    }
    return 0;
}

static bool is_still_the_file(void)
{
    struct stat here, there;

    return fstat(file, &here) == 0 && lstat(path, &there) == 0 && here.st_ino == there.st_ino
           && here.st_dev == there.st_dev;
}

/* Opens the file to take a lock, and makes it where it is not there or has lost its head. */
static bool open_to_claim(struct fault *fault)
{
    if (file >= 0)
        close(file);
    file = -1;
    int fd = open_file(O_RDWR, fault);
    if (fd < 0 && errno == ENOENT)
        return make_file(false, fault);
    if (fd < 0)
        return false;
    if (read_name(fd)) {
        file = fd;
        return true;
    }
    close(fd);
    return make_file(true, fault);
}

bool liveness_claim(char identity[LIVENESS_IDENTITY_SIZE], struct fault *fault)
{
    char boot[BOOT_SIZE];
    uint64_t byte = 0;

    if (!*own) {
        fault_set(fault, "%s: it is replaced again and again", path);
        /* The lock counts only on the file that others find under this name. */
        for (int i = 0; i < TRIES && byte == 0; i++) {
            if (!open_to_claim(fault))
                return false;
            if (file >= 0 && (byte = take_byte()) == 0)
                return fault_set(fault, "%s: no lock: %s", path, strerror(errno));
            if (byte != 0 && !is_still_the_file())
                byte = 0;
        }
        if (byte == 0)
            return false;
        read_boot(boot);
        snprintf(own, sizeof own, "lock.%s.%llx.%s", name, (unsigned long long)byte, boot);
    }
    memcpy(identity, own, sizeof own);
    return true;
}

/* ---- looking -------------------------------------------------------------------------------------------------------- */

/* Whether the machine has been started again since: what is not known to be another boot is this one. */
static bool is_of_an_earlier_boot(const char *boot)
{
    char now[BOOT_SIZE], bare[BOOT_SIZE];
    size_t length = 0;

    read_boot(now);
    if (*boot == '-' || *now == '-')
        return false;
    /* The identities of earlier releases have no dashes in it. */
    for (const char *at = now; *at; at++)
        if (*at != '-')
            bare[length++] = *at;
    bare[length] = '\0';
    return strcmp(boot, now) != 0 && strcmp(boot, bare) != 0;
}

/* Whether somebody holds the lock; true where the kernel cannot say. */
static bool is_held(uint64_t byte)
{
    struct flock what = lock_on(byte);

    return !lock_call(F_GETLK, &what) || what.l_type != F_UNLCK;
}

bool liveness_is_alive(const char *identity)
{
    char of_file[NAME_SIZE], boot[BOOT_SIZE], end;
    unsigned long long byte, starttime;
    long pid;

    if (*own && strcmp(identity, own) == 0)
        return true;
    if (sscanf(identity, "lock.%36[0-9a-f-].%llx.%36[0-9a-f-]%c", of_file, &byte, boot, &end) == 3) {
        if (open_to_look() && strcmp(of_file, name) == 0)
            return is_held(byte);
        return !is_of_an_earlier_boot(boot);
    }
    if (sscanf(identity, "%ld.%llu.%36[0-9a-f-]%c", &pid, &starttime, boot, &end) == 3)
        return !is_of_an_earlier_boot(boot);
    return true;
}

/* ---- the beginning and the end -------------------------------------------------------------------------------------- */

void liveness_use(const char *wanted)
{
    if (strcmp(wanted, path) == 0)
        return;
    liveness_close();
    snprintf(path, sizeof path, "%s", wanted);
}

void liveness_close(void)
{
    if (file >= 0)
        close(file); /* with it go its locks */
    file = -1;
    *path = *own = *name = '\0';
}
