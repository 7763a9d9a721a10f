/* base/sign.c and base/digest.c: vectors of CloudStack's own algorithm. */
#include "../../src/base/sign.h"

#include "../../src/base/digest.h"

#include "check.h"

#define DOCUMENTED "VDaACYb0LV9eNjTetIOElcVQkvJck_J_QljX_FcHRj87ZKiy0z0ty0ZsYBkoXkY9b7eq1EhwJaw7FF3akA3KBQ"
#define DOCUMENTED_KEY "plgWJfZK4gyS3mOMTVmjUVg-X-jlWlnfaUJ9GAbBbf9EdM-kAYMmAiLqzzq1ElZLYq_u38zCm0bewzGUdP66mg"

struct vector {
    const char *name;
    const char *secret;
    const char *parameters[40]; /* name, value, ..., NULL */
    const char *canonical;      /* NULL: only the signature is known */
    const char *signature;
};

static const struct vector vectors[] = {
    {"the example of the documentation", DOCUMENTED,
     {"response", "json", "apiKey", DOCUMENTED_KEY, "command", "listUsers"},
     "apikey=plgwjfzk4gys3momtvmjuvg-x-jlwlnfauj9gabbbf9edm-kaymmailqzzq1elzlyq_u38zcm0bewzgudp66mg"
     "&command=listusers&response=json", "TTpdDq/7j/J58XCRHomKoQXEQds="},
    {"a boolean", DOCUMENTED,
     {"apiKey", "MyKey", "command", "listZones", "response", "json", "available", "true"},
     "apikey=mykey&available=true&command=listzones&response=json", "aMVy/j0KlyGR4Fv8FabLuYarXJk="},
    {"star, tilde, quotes, keys of maps", "secret",
     {"apikey", "AK", "command", "deployVirtualMachine", "response", "json", "name", "vm-1",
      "displayname", "a b*c~d'(e)!", "userdata", "SGVsbG8+Lz8/Pz8=", "details[0].rootDiskController", "virtio",
      "iptonetworklist[0].ip", "10.0.0.5", "iptonetworklist[0].networkId", "6A1D7A1E-0000-4000-8000-000000000001"},
     "apikey=ak&command=deployvirtualmachine&details[0].rootdiskcontroller=virtio"
     "&displayname=a%20b*c%7ed%27%28e%29%21&iptonetworklist[0].ip=10.0.0.5"
     "&iptonetworklist[0].networkid=6a1d7a1e-0000-4000-8000-000000000001&name=vm-1&response=json"
     "&userdata=sgvsbg8%2blz8%2fpz8%3d", "sPgpsSsRcbMYHqpHRcAKpzE4s5g="},
    {"values that are no ASCII, keys in the order of bytes", "secret",
     {"apikey", "AK", "command", "createTags", "response", "json", "resourceids", "u1", "resourcetype", "UserVm",
      "tags[0].key", "N\xc3\xa4me", "tags[0].value", "\xc3\xbc" "ber/gr\xc3\xb6\xc3\x9f" "e \xe2\x82\xac",
      "tags[10].key", "z", "tags[10].value", "1", "tags[2].key", "y", "tags[2].value", "2"},
     "apikey=ak&command=createtags&resourceids=u1&resourcetype=uservm&response=json&tags[0].key=n%c3%a4me"
     "&tags[0].value=%c3%bcber%2fgr%c3%b6%c3%9fe%20%e2%82%ac&tags[10].key=z&tags[10].value=1&tags[2].key=y"
     "&tags[2].value=2", "4Vn6QlYHxNxWTcqf9epU6ETgbAU="},
    {"an expiry", "secret",
     {"apikey", "AK", "command", "listZones", "response", "json", "signatureVersion", "3",
      "expires", "2030-01-01T00:00:00+0000"},
     "apikey=ak&command=listzones&expires=2030-01-01t00%3a00%3a00%2b0000&response=json&signatureversion=3",
     "APk2O8gv9xlYJ69jpsCxg9FN2IU="},
    {"an expiry with a Z", "s",
     {"apiKey", "k", "command", "listVirtualMachines", "expires", "2026-11-23T09:00:18Z", "name", "x",
      "response", "json", "signatureversion", "3"}, NULL, "xGIjEryCxbEhqBBLmP/o0LM0Lh4="},
};

