/* Opens and makes the files that our programs keep, where another user may have put something in their place. */
#define _GNU_SOURCE /* O_PATH */
#include "private_file.h"

#include "file_kind.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

/* A directory that is only gone through: it need not be readable. */
#if defined O_PATH
#define PASSAGE O_PATH
#elif defined O_SEARCH
#define PASSAGE O_SEARCH
#else
#define PASSAGE O_RDONLY
#endif

#define MOST_SYMLINKS 40
#define MOST_TRIES 100 /* others may make and remove the file meanwhile */

/* Sets errno too, for callers that pass it on; returns -1. */
static int refuse(int number, struct fault *fault, const char *path, const char *words)
{
    fault_set(fault, "%s: %s", path, words);
    errno = number;
    return -1;
}

static int refuse_errno(struct fault *fault, const char *path)
{
    return refuse(errno, fault, path, strerror(errno));
}

/* ---- the way to the directory --------------------------------------------------------------------------------------- */

/* A walk along a path: where it is, and the words that are left. */
struct walk {
    const char *path; /* as it was given */
    int at;
    char left[PATH_MAX];
    int symlinks;
    struct fault *fault;
};

static bool step_to(struct walk *walk, int directory)
{
    close(walk->at);
    walk->at = directory;
    return directory >= 0;
}

/* Puts a symlink's words in front of what is left of the way; one of another user leads nowhere. */
static bool follow(struct walk *walk, const char *word, const char *rest, const struct stat *status)
{
    char target[PATH_MAX], whole[PATH_MAX];
    char words[200];

    if (status->st_uid != 0 && status->st_uid != geteuid()) {
        snprintf(words, sizeof words, "'%.60s' on the way is a symlink of user %u; put a directory in its place", word,
                 (unsigned)status->st_uid);
        return refuse(ELOOP, walk->fault, walk->path, words) == 0;
    }
    ssize_t length = readlinkat(walk->at, word, target, sizeof target - 1);
    if (length <= 0 || ++walk->symlinks > MOST_SYMLINKS) {
        errno = length <= 0 ? errno : ELOOP;
        return refuse_errno(walk->fault, walk->path) == 0;
    }
    target[length] = '\0';
    if (snprintf(whole, sizeof whole, "%s/%s", target, rest) >= (int)sizeof whole)
        return refuse(ENAMETOOLONG, walk->fault, walk->path, strerror(ENAMETOOLONG)) == 0;
    strcpy(walk->left, whole);
    if (target[0] == '/' && !step_to(walk, open("/", PASSAGE | O_DIRECTORY | O_CLOEXEC)))
        return refuse_errno(walk->fault, walk->path) == 0;
    return true;
}

