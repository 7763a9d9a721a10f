/* base/buf.c: growth, ceiling, formats. */
#include "../../src/base/buf.h"

#include "check.h"

static void grows(void)
{
    struct buf buf = buf_new(0);

    check_text("", buf_string(&buf));
    for (int i = 0; i < 10000; i++)
        buf_format(&buf, "%d,", i % 10);
    check(buf.length == 20000 && !buf.failed, "length is %zu", buf.length);
    check(buf.bytes[buf.length] == '\0', "ends with NUL");
    buf_clear(&buf);
    check_text("", buf_string(&buf));
    buf_append(&buf, "a\0b", 3);
    check(buf.length == 3 && memcmp(buf.bytes, "a\0b", 4) == 0, "NUL is a byte like others");
    check(buf_append(&buf, NULL, 0), "nothing can be appended");
    buf_free(&buf);
    check(buf.bytes == NULL && buf.length == 0, "freed");
    buf_free(&buf);
}

static void has_a_ceiling(void)
{
    struct buf buf = buf_new(10);

    check(buf_text(&buf, "0123456789"), "exactly the ceiling fits");
    check(!buf_byte(&buf, 'x') && buf.failed && buf.full, "one more does not");
    check(buf.length == 10, "and leaves what was there");
    check(!buf_text(&buf, ""), "failure sticks");
    buf_clear(&buf);
    check(buf_format(&buf, "%s", "0123456789") && buf.length == 10, "a format of the ceiling's size fits");
    check(!buf_format(&buf, "%d", 1), "a longer one does not");
    buf_wipe(&buf);
    check(buf.ceiling == 10, "the ceiling stays");
}

static void refuses_impossible_sizes(void)
{
    struct buf buf = buf_new(0);

    check(!buf_append(&buf, "x", (size_t)-1 / 2 + 5) && buf.failed && !buf.full, "no overflow");
    buf_free(&buf);
}

int main(void)
{
    grows();
    has_a_ceiling();
    refuses_impossible_sizes();
    return check_report();
}
