/* base/workplace.c: a directory beside a result, and the result's name. */
#include "../../src/base/workplace.h"

#include "check.h"

#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

static char directory[] = "/tmp/workplace_test.XXXXXX";
static struct fault fault;

static const char *at(const char *name)
{
    static char paths[4][256];
    static int next;
    char *path = paths[next++ % 4];

    snprintf(path, sizeof paths[0], "%s/%s", directory, name);
    return path;
}

static void put(const char *path, const char *text)
{
    FILE *file = fopen(path, "w");

    if (file) {
        fputs(text, file);
        fclose(file);
    }
}

static mode_t mode_of(const char *path)
{
    struct stat status;
    return stat(path, &status) == 0 ? status.st_mode & 07777 : 0;
}

static void makes_and_removes(void)
{
    char work[256], inside[300], small[8];

    check(workplace_make(at("result"), work, sizeof work, &fault) && mode_of(work) == 0700, "its owner's alone");
    check(strncmp(work, at("result.part."), strlen(at("result.part."))) == 0, "beside the result: %s", work);
    snprintf(inside, sizeof inside, "%s/.hidden", work);
    put(inside, "x");
    snprintf(inside, sizeof inside, "%s/link", work);
    check(symlink("/etc", inside) == 0, "a link in it");
    check(workplace_remove(work, &fault) && access(work, F_OK) != 0 && access("/etc/passwd", F_OK) == 0, "it goes, and no more");
    check(workplace_remove(work, &fault), "what is gone is removed");
    check(symlink(directory, at("elsewhere")) == 0 && !workplace_remove(at("elsewhere"), &fault), "no link is followed");
    check(mkdir(at("full"), 0700) == 0 && mkdir(at("full/d"), 0700) == 0 && !workplace_remove(at("full"), &fault)
              && strstr(fault.text, "; remove it"), "a directory in it stays: %s", fault.text);
    check(!workplace_make(at("none/result"), work, sizeof work, &fault) && strstr(fault.text, "No such file"), "%s", fault.text);
    check(!workplace_make(at("result"), small, sizeof small, &fault) && strstr(fault.text, "too long"), "%s", fault.text);
    check(workplace_room(directory) > 0 && workplace_room(at("none")) == UINT64_MAX, "room");
}

static void hands_over(void)
{
    umask(027);
    put(at("file"), "mine");
    check(chmod(at("file"), 0600) == 0 && workplace_hand_over(at("file"), at("result"), &fault), "%s", fault.text);
    check(mode_of(at("result")) == 0640 && access(at("file"), F_OK) != 0, "with the rights of a new file");
    check(umask(0) == 027, "whose mask is as it was");
    put(at("file"), "other");
    check(!workplace_hand_over(at("file"), at("result"), &fault) && strstr(fault.text, "File exists; remove it"), "%s", fault.text);
    check(access(at("file"), F_OK) == 0, "not in the place of another");
    check(symlink("nowhere", at("dead")) == 0 && !workplace_hand_over(at("file"), at("dead"), &fault), "nor of a dead link");
    check(!workplace_hand_over(at("none"), at("new"), &fault) && strstr(fault.text, "No such file"), "%s", fault.text);
}

int main(void)
{
    char line[64];

    if (!mkdtemp(directory))
        return 1;
    makes_and_removes();
    hands_over();
    snprintf(line, sizeof line, "rm -rf %s", directory);
    check(system(line) == 0, "cleaned up");
    return check_report();
}