static size_t list_of(const struct vector *vector, struct sign_parameter *list)
{
    size_t count = 0;

    for (const char *const *at = vector->parameters; *at; at += 2)
        list[count++] = (struct sign_parameter){at[0], at[1], strlen(at[1])};
    return count;
}

static void signs_the_vectors(void)
{
    for (size_t i = 0; i < sizeof vectors / sizeof *vectors; i++) {
        const struct vector *vector = &vectors[i];
        struct sign_parameter list[20];
        struct buf canonical = buf_new(0), signature = buf_new(0);
        struct fault fault = {""};
        size_t count = list_of(vector, list);

        check(sign_sort(list, count, &fault), "%s: sorts: %s", vector->name, fault.text);
        check(sign_canonical(&canonical, list, count), "%s: canonical", vector->name);
        if (vector->canonical)
            check_text(vector->canonical, buf_string(&canonical));
        check(sign_text(&signature, &canonical, vector->secret, strlen(vector->secret), &fault), "%s: signs: %s",
              vector->name, fault.text);
        check_text(vector->signature, buf_string(&signature));
        buf_free(&canonical);
        buf_free(&signature);
    }
}

/* A query whose signature another implementation gave; it leaves the tilde as it is, which ours does not, so only
 * the HMAC over the lower-cased text can be compared. */
static void signs_a_text(void)
{
    static const char query[] =
        "apikey=key_a-1&command=deployvirtualmachine&details[0].cpunumber=2&displayname=a%20b*c~d%2be%2ff%3dg%26h%20"
        "%c3%a9%20%e2%82%ac&expires=2026-11-23t09%3a00%3a18z&iptonetworklist[0].ip=10.0.0.5&iptonetworklist[0]"
        ".networkid=00000000-0000-0000-0000-000000000004&iptonetworklist[10].networkid=n10&iptonetworklist[2]"
        ".networkid=n2&keypair=&response=json&signatureversion=3&userdata=eyjhijoiyij9%2b%2f%3d%3d";
    struct buf canonical = buf_new(0), signature = buf_new(0);
    struct fault fault;

    buf_text(&canonical, query);
    check(sign_text(&signature, &canonical, "Secret-1_2", 10, &fault), "signs");
    check_text("5TI7YhuNl5zoM2vA20bWjCXkMAI=", buf_string(&signature));
    buf_free(&canonical);
    buf_free(&signature);
}

static void makes_a_form(void)
{
    struct sign_parameter list[] = {
        {"name", "a b", 3}, {"command", "listZones", 9}, {"details[0].x", "1&2", 3}, {"empty", "", 0}};
    struct sign_parameter twice[] = {{"a", "1", 1}, {"b", "2", 1}, {"a", "3", 1}};
    struct buf form = buf_new(0), small = buf_new(5);
    struct fault fault;

    check(sign_form(&form, list, 4, "secret", 6, &fault), "a form");
    check(strncmp(buf_string(&form), "command=listZones&details%5B0%5D.x=1%262&empty=&name=a%20b&signature=", 69) == 0,
          "%s", buf_string(&form));
    buf_clear(&form);
    check(!sign_form(&form, twice, 3, "secret", 6, &fault), "no name twice");
    check_text("parameter 'a' is given twice", fault.text);
    check(!sign_form(&small, list, 4, "secret", 6, &fault), "a form that does not fit");
    buf_free(&form);
    buf_free(&small);
}

static void digests(void)
{
    unsigned char digest[DIGEST_SHA256_SIZE];
    char hex[2 * DIGEST_SHA256_SIZE + 1];
    struct fault fault;

    check(digest_sha256("abc", 3, digest, &fault), "sha256");
    digest_hex(digest, sizeof digest, hex);
    check_text("ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad", hex);
    struct digest_stream *stream = digest_start_sha256(&fault);
    check(stream && digest_add(stream, "a", 1) && digest_add(stream, "bc", 2) && digest_finish(stream, digest), "parts");
    digest_hex(digest, sizeof digest, hex);
    check_text("ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad", hex);
    digest_abandon(digest_start_sha256(&fault));
    digest_abandon(NULL);
}

int main(void)
{
    signs_the_vectors();
    signs_a_text();
    makes_a_form();
    digests();
    return check_report();
}
