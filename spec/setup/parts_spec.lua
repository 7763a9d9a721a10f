local fake = require "tests.support.fake"
local native = require "host_native"
local operator = require "tests.support.operator"
local dispatch = require "cpi"
local parts = require "setup.parts"

-- A cpi as verbs get it, of a host whose configuration is this. more: fields that replace the host's.
local function cpi_of(settings, more)
  local configuration = { cloudstack = { endpoint = "http://x/client/api", api_key = "key", default_zone = "z" },
    agent = { mbus = "https://m:secret-word@0.0.0.0:6868" } }
  for name, value in pairs(settings or {}) do
    configuration[name] = configuration[name] or {}
    for key, one in pairs(value) do configuration[name][key] = one end
  end
  local host = operator.host {
    config = { read = function() return configuration end, has_secret = function() return true end, context = function() return {} end },
    cloudstack = { open = function() end, send = function() error "nothing is sent" end },
    log = { lines = {}, secret = function() end, level = function() end, format = function() end, status = function() end,
      mask = function(text) return text end,
      warn = function() end, debug = function() end, info = function() end },
  }
  for name, value in pairs(more or {}) do host[name] = value end
  return dispatch.parts(host, { method = "has_vm", context = { director_uuid = "d" }, api_version = 2 }), host
end

describe("a part of the cpi", function()
  it("is made when it is first asked for, and once", function()
    local reads = 0
    local cpi = cpi_of({}, { config = { read = function()
      reads = reads + 1
      return { cloudstack = { endpoint = "http://x/", api_key = "key", default_zone = "z" }, agent = { mbus = "https://x:6868" } }
    end, has_secret = function() return true end, context = function() return {} end } })
    assert.equal(0, reads)
    assert.equal("http://x/", cpi.settings.cloudstack.endpoint)
    assert.equal(cpi.settings, cpi.settings)
    assert.equal(1, reads)
  end)

  it("that there is not is a bug that names it", function()
    local ok, why = pcall(function() return cpi_of().nonsense end)
    assert.is_false(ok)
    assert.truthy(tostring(why):find("the cpi has no part 'nonsense'", 1, true), why)
  end)

  it("which is the store is false where none is configured, without a trouble", function()
    local cpi = cpi_of()
    assert.is_false(cpi.store)
    assert.is_false(cpi.store_trouble)
  end)

  it("which is the store says why it cannot be opened", function()
    local cpi = cpi_of({ store = { path = "/s" } }, { store = { open = function() return nil, "it is broken" end } })
    assert.is_false(cpi.store)
    assert.equal("it is broken", cpi.store_trouble)
  end)

  it("which is the cache is there with a store and an age only", function()
    local store = { open = function() return true end }
    assert.is_false(cpi_of().cache)
    assert.is_false(cpi_of({ store = { path = "/s" }, cloudstack = { cache_age = 0 } }, { store = store }).cache)
    assert.truthy(cpi_of({ store = { path = "/s" }, cloudstack = { cache_age = 9 } }, { store = store }).cache)
  end)

  it("which decides notes a site's policy with its checksum", function()
    local directory = operator.directory { ["expunge.lua"] = "return { api = 1, decide = function() return { strategy = 'leave' } end }" }
    local lines = {}
    local cpi, host = cpi_of { policies = { directory = directory } }
    host.log.info = function(format, ...) lines[#lines + 1] = format:format(...) end
    assert.equal("leave", cpi.decide("expunge", require("decisions.expunge").example).strategy)
    local digest = native.bytes.sha256(native.files.read(directory .. "/expunge.lua")):sub(1, 12)
    assert.same({ ("expunge is decided by %s/expunge.lua (SHA-256 %s)"):format(directory, digest) }, lines)
  end)

  it("which is the clock sleeps until somebody interrupts, and tells the time of the host", function()
    local cpi = cpi_of({}, { clock = { now = function() return 7 end, utc = function() return 8 end, sleep = function() end } })
    assert.equal(7, cpi.clock.now())
    assert.equal(cpi.interruption.sleep, cpi.clock.sleep)
  end)

  it("which is the journal knows its account by a digest", function()
    local digests = {}
    local bytes = setmetatable({ sha256 = function(text)
      digests[#digests + 1] = text
      return native.bytes.sha256(text)
    end }, { __index = native.bytes })
    local cpi = cpi_of({}, { bytes = bytes, process = { use = function() end, identity = function() return "1.1" end } })
    assert.truthy(cpi.journal)
    assert.truthy(table.concat(digests, "|"):find("http://x/client/api key", 1, true))
  end)
end)

describe("a verb that failed by answers of the cache", function()
  local function cpi(used, acted)
    local log = {}
    return { cache = { used = used, drop = function() log[#log + 1] = "drop" end },
      cloudstack = { acted = acted, forget = function() log[#log + 1] = "forget" end } }, log
  end

  it("is worth another try where nothing can have happened", function()
    local one, log = cpi(true, false)
    assert.is_true(parts.may_try_again(one))
    assert.same({ "drop", "forget" }, log)
  end)

  it("is not, where something was sent; the answers are forgotten all the same", function()
    local one, log = cpi(true, true)
    assert.is_false(parts.may_try_again(one))
    assert.same({ "drop", "forget" }, log)
  end)

  it("is not, where nothing came from the cache, or there is none", function()
    local one, log = cpi(false, false)
    assert.is_false(parts.may_try_again(one))
    assert.same({}, log)
    assert.is_false(parts.may_try_again {})
    local bare <close> = fake.cpi {}
    assert.is_false(parts.may_try_again { cache = false, cloudstack = bare.cloudstack })
  end)
end)
