/* base/memory.c, base/file.c, base/console.c: the process and its surroundings. */
#include "../../src/base/console.h"
#include "../../src/base/descriptors.h"
#include "../../src/base/file.h"
#include "../../src/base/memory.h"

#include "check.h"

#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

static void counts_memory(void)
{
    struct memory memory = {.limit = 1000};

    void *block = memory_allocate(&memory, NULL, 8, 600);
    check(block && memory.used == 600, "the old size of a new block is none: %zu", memory.used);
    check(!memory_allocate(&memory, NULL, 0, 500), "the ceiling holds");
    check(memory.used == 600, "a refusal costs nothing");
    check(!memory_allocate(&memory, block, 600, 1100), "for growth too");
    block = memory_allocate(&memory, block, 600, 900);
    check(block && memory.used == 900, "up to the ceiling");
    memory.limit = 10;
    block = memory_allocate(&memory, block, 900, 100);
    check(block && memory.used == 100, "shrinking always succeeds");
    check(!memory_allocate(&memory, block, 100, 0) && memory.used == 0, "freeing too");
}

static void reads_files(void)
{
    struct buf text = buf_new(0), small = buf_new(10);
    struct fault fault;
    bool missing;
    int pipes[2];

    check(!file_read("/nonexistent/x", &text, &missing, &fault) && missing, "missing");
    check_text("/nonexistent/x: No such file or directory", fault.text);
    check(!file_read("/tmp", &text, &missing, &fault) && !missing, "a directory is not missing");
    check(file_read("/proc/self/stat", &text, NULL, &fault) && text.length > 0, "a file");
    buf_free(&text);
    if (pipe(pipes) == 0 && fork() == 0) {
        char much[3000] = "";
        for (int i = 0; i < 100; i++)
            file_write_stream(pipes[1], much, sizeof much);
        _exit(0);
    }
    close(pipes[1]);
    check(!file_read_stream(pipes[0], &small, &fault), "too much");
    check_text("it is larger than 10 bytes", fault.text);
    char rest;
    check(read(pipes[0], &rest, 1) == 0, "is drained");
    close(pipes[0]);
    int status;
    wait(&status);
    check(status == 0, "and the writer is not cut off");
    buf_free(&small);
    check(!file_write_stream(-1, "x", 1), "nowhere to write");
}

static void keeps_stdout_apart(void)
{
    int pipes[2];
    char text[64] = "";

    fflush(stdout);
    if (pipe(pipes) != 0)
        return;
    pid_t child = fork();
    if (child == 0) {
        dup2(pipes[1], STDOUT_FILENO);
        close(STDERR_FILENO);
        descriptors_plug();
        int out = console_reserve_stdout();
        printf("lost\n");
        fflush(stdout);
        console_write("lost too\n", 9);
        _exit(out > STDERR_FILENO && write(out, "kept", 4) == 4 ? 0 : 1);
    }
    close(pipes[1]);
    check(read(pipes[0], text, sizeof text - 1) > 0, "something arrives");
    check_text("kept", text);
    int status;
    waitpid(child, &status, 0);
    check(status == 0, "the child is content");
    close(pipes[0]);
}

int main(void)
{
    counts_memory();
    reads_files();
    keeps_stdout_apart();
    return check_report();
}
