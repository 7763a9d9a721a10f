/* A file in a gzipped tar, as a stream: gzip, a program that every system has, unpacks it for us. */
#include "archive.h"

#include "descriptors.h"
#include "file.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#define BLOCK 512u
#define MOST_MEMBERS 64

extern char **environ;

struct archive {
    const char *path;
    char *own_path, *member; /* what is freed in the end */
    int out; /* what gzip writes */
    pid_t child;
    uint64_t size, left;
};

/* ---- gzip ---------------------------------------------------------------------------------------------------------- */

static int spawn(int in, int out, pid_t *child)
{
    char program[] = "gzip", unpack[] = "-dc";
    char *const words[] = {program, unpack, NULL};
    posix_spawn_file_actions_t actions;

    if (posix_spawn_file_actions_init(&actions) != 0)
        return ENOMEM;
    descriptors_keep();
    int problem = posix_spawn_file_actions_adddup2(&actions, in, STDIN_FILENO);
    problem = problem ? problem : posix_spawn_file_actions_adddup2(&actions, out, STDOUT_FILENO);
    problem = problem ? problem : posix_spawn_file_actions_addopen(&actions, STDERR_FILENO, "/dev/null", O_WRONLY, 0);
    problem = problem ? problem : posix_spawnp(child, program, &actions, NULL, words, environ);
    posix_spawn_file_actions_destroy(&actions);
    return problem;
}

static bool start(struct archive *archive, struct fault *fault)
{
    struct stat status;
    int in = file_open(archive->path, &status, fault), ends[2];

    if (in < 0)
        return false;
    if (pipe(ends) != 0) {
        fault_set(fault, "%s: %s", archive->path, strerror(errno));
        close(in);
        return false;
    }
    fcntl(ends[0], F_SETFD, FD_CLOEXEC);
    fcntl(ends[1], F_SETFD, FD_CLOEXEC);
    int problem = spawn(in, ends[1], &archive->child);
    close(in);
    close(ends[1]);
    if (problem) {
        close(ends[0]);
        archive->child = 0;
        return fault_set(fault, "gzip: %s", strerror(problem));
    }
    archive->out = ends[0];
    return true;
}

static void stop(struct archive *archive)
{
    if (archive->child <= 0)
        return;
    close(archive->out);
    kill(archive->child, SIGKILL);
    while (waitpid(archive->child, NULL, 0) < 0 && errno == EINTR)
        ;
    archive->child = 0;
}

/* As much as there is of `size`; less only at the end. */
static size_t read_all(int fd, char *bytes, size_t size)
{
    size_t have = 0;

    while (have < size) {
        ssize_t got = read(fd, bytes + have, size - have);
        if (got < 0 && errno == EINTR)
            continue;
        if (got <= 0)
            break;
        have += (size_t)got;
    }
    return have;
}

static bool skip(int fd, uint64_t size)
{
    char chunk[16384];

    while (size > 0) {
        size_t part = size < sizeof chunk ? (size_t)size : sizeof chunk;
        if (read_all(fd, chunk, part) != part)
            return false;
        size -= part;
    }
    return true;
}

/* ---- tar ----------------------------------------------------------------------------------------------------------- */

static bool is_header(const char *block)
{
    return memcmp(block + 257, "ustar", 5) == 0;
}

/* Octal, or, with the highest bit set, a binary number of any size. */
static uint64_t size_in(const char *block)
{
    const unsigned char *field = (const unsigned char *)block + 124;
    uint64_t size = 0;

    if (field[0] & 0x80) {
        for (int i = 4; i < 12; i++)
            size = size << 8 | field[i];
        return size;
    }
    for (int i = 0; i < 12; i++)
        if (field[i] >= '0' && field[i] <= '7')
            size = size << 3 | (uint64_t)(field[i] - '0');
    return size;
}

/* The name without directories; "" for what is not a regular file. */
static void name_in(const char *block, char name[ARCHIVE_NAME])
{
    char whole[ARCHIVE_NAME];

    memcpy(whole, block, ARCHIVE_NAME - 1);
    whole[ARCHIVE_NAME - 1] = '\0';
    const char *slash = strrchr(whole, '/');
    bool regular = block[156] == '0' || block[156] == '\0' || block[156] == '7';
    snprintf(name, ARCHIVE_NAME, "%s", !regular ? "" : slash ? slash + 1 : whole);
}

static uint64_t padded(uint64_t size)
{
    return size + (BLOCK - size % BLOCK) % BLOCK;
}

/* What decides: a function that says yes, or a name. */
struct search {
    bool (*wanted)(const char *name);
    const char *member;
};

