/* Any bytes as a request: one valid response line, whatever they are. The scripts are the real ones. */
#include "../../src/base/jsontext.h"
#include "../../src/base/log.h"
#include "../../src/host.h"
#include "../../src/rpc.h"
#include "target.h"

#include <fcntl.h>
#include <stdlib.h>
#include <unistd.h>

static int scratch(void)
{
    char path[] = "/tmp/fuzz.XXXXXX";
    int file = mkstemp(path);

    must(file >= 0, "a temporary file");
    unlink(path);
    return file;
}

/* Whether the input has the words, as they are or in escapes: then an answer that quotes it has them too. */
static bool may_have(const uint8_t *data, size_t size, const char *words)
{
    size_t length = strlen(words);

    for (size_t at = 0; at < size; at++)
        if ((data[at] == '\\' && at + 1 < size && data[at + 1] == 'u')
            || (size - at >= length && memcmp(data + at, words, length) == 0))
            return true;
    return false;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const struct host_options options = {.lua_dir = "lua"};
    static char line[1 << 20];
    int in = scratch(), out = scratch();
    struct fault fault;

    fuzz_quiet();
    must(write(in, data, size) == (ssize_t)size && lseek(in, 0, SEEK_SET) == 0, "the request is written");
    lua_State *L = host_new(&options);
    must(rpc_serve(L, in, out) == 0, "the exit code is 0");
    host_close(L);
    ssize_t length = pread(out, line, sizeof line - 1, 0);
    must(length > 1 && line[length - 1] == '\n', "one line");
    line[--length] = '\0';
    must(!memchr(line, '\n', (size_t)length), "one line only");
    must(jsontext_check(line, (size_t)length, &fault), "valid JSON");
    must(strstr(line, "\"result\":") && strstr(line, "\"error\":") && strstr(line, "\"log\":"), "an envelope");
    must(!strstr(line, "traceback") || may_have(data, size, "traceback"), "no traceback");
    close(in);
    close(out);
    return 0;
}