/* One word of the way: into a directory, or along a symlink. */
static bool advance(struct walk *walk)
{
    char word[NAME_MAX + 1], rest[PATH_MAX];
    struct stat status;
    size_t skip = strspn(walk->left, "/"), length = strcspn(walk->left + skip, "/");

    if (length > NAME_MAX)
        return refuse(ENAMETOOLONG, walk->fault, walk->path, strerror(ENAMETOOLONG)) == 0;
    memcpy(word, walk->left + skip, length);
    word[length] = '\0';
    strcpy(rest, walk->left + skip + length);
    if (length == 0) {
        walk->left[0] = '\0';
        return true;
    }
    int next = openat(walk->at, word, PASSAGE | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    if (next >= 0) {
        strcpy(walk->left, rest);
        return step_to(walk, next);
    }
    int why = errno;
    if (fstatat(walk->at, word, &status, AT_SYMLINK_NOFOLLOW) == 0 && S_ISLNK(status.st_mode))
        return follow(walk, word, rest, &status);
    errno = why;
    return refuse_errno(walk->fault, walk->path) == 0;
}

int private_directory(const char *path, char name[PRIVATE_NAME], struct fault *fault)
{
    struct walk walk = {.path = path, .fault = fault};
    const char *slash = strrchr(path, '/'), *last = slash ? slash + 1 : path;
    size_t length = (size_t)(last - path);

    if (length >= sizeof walk.left || strlen(last) >= PRIVATE_NAME)
        return refuse(ENAMETOOLONG, fault, path, strerror(ENAMETOOLONG));
    if (!*last || strcmp(last, ".") == 0 || strcmp(last, "..") == 0)
        return refuse(EISDIR, fault, path, "it names a directory; name a file");
    strcpy(name, last);
    memcpy(walk.left, path, length);
    walk.at = open(path[0] == '/' ? "/" : ".", PASSAGE | O_DIRECTORY | O_CLOEXEC);
    if (walk.at < 0)
        return refuse_errno(fault, path);
    while (walk.left[0])
        if (!advance(&walk)) {
            int why = errno;
            if (walk.at >= 0)
                close(walk.at);
            errno = why;
            return -1;
        }
    return walk.at;
}

/* ---- the file ------------------------------------------------------------------------------------------------------- */

/* Words about what stands there, when it is nothing that may be used; 0 when it may. */
static int judge(const struct stat *file, const struct stat *directory, const char *path, struct fault *fault)
{
    char words[300];

    if (!S_ISREG(file->st_mode)) {
        snprintf(words, sizeof words, "it is %s, not a regular file; remove it, and the CPI makes a new one",
                 file_kind(file->st_mode));
        return refuse(S_ISLNK(file->st_mode) ? ELOOP : EINVAL, fault, path, words);
    }
    if (file->st_nlink > 1) {
        snprintf(words, sizeof words, "it has %lu names (hard links); remove the other ones, or copy it",
                 (unsigned long)file->st_nlink);
        return refuse(EMLINK, fault, path, words);
    }
    if (file->st_uid != 0 && file->st_uid != geteuid() && file->st_uid != directory->st_uid) {
        snprintf(words, sizeof words, "it belongs to user %u and its directory to user %u; give both to the user that "
                 "the CPI runs as (chown), or remove the file", (unsigned)file->st_uid, (unsigned)directory->st_uid);
        return refuse(EACCES, fault, path, words);
    }
    return 0;
}

/* The words of EACCES: whose the file is, and what is to be done. */
static int refuse_access(int number, const struct stat *file, const struct stat *directory, const char *path,
                         struct fault *fault)
{
    unsigned us = (unsigned)geteuid(), owner = (unsigned)file->st_uid;
    char words[300];

    if (number != EACCES && number != EPERM)
        return refuse(number, fault, path, strerror(number));
    if (owner == us)
        snprintf(words, sizeof words, "user %u, its owner, may not write to it; chmod 600", us);
    else if (directory->st_uid == us)
        snprintf(words, sizeof words, "it belongs to user %u, and this process runs as user %u; chown %u %s*", owner, us, us,
                 path);
    else
        snprintf(words, sizeof words, "it belongs to user %u, and this process runs as user %u; run it as user %u, or "
                 "as root", owner, us, owner);
    return refuse(number, fault, path, words);
}

/* The words of a directory that does not let us: `what` cannot be done. */
static int refuse_in(const struct stat *directory, const char *what, const char *path, struct fault *fault)
{
    int number = errno;
    char words[200];

    if (number != EACCES && number != EPERM)
        return refuse_errno(fault, path);
    if (directory->st_uid == geteuid())
        snprintf(words, sizeof words, "it cannot be %s: its directory is closed to its owner, user %u; chmod 700 the "
                 "directory", what, (unsigned)geteuid());
    else
        snprintf(words, sizeof words, "it cannot be %s: its directory belongs to user %u, and this process runs as user "
                 "%u; give the directory to the user that the CPI runs as (chown)", what, (unsigned)directory->st_uid,
                 (unsigned)geteuid());
    return refuse(number, fault, path, words);
}

/* One that is there. */
static int open_there(int directory, const struct stat *place, const char *name, const char *path, struct fault *fault)
{
    struct stat status;

    /* Looked at before it is opened: opening a device can do something. */
    if (fstatat(directory, name, &status, AT_SYMLINK_NOFOLLOW) != 0)
        return refuse_in(place, "opened", path, fault);
    if (judge(&status, place, path, fault) != 0)
        return -1;
    int fd = openat(directory, name, O_RDWR | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC | O_NOCTTY);
    if (fd < 0)
        return refuse_access(errno, &status, place, path, fault);
    /* And again, now that no other user can replace it. */
    int verdict = fstat(fd, &status) == 0 ? judge(&status, place, path, fault) : refuse_errno(fault, path);
    if (verdict != 0) {
        int why = errno;
        close(fd);
        errno = why;
        return -1;
    }
    if ((status.st_mode & (S_IRWXG | S_IRWXO)) != 0)
        fchmod(fd, S_IRUSR | S_IWUSR);
    return fd;
}

/* Made in the name of the directory's owner, where root may choose: never for a moment is it root's. */
static int make_there(int directory, const struct stat *place, const char *name)
{
    bool in_a_name = geteuid() == 0 && place->st_uid != 0;
    gid_t group = getegid();

    if (in_a_name && (setegid(place->st_gid) != 0 || seteuid(place->st_uid) != 0)) {
        int why = errno;
        if (setegid(group) != 0)
            why = errno;
        errno = why;
        return -1;
    }
    int fd = openat(directory, name, O_RDWR | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC | O_NOCTTY, S_IRUSR | S_IWUSR);
    int why = errno;
    if (in_a_name && (seteuid(0) != 0 || setegid(group) != 0)) {
        why = errno;
        if (fd >= 0)
            close(fd);
        fd = -1;
    }
    errno = why;
    return fd;
}

int private_make_at(int directory, const char *name, const char *path, struct fault *fault)
{
    struct stat place;

    if (fstat(directory, &place) != 0)
        return refuse_errno(fault, path);
    int fd = make_there(directory, &place, name);
    if (fd < 0 && errno == EEXIST)
        return refuse(EEXIST, fault, path, "something is there already; remove it");
    return fd >= 0 ? fd : refuse_in(&place, "made", path, fault);
}

bool private_replace_at(int directory, const char *draft, const char *name, const char *path, struct fault *fault)
{
    if (renameat(directory, draft, directory, name) == 0)
        return true;
    int why = errno;
    unlinkat(directory, draft, 0);
    errno = why;
    return refuse_errno(fault, path) == 0;
}

int private_open_at(int directory, const char *name, bool make, const char *path, struct fault *fault)
{
    struct stat place;

    if (fstat(directory, &place) != 0)
        return refuse_errno(fault, path);
    for (int i = 0; i < MOST_TRIES; i++) {
        int fd = open_there(directory, &place, name, path, fault);
        if (fd >= 0 || errno != ENOENT || !make)
            return fd;
        fd = make_there(directory, &place, name);
        if (fd >= 0)
            return fd;
        if (errno != EEXIST)
            return refuse_in(&place, "made", path, fault);
    }
    return refuse(EAGAIN, fault, path, "others make and remove it all the time");
}

int private_open(const char *path, bool make, struct fault *fault)
{
    char name[PRIVATE_NAME];
    int directory = private_directory(path, name, fault);

    if (directory < 0)
        return -1;
    int fd = private_open_at(directory, name, make, path, fault);
    int why = errno;
    close(directory);
    errno = why;
    return fd;
}

bool private_is_usable(int directory, const char *name, const char *path, const char *family, struct fault *fault)
{
    struct stat place, status;
    char words[300];

    if (fstat(directory, &place) != 0)
        return refuse_errno(fault, path) == 0;
    if (fstatat(directory, name, &status, AT_SYMLINK_NOFOLLOW) != 0)
        return errno == ENOENT || refuse_errno(fault, path) == 0;
    if (judge(&status, &place, path, fault) != 0)
        return false;
    if (place.st_uid == 0 || status.st_uid == place.st_uid)
        return true;
    snprintf(words, sizeof words, "it belongs to user %u, and its directory to user %u, who keeps the CPI's files; chown %u %s*",
             (unsigned)status.st_uid, (unsigned)place.st_uid, (unsigned)place.st_uid, family);
    return refuse(EACCES, fault, path, words) == 0;
}
