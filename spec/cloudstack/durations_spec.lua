-- How long jobs lately took: what is kept, for whom, and for how long.

local durations = require "cloudstack.durations"
local memory_store = require "base.memory_store"
local native = require "host_native"

local DAY = 86400

local function site(store, account)
  local at = { now = 1000000 }
  local function one()
    return durations { store = function() return store end, json = native.json, now = function() return at.now end,
      account = account or "a1" }
  end
  return one, at
end

describe("durations", function()
  it("know nothing at first, nor without a store", function()
    assert.is_nil(site(memory_store {})():of "attachVolume")
    local none = site(nil)()
    none:learn("attachVolume", 1, 1.1)
    assert.is_nil(none:of "attachVolume")
  end)

  it("are the bounds of what other processes saw", function()
    local one = site(memory_store {})
    one():learn("attachVolume", 8, 8.6)
    one():learn("attachVolume", 7.5, 8)
    assert.same({ from = 7.5, to = 8.6 }, one():of "attachVolume")
    assert.is_nil(one():of "detachVolume")
  end)

  it("are an account's", function()
    local store = memory_store {}
    site(store, "a1")():learn("attachVolume", 8, 8.6)
    assert.is_nil(site(store, "a2")():of "attachVolume")
  end)

  it("look earlier the next time where no look saw the job under way shortly before, and much earlier after two of those", function()
    local one = site(memory_store {})
    one():learn("attachVolume", 2, 8)
    assert.equal(7.2, one():of("attachVolume").from)
    one():learn("attachVolume", 0, 7)
    assert.is_true(math.abs(one():of("attachVolume").from - 4.9) < 1e-9)
  end)

  it("forget what is a day old, what is from the future, and all but the last eight", function()
    local one, at = site(memory_store {})
    one():learn("attachVolume", 1, 1.1)
    at.now = at.now - 10
    assert.is_nil(one():of "attachVolume")
    at.now = at.now + 10 + DAY
    assert.is_nil(one():of "attachVolume")
    for length = 1, 9 do one():learn("attachVolume", length, length + 0.05) end
    assert.same({ from = 2, to = 9.05 }, one():of "attachVolume")
  end)

  it("write what is new, and what is known once a minute", function()
    local store, writes = memory_store {}, 0
    local counting = setmetatable({ put = function(...)
      writes = writes + 1
      return store.put(...)
    end }, { __index = store })
    local one, at = site(counting)
    for _ = 1, 100 do one():learn("attachVolume", 8, 8.6) end
    assert.equal(8, writes)
    one():learn("attachVolume", 12, 13)
    assert.equal(9, writes)
    at.now = at.now + 60
    one():learn("attachVolume", 8, 8.6)
    assert.equal(10, writes)
  end)

  it("take nothing from a store that was spoilt", function()
    for _, text in ipairs { "7", "{}", "[1]", '[{"at":1000000}]', '[{"at":1000000,"from":"1","to":2}]', '[{"at":1000000,"from":3,"to":2}]',
      '[{"at":1000000,"from":0,"to":2}]' } do
      local store = memory_store {}
      store.put("durations", "a1 attachVolume", text)
      assert.is_nil(site(store)():of "attachVolume", text)
    end
  end)
end)
