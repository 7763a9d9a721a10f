local cache_of = require "cloudstack.cache"
local fake = require "tests.support.fake"
local native = require "host_native"
local zones = require "cloudstack.zones"

local rows = { { id = "z1", name = "zone1", networktype = "Advanced" } }
local ask = { "listZones", {}, { zone = rows, count = 1 } }

-- A cache over the tables, at a time; account and tables as two processes may have them.
local function cache_in(tables, now, more)
  more = more or {}
  local store = {
    get = function(name, key) return tables[name .. key] and tables[name .. key][2] end,
    put = function(name, key, text) tables[name .. key] = { key, text } return true end,
    delete = function(name, key) tables[name .. key] = nil return true end,
    rows = function(name)
      local list = {}
      for key, pair in pairs(tables) do
        if key:sub(1, #name) == name then list[#list + 1] = { key = pair[1], value = pair[2] } end
      end
      return list
    end,
  }
  return cache_of {
    store = function() return not more.broken and store or nil end, json = native.json,
    now = function() return now end, digest = native.bytes.sha256, account = more.account or "http://c KEY", seconds = 600,
  }
end

-- What a gather of the zones sends, one after the other, each with a cache of its own.
local function gathers(...)
  for _, step in ipairs { ... } do
    local cpi <close> = fake.cpi { step.asks and (step.ask or ask) or nil, cache = step[1] }
    assert.same(step.rows or rows, cpi.cloudstack:gather({ zones = zones.request() }).zones)
  end
end

describe("the cache", function()
  it("serves the next process, for a while", function()
    local tables = {}
    gathers({ cache_in(tables, 1000), asks = true }, { cache_in(tables, 1599) }, { cache_in(tables, 1600), asks = true },
      { cache_in(tables, 1601) })
  end)

  it("believes nothing from the future", function()
    local tables = {}
    gathers({ cache_in(tables, 1000), asks = true }, { cache_in(tables, 900), asks = true })
  end)

  it("keeps accounts and parameters apart", function()
    local tables = {}
    gathers({ cache_in(tables, 1000), asks = true }, { cache_in(tables, 1000, { account = "http://c OTHER" }), asks = true })
    local one = cache_in(tables, 1000)
    assert.truthy(one:take({ a = { "listZones", {}, cached = true } }).a)
    assert.is_nil(one:take({ a = { "listZones", { id = "x" }, cached = true } }).a)
    assert.is_nil(one:take({ a = { "listZones", {} } }).a, "only what may be cached")
  end)

  it("forgets everything at once, for every process", function()
    local tables = {}
    local other = cache_in(tables, 1005)
    gathers({ cache_in(tables, 1000), asks = true })
    cache_in(tables, 1004):drop()
    gathers({ other, asks = true }, { cache_in(tables, 1006) })
  end)

  it("does not keep that there is nothing", function()
    local tables = {}
    local none = { "listZones", {}, {} }
    gathers({ cache_in(tables, 1000), asks = true, ask = none, rows = {} }, { cache_in(tables, 1001), asks = true })
  end)

  it("throws out what is old", function()
    local tables = {}
    gathers({ cache_in(tables, 1000, { account = "old" }), asks = true }, { cache_in(tables, 9000), asks = true })
    local count = 0
    for _ in pairs(tables) do count = count + 1 end
    assert.equal(1, count)
  end)

  it("does without a store, and holds no key in it", function()
    gathers({ cache_in({}, 1000, { broken = true }), asks = true })
    local tables = {}
    gathers({ cache_in(tables, 1000, { account = "http://c SECRETKEY" }), asks = true })
    for key, pair in pairs(tables) do assert.is_nil((key .. pair[2]):find("SECRETKEY", 1, true)) end
  end)
end)

describe("what CloudStack may have done", function()
  local function acted(step)
    local cpi <close> = fake.cpi { step }
    cpi.cloudstack:try(step[1], {}, { idempotent = false })
    return cpi.cloudstack.acted
  end

  it("is nothing for a look, a refused parameter, and what never went out", function()
    assert.is_false(acted { "listZones", {}, {} })
    assert.is_false(acted { "createVolume", {}, refuse = "Invalid parameter zoneid", code = 431 })
    assert.is_true(acted { "createVolume", {}, {} })
    assert.is_true(acted { "createVolume", {}, refuse = "no", code = 530 })
    assert.is_true(acted { "createVolume", {}, fault = "closed", sent = true })
  end)
end)
