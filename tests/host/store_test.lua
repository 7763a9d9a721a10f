-- host.store as scripts use it, and twenty processes at once.

local check = require "check"
local harness = require "harness"

local store = harness.host.store
local directory = harness.directory()

local value, why = store.get("registry", "k")
check.that(value == nil and why:find "not open", "not open yet")
check.equal(nil, (store.open "/nonexistent/x/store"))
check.equal(true, store.open(directory .. "/store"))
check.equal(1, select("#", store.get("registry", "k")), "a missing key has no reason")
check.equal(true, store.put("registry", "k", '{"a":1}'))
check.equal('{"a":1}', store.get("registry", "k"))
check.equal(true, store.put("registry", "a\0b", "\0"))
check.equal("\0", store.get("registry", "a\0b"))
check.equal(true, store.delete("registry", "a\0b"))
check.equal(true, store.delete("registry", "never there"))
check.equal(false, store.replace("registry", "k", "{}", "x"), "only what was read is replaced")
check.equal(true, store.replace("registry", "k", '{"a":1}', '{"a":2}'))
check.equal('{"a":2}', store.get("registry", "k"))
for i = 3, 1, -1 do store.put("cache", "key" .. i, "value" .. i) end
check.same({ { key = "key1", value = "value1" }, { key = "key2", value = "value2" }, { key = "key3", value = "value3" } },
  store.rows "cache")
check.same({}, store.rows "journal")
check.raises("the store has no table 'secrets'", store.get, "secrets", "k")
check.raises("the store has no table 'sqlite_master'", store.rows, "sqlite_master")
check.raises("the store has no table", store.put, "cache; DROP TABLE cache", "k", "v")
check.raises("string expected", store.put, "cache", "k", {})
check.raises("string expected", store.get, "cache")

-- A look at a store leaves it, and its directory, as they were.
local looked = directory .. "/looked at?#%"
local ok, words, missing = store.check(looked)
check.that(ok == nil and missing == true and words:find "there is none yet", "no store yet")
check.equal(true, store.open(looked))
check.equal(true, store.put("journal", "a", "1"))
local before = harness.host.files.list(directory)
check.equal(true, (store.check(looked)))
check.same(before, harness.host.files.list(directory))
harness.write(directory .. "/none", ("no database "):rep(100))
ok, words, missing = store.check(directory .. "/none")
check.that(ok == nil and missing == false and words:find "not a database", tostring(words))
ok, words = store.check "/nonexistent/x/store"
check.that(ok == nil and words:find "none yet", tostring(words))
check.raises("string expected", store.check)

local shared = directory .. "/shared"
check.equal(0, harness.fork(20, function(writer)
  for round = 1, 20 do
    assert(store.open(shared))
    assert(store.put("journal", ("%d.%d"):format(writer, round), "x"))
    assert(store.put("cache", tostring(round), tostring(writer)))
    assert(store.rows "journal")
  end
end), "writers that failed")
assert(store.open(shared))
assert(store.put("registry", "sum", "0"))
check.equal(0, harness.fork(10, function()
  assert(store.open(shared))
  for _ = 1, 20 do
    repeat
      local old = assert(store.get("registry", "sum"))
    until store.replace("registry", "sum", old, tostring(math.tointeger(tonumber(old)) + 1))
  end
end), "writers that failed")
assert(store.open(shared))
check.equal("200", store.get("registry", "sum"), "read, changed and replaced: nothing is lost")
check.equal(400, #store.rows "journal", "no update is lost")
check.equal(20, #store.rows "cache")

harness.shell("rm -rf " .. directory)
