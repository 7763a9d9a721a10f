/* base/base64.c, base/utf8.c, base/urlencode.c, base/random.c, base/clock.c: small encodings. */
#include "../../src/base/base64.h"

#include "../../src/base/clock.h"
#include "../../src/base/random.h"
#include "../../src/base/urlencode.h"
#include "../../src/base/utf8.h"

#include "check.h"

static void encodes_rfc4648(void)
{
    static const char *const pairs[][2] = {{"", ""}, {"f", "Zg=="}, {"fo", "Zm8="}, {"foo", "Zm9v"},
                                           {"foob", "Zm9vYg=="}, {"fooba", "Zm9vYmE="}, {"foobar", "Zm9vYmFy"}};

    for (size_t i = 0; i < sizeof pairs / sizeof *pairs; i++) {
        char text[32] = "";
        unsigned char back[32] = "";
        size_t length = strlen(pairs[i][0]), decoded;
        base64_encode(pairs[i][0], length, text);
        check_text(pairs[i][1], text);
        check(base64_encoded_size(length) == strlen(text), "size");
        check(base64_decode(text, strlen(text), back, &decoded) && decoded == length, "decodes %s", text);
        check_text(pairs[i][0], (char *)back);
    }
}

static void refuses_what_is_no_base64(void)
{
    static const char *const bad[] = {"A", "AAAAA", "A===", "AA=A", "AA==A", "====", "A*==", "AA===", "=", "AAAA="};
    unsigned char bytes[32];
    size_t decoded;

    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
        check(!base64_decode(bad[i], strlen(bad[i]), bytes, &decoded), "refuses %s", bad[i]);
    check(!base64_decode("AA\0A", 4, bytes, &decoded), "refuses NUL");
    check(base64_decode("Zm\n9v YmE", 9, bytes, &decoded) && decoded == 5, "white space and missing padding pass");
}

static void knows_utf8(void)
{
    static const char *const good[] = {"a", "\xc2\x80", "\xdf\xbf", "\xe0\xa0\x80", "\xed\x9f\xbf", "\xee\x80\x80",
                                       "\xef\xbf\xbf", "\xf0\x90\x80\x80", "\xf4\x8f\xbf\xbf"};
    static const char *const bad[] = {"\x80", "\xc0\x80", "\xc1\xbf", "\xc2", "\xc2x", "\xe0\x9f\xbf", "\xed\xa0\x80",
                                      "\xed\xbf\xbf", "\xe1\x80", "\xf0\x8f\xbf\xbf", "\xf4\x90\x80\x80",
                                      "\xf5\x80\x80\x80", "\xff", "\xfe", "\xf0\x90\x80"};

    for (size_t i = 0; i < sizeof good / sizeof *good; i++)
        check(utf8_character(good[i], strlen(good[i])) == strlen(good[i]), "good %zu", i);
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
        check(utf8_character(bad[i], strlen(bad[i])) == 0, "bad %zu", i);
    check(utf8_valid_length("ab\xc3\xa4\xff", 5) == 4, "where it ends");
    for (unsigned long c = 1; c < 0x110000; c += c < 0x900 ? 1 : 0x101) {
        char text[4];
        size_t size = utf8_encode(c, text);
        bool surrogate = c >= 0xd800 && c <= 0xdfff;
        if (utf8_character(text, size) != (surrogate ? 0 : size))
            check(0, "character %lx", c);
    }
}

static void encodes_as_java_does(void)
{
    struct buf out = buf_new(0);
    static const char text[] = "aZ9.-*_ ~+/=&%\xc3\xa9\x01\n\"";

    urlencode_append(&out, text, sizeof text - 1);
    check_text("aZ9.-*_%20%7E%2B%2F%3D%26%25%C3%A9%01%0A%22", buf_string(&out));
    buf_clear(&out);
    urlencode_append(&out, "\0", 1);
    check_text("%00", buf_string(&out));
    buf_free(&out);
}

static void makes_uuids(void)
{
    char first[RANDOM_UUID_SIZE], second[RANDOM_UUID_SIZE], big[1000] = "";

    check(random_uuid(first) && random_uuid(second), "uuids");
    check(strlen(first) == 36 && first[14] == '4' && strchr("89ab", first[19]), "version 4: %s", first);
    check(strcmp(first, second) != 0, "another each time");
    check(random_bytes(big, sizeof big), "many bytes");
    check(memcmp(big, big + 500, 500) != 0, "that differ");
}

static void tells_the_time(void)
{
    char text[CLOCK_ISO_SIZE];

    clock_iso(1767225600, "Z", text);
    check_text("2026-01-01T00:00:00Z", text);
    clock_iso(0, "+0000", text);
    check_text("1970-01-01T00:00:00+0000", text);
    clock_iso(INT64_MAX, "Z", text);
    check_text("", text);
    double before = clock_now();
    clock_sleep(0.02);
    clock_sleep(-1);
    double took = clock_now() - before;
    check(took >= 0.02 && took < 5, "slept %f", took);
}

int main(void)
{
    encodes_rfc4648();
    refuses_what_is_no_base64();
    knows_utf8();
    encodes_as_java_does();
    makes_uuids();
    tells_the_time();
    return check_report();
}