static bool fits(const struct search *search, const char *name)
{
    return name[0] && (search->wanted ? search->wanted(name) : strcmp(search->member, name) == 0);
}

/* From the header in `block` to the first member that fits, whose first byte is the next; false without such a member. */
static bool find(int fd, char block[BLOCK], const struct search *search, char name[ARCHIVE_NAME], uint64_t *size)
{
    for (int i = 0; i < MOST_MEMBERS && is_header(block); i++) {
        *size = size_in(block);
        name_in(block, name);
        if (fits(search, name))
            return true;
        if (*size > INT64_MAX / 2 || !skip(fd, padded(*size)) || read_all(fd, block, BLOCK) != BLOCK)
            break;
    }
    name[0] = '\0';
    *size = 0;
    return false;
}

/* ---- outside ------------------------------------------------------------------------------------------------------- */

static bool look_at(struct archive *archive, bool (*wanted)(const char *name), struct archive_look *look,
                    struct fault *fault)
{
    char block[BLOCK];
    size_t got = read_all(archive->out, block, sizeof block);

    if (got == 0)
        return fault_set(fault, "%s: gzip cannot unpack it", archive->path);
    look->is_tar = got == sizeof block && is_header(block);
    if (!look->is_tar) {
        memcpy(look->head, block, got);
        look->head_size = got;
        return true;
    }
    struct search search = {.wanted = wanted};
    if (find(archive->out, block, &search, look->name, &look->size))
        look->head_size =
            read_all(archive->out, look->head, look->size < ARCHIVE_HEAD ? (size_t)look->size : ARCHIVE_HEAD);
    return true;
}

bool archive_look(const char *path, bool (*wanted)(const char *name), struct archive_look *look, struct fault *fault)
{
    struct archive archive = {.path = path};

    memset(look, 0, sizeof *look);
    if (!start(&archive, fault))
        return false;
    bool ok = look_at(&archive, wanted, look, fault);
    stop(&archive);
    return ok;
}

static bool go_through(struct archive *archive, void (*visit)(void *context, const char *name, uint64_t size), void *context,
                       struct fault *fault)
{
    char block[BLOCK], name[ARCHIVE_NAME];

    if (read_all(archive->out, block, sizeof block) != sizeof block || !is_header(block))
        return fault_set(fault, "%s: it is not a gzipped tar", archive->path);
    for (int i = 0; i < MOST_MEMBERS && is_header(block); i++) {
        uint64_t size = size_in(block);
        name_in(block, name);
        visit(context, name, size);
        if (size > INT64_MAX / 2 || !skip(archive->out, padded(size)) || read_all(archive->out, block, BLOCK) != BLOCK)
            return fault_set(fault, "%s: it is cut short", archive->path);
    }
    return true;
}

bool archive_list(const char *path, void (*visit)(void *context, const char *name, uint64_t size), void *context,
                  struct fault *fault)
{
    struct archive archive = {.path = path};

    if (!start(&archive, fault))
        return false;
    bool ok = go_through(&archive, visit, context, fault);
    stop(&archive);
    return ok;
}

static bool seek_member(struct archive *archive, struct fault *fault)
{
    struct search search = {.member = archive->member};
    char block[BLOCK], name[ARCHIVE_NAME];

    if (!start(archive, fault))
        return false;
    if (read_all(archive->out, block, sizeof block) != sizeof block ||
        !find(archive->out, block, &search, name, &archive->size))
        return fault_set(fault, "%s: there is no file %s in it", archive->path, archive->member);
    archive->left = archive->size;
    return true;
}

struct archive *archive_open(const char *path, const char *member, struct fault *fault)
{
    struct archive *archive = calloc(1, sizeof *archive);

    if (archive) {
        archive->path = archive->own_path = strdup(path);
        archive->member = strdup(member);
    }
    if (!archive || !archive->own_path || !archive->member)
        fault_set(fault, "not enough memory");
    else if (seek_member(archive, fault))
        return archive;
    archive_close(archive);
    return NULL;
}

uint64_t archive_size(const struct archive *archive)
{
    return archive->size;
}

ssize_t archive_read(struct archive *archive, char *bytes, size_t size)
{
    size_t part = archive->left < size ? (size_t)archive->left : size;
    size_t got = part ? read_all(archive->out, bytes, part) : 0;

    archive->left -= got;
    return got == part ? (ssize_t)got : -1;
}

bool archive_rewind(struct archive *archive)
{
    struct fault fault;

    if (archive->left == archive->size)
        return true;
    stop(archive);
    return seek_member(archive, &fault);
}

void archive_close(struct archive *archive)
{
    if (!archive)
        return;
    stop(archive);
    free(archive->own_path);
    free(archive->member);
    free(archive);
}
