/* base/archive.c: tars as tar makes them, and what is none. */
#include "../../src/base/archive.h"

#include "check.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static char directory[] = "/tmp/archive_test.XXXXXX";

static const char *at(const char *name)
{
    static char path[256];
    snprintf(path, sizeof path, "%s/%s", directory, name);
    return path;
}

static void shell(const char *command)
{
    char line[1024];
    snprintf(line, sizeof line, "cd %s && %s", directory, command);
    if (system(line) != 0)
        exit(1);
}

static bool is_image(const char *name)
{
    return strcmp(name, "root.img") == 0;
}

static void looks(void)
{
    struct archive_look look;
    struct fault fault;

    check(archive_look(at("image.tgz"), is_image, &look, &fault) && look.is_tar, "a tar: %s", fault.text);
    check_text("root.img", look.name);
    check(look.size == 1500000 && look.head_size == ARCHIVE_HEAD && memcmp(look.head, "QFI", 3) == 0, "its member");
    check(archive_look(at("other.tgz"), is_image, &look, &fault) && look.is_tar && !look.name[0], "a tar without it");
    check(archive_look(at("plain.gz"), is_image, &look, &fault) && !look.is_tar && look.head_size == 5, "no tar");
    check(memcmp(look.head, "plain", 5) == 0, "what was packed");
    check(!archive_look(at("broken.gz"), is_image, &look, &fault) && strstr(fault.text, "gzip cannot unpack"), "no gzip");
    check(!archive_look(at("absent"), is_image, &look, &fault) && strstr(fault.text, "No such file"), "no file");
}

/* The bytes of the member, summed; -1 when it is cut short. */
static long sum(struct archive *archive)
{
    char bytes[1000];
    long all = 0;
    ssize_t got;

    while ((got = archive_read(archive, bytes, sizeof bytes)) > 0)
        for (ssize_t i = 0; i < got; i++)
            all += (unsigned char)bytes[i];
    return got < 0 ? -1 : all;
}

static void reads(void)
{
    const long whole = 'Q' + 'F' + 'I' + (1500000 - 3) * (long)'x';
    struct fault fault;
    struct archive *archive = archive_open(at("image.tgz"), "root.img", &fault);

    check(archive && archive_size(archive) == 1500000, "opens");
    check(archive && sum(archive) == whole && sum(archive) == 0, "all of it, and then nothing");
    check(archive && archive_rewind(archive) && sum(archive) == whole, "and again");
    archive_close(archive);
    archive = archive_open(at("short.tgz"), "root.img", &fault);
    check(archive && sum(archive) == -1, "one that is cut short");
    archive_close(archive);
    check(!archive_open(at("image.tgz"), "other.img", &fault) && strstr(fault.text, "there is no file other.img in it"), "no such member");
    check(!archive_open(at("plain.gz"), "root.img", &fault), "no tar");
    archive_close(NULL);
}

static char listed[200];

static void list(void *context, const char *name, uint64_t size)
{
    size_t length = strlen(listed);

    snprintf(listed + length, sizeof listed - length, "%s:%s=%lu ", (const char *)context, name, (unsigned long)size);
}

static void lists(void)
{
    struct fault fault;
    char mark[] = "m";

    check(archive_list(at("image.tgz"), list, mark, &fault), "lists: %s", fault.text);
    check_text("m:=0 m:stemcell.txt=5 m:root.img=1500000 ", listed);
    check(!archive_list(at("short.tgz"), list, mark, &fault) && strstr(fault.text, "cut short"), "%s", fault.text);
    check(!archive_list(at("plain.gz"), list, mark, &fault) && strstr(fault.text, "not a gzipped tar"), "%s", fault.text);
    check(!archive_list(at("absent"), list, mark, &fault) && strstr(fault.text, "No such file"), "%s", fault.text);
}

/* The gzip of this PATH tells whether it has descriptor 9. */
static void gives_gzip_nothing(void)
{
    char path[4200];
    struct archive_look look;
    struct fault fault = {""};
    int ends[2];

    shell("printf '#!/bin/sh\\ncd \"$(dirname \"$0\")\"; touch asked; (: >&9) && touch inherited\\nexec /bin/gzip \"$@\"\\n' "
          ">gzip && chmod +x gzip");
    check(pipe(ends) == 0 && dup2(ends[1], 9) == 9, "a descriptor that a library left open");
    snprintf(path, sizeof path, "%s:%s", directory, getenv("PATH"));
    setenv("PATH", path, 1);
    check(archive_look(at("image.tgz"), is_image, &look, &fault) && look.is_tar, "unpacks: %s", fault.text);
    check(access(at("asked"), F_OK) == 0, "by the gzip of this test");
    check(access(at("inherited"), F_OK) != 0, "which has no descriptor of ours");
    close(9);
    close(ends[0]);
    close(ends[1]);
}

int main(void)
{
    if (!mkdtemp(directory))
        return 1;
    shell("{ printf QFI; head -c 1499997 /dev/zero | tr '\\0' x; } >root.img && echo text >stemcell.txt && mkdir root.d");
    shell("tar -czf image.tgz root.d stemcell.txt ./root.img && tar -czf other.tgz stemcell.txt");
    shell("printf plain | gzip >plain.gz && printf '\\037\\213broken' >broken.gz");
    shell("tar -cf - root.img | head -c 700000 | gzip >short.tgz");
    looks();
    reads();
    lists();
    gives_gzip_nothing();
    shell("rm -rf \"$PWD\"");
    return check_report();
}
