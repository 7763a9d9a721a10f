local memory_store = require "base.memory_store"

-- Its shape is host.store's, whose own tests are tests/host/store_test.lua.
describe("a store in memory", function()
  local tables, store
  before_each(function()
    tables = {}
    store = memory_store(tables)
  end)

  it("has the tables of the store on disk, and no others", function()
    local list = require("tests.support.text_file").read("src/base/store.c"):match "tables%[%] = (%b{})"
    local count = 0
    for name in list:gmatch '"(%l+)"' do
      count = count + 1
      assert.same({}, store.rows(name))
    end
    assert.is_true(count >= 5)
    assert.has_error(function() store.get("journals", "k") end, "the store has no table 'journals'")
  end)

  it("opens, and gives back what was put, by table and key", function()
    assert.is_true(store.open "anywhere")
    assert.is_true(store.put("journal", "k", "1"))
    assert.is_true(store.put("cache", "k", "2"))
    assert.equal("1", store.get("journal", "k"))
    assert.same({ journal = { k = "1" }, cache = { k = "2" } }, tables)
    assert.is_nil(store.get("registry", "k"))
  end)

  it("lists a table's rows by their keys", function()
    for _, key in ipairs { "b", "c", "a" } do store.put("journal", key, key .. "!") end
    assert.same({ { key = "a", value = "a!" }, { key = "b", value = "b!" }, { key = "c", value = "c!" } }, store.rows "journal")
    assert.same({}, store.rows "cache")
  end)

  it("replaces a row only where it is as it was seen", function()
    store.put("registry", "vm", "old")
    assert.is_false(store.replace("registry", "vm", "older", "new"))
    assert.equal("old", store.get("registry", "vm"))
    assert.is_true(store.replace("registry", "vm", "old", "new"))
    assert.equal("new", store.get("registry", "vm"))
    assert.is_true(store.replace("registry", "fresh", nil, "first"))
    assert.is_false(store.replace("registry", "fresh", nil, "second"))
    assert.equal("first", store.get("registry", "fresh"))
  end)

  it("forgets what is deleted, and does not mind when it is not there", function()
    store.put("cache", "k", "1")
    assert.is_true(store.delete("cache", "k"))
    assert.is_true(store.delete("cache", "k"))
    assert.is_nil(store.get("cache", "k"))
  end)
end)
