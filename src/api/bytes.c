/* host.bytes: base64, digests, chance. */
#include "api.h"

#include "../base/base64.h"
#include "../base/digest.h"
#include "../base/key_pair.h"
#include "../base/random.h"

#define MOST_RANDOM (1 << 20)
#define MOST_ROUNDS 10000000

/* base64(s) -> text */
static int base64(lua_State *L)
{
    size_t length;
    const char *bytes = luaL_checklstring(L, 1, &length);
    luaL_Buffer buffer;

    size_t size = base64_encoded_size(length);
    base64_encode(bytes, length, luaL_buffinitsize(L, &buffer, size));
    luaL_pushresultsize(&buffer, size);
    return 1;
}

/* unbase64(text) -> s, or nil when it is not base64 */
static int unbase64(lua_State *L)
{
    size_t length, decoded;
    const char *text = luaL_checklstring(L, 1, &length);
    luaL_Buffer buffer;

    char *room = luaL_buffinitsize(L, &buffer, length / 4 * 3 + 3);
    if (!base64_decode(text, length, (unsigned char *)room, &decoded)) {
        lua_pushnil(L);
        return 1;
    }
    luaL_pushresultsize(&buffer, decoded);
    return 1;
}

static int uuid(lua_State *L)
{
    char text[RANDOM_UUID_SIZE];

    if (!random_uuid(text))
        return luaL_error(L, "the system gives no random bytes");
    lua_pushstring(L, text);
    return 1;
}

/* random(n) -> n bytes */
static int random_string(lua_State *L)
{
    lua_Integer length = luaL_checkinteger(L, 1);
    luaL_Buffer buffer;

    luaL_argcheck(L, length >= 0 && length <= MOST_RANDOM, 1, "0 to 1048576 bytes");
    char *room = luaL_buffinitsize(L, &buffer, (size_t)length);
    if (!random_bytes(room, (size_t)length))
        return luaL_error(L, "the system gives no random bytes");
    luaL_pushresultsize(&buffer, (size_t)length);
    return 1;
}

/* sha256(s) -> hex */
static int sha256(lua_State *L)
{
    size_t length;
    const char *bytes = luaL_checklstring(L, 1, &length);
    unsigned char digest[DIGEST_SHA256_SIZE];
    char hex[2 * DIGEST_SHA256_SIZE + 1];
    struct fault fault;

    if (!digest_sha256(bytes, length, digest, &fault))
        return luaL_error(L, "%s", fault.text);
    digest_hex(digest, sizeof digest, hex);
    lua_pushstring(L, hex);
    return 1;
}

/* hmac_sha1(key, s) -> 20 bytes */
static int hmac_sha1(lua_State *L)
{
    size_t key_length, length;
    const char *key = luaL_checklstring(L, 1, &key_length);
    const char *text = luaL_checklstring(L, 2, &length);
    unsigned char mac[DIGEST_SHA1_SIZE];
    struct fault fault;

    if (!digest_hmac_sha1(key, key_length, text, length, mac, &fault))
        return luaL_error(L, "%s", fault.text);
    lua_pushlstring(L, (const char *)mac, sizeof mac);
    return 1;
}

/* pbkdf2(password, salt, rounds) -> 32 bytes, slow on purpose */
static int pbkdf2(lua_State *L)
{
    size_t length, salt_length;
    const char *password = luaL_checklstring(L, 1, &length);
    const char *salt = luaL_checklstring(L, 2, &salt_length);
    lua_Integer rounds = luaL_checkinteger(L, 3);
    unsigned char key[DIGEST_SHA256_SIZE];
    struct fault fault;

    luaL_argcheck(L, rounds >= 1 && rounds <= MOST_ROUNDS, 3, "1 to 10000000 rounds");
    if (!digest_pbkdf2(password, length, salt, salt_length, (int)rounds, key, &fault))
        return luaL_error(L, "%s", fault.text);
    lua_pushlstring(L, (const char *)key, sizeof key);
    return 1;
}

/* key_pair() -> private key (PEM), public key ("ssh-rsa AAAA..."): a fresh RSA pair */
static int key_pair(lua_State *L)
{
    struct key_pair pair;
    struct fault fault;

    if (!key_pair_make(&pair, &fault))
        return luaL_error(L, "%s", fault.text);
    lua_pushstring(L, pair.private_key);
    lua_pushstring(L, pair.public_key);
    key_pair_forget(&pair);
    return 2;
}

/* equal(a, b) -> boolean. Its time depends on the length of a alone, and shows nothing of b. */
static int equal(lua_State *L)
{
    size_t length, wanted_length;
    const char *bytes = luaL_checklstring(L, 1, &length);
    const char *wanted = luaL_checklstring(L, 2, &wanted_length);
    volatile unsigned char difference = length != wanted_length;

    for (size_t i = 0; i < length; i++)
        difference |= (unsigned char)(bytes[i] ^ wanted[wanted_length ? i % wanted_length : 0]);
    lua_pushboolean(L, difference == 0);
    return 1;
}

int api_open_bytes(lua_State *L)
{
    static const luaL_Reg functions[] = {
        {"base64", base64}, {"equal", equal}, {"hmac_sha1", hmac_sha1}, {"key_pair", key_pair}, {"pbkdf2", pbkdf2},
        {"random", random_string}, {"sha256", sha256}, {"unbase64", unbase64}, {"uuid", uuid}, {NULL, NULL},
    };

    luaL_newlib(L, functions);
    return 1;
}
