-- The last line that a request leaves in the log.

local closing = require "setup.closing"
local errors = require "errors"
local memory_store = require "base.memory_store"
local native = require "host_native"
local tally = require "cloudstack.tally"

-- A cpi that has asked for so many things, and the host; at is the time at which the request ends.
local function ended(options)
  local lines, written, one = {}, {}, tally()
  for _ = 1, options.requests or 2 do one:sent({ { command = "listZones" } }, { { seconds = 0.1 } }) end
  local cpi = { log = { info = function(format, ...) lines[#lines + 1] = format:format(...) end }, cloudstack = { tally = one },
    decided = options.decided, store = options.store or false,
    settings = { store = { path = options.store and "store" or "" }, metrics = { textfile = options.textfile or "" } } }
  local host = { json = native.json, clock = { now = function() return 101.25 end, utc = function() return 1000000 end },
    log = { warn = function(format, ...) lines[#lines + 1] = format:format(...) end },
    files = { replace = function(path, text)
      if options.refused then return nil, options.refused end
      written[path] = text
      return true
    end } }
  closing(cpi, host, "has_vm", 100, options.failure)
  return table.concat(lines, "\n"), written
end

local function line_of(failure, decided, requests)
  return (ended { failure = failure, decided = decided, requests = requests })
end

describe("the closing line", function()
  it("says how long it took and what it cost", function()
    assert.equal("done in 1.2 s: 2 requests (0 of them looks at jobs)", line_of())
  end)

  it("says how it failed: the class; the words are in the response", function()
    assert.truthy(line_of(errors.cloud("no zone 'x'")):find "^failed with Bosh::Clouds::CloudError in 1.2 s: ")
    assert.truthy(line_of("attempt to index nil"):find "^failed with a bug in ")
  end)

  it("says what the site's policies decided", function()
    assert.truthy(line_of(nil, { "service_offering", "names" }):find("; decided by the site's policies: names, service_offering", 1, true))
  end)

  it("is not there where nothing was asked", function()
    assert.equal("", line_of(nil, nil, 0))
    closing({}, {}, "info", 100)
  end)
end)

describe("metrics", function()
  it("are counted with a store, and written where the configuration says", function()
    local store = memory_store {}
    local line, written = ended { store = store, textfile = "/metrics.prom" }
    assert.equal("done in 1.2 s: 2 requests (0 of them looks at jobs)", line)
    assert.truthy(written["/metrics.prom"]:find('cloudstack_cpi_requests_total{verb="has_vm",outcome="ok"} 1', 1, true))
    local _, again = ended { store = store, textfile = "/metrics.prom" }
    assert.same({}, again) -- within 15 seconds
    assert.equal(2, native.json.decode(store.get("metrics", "has_vm")).count)
  end)

  it("that cannot be written cost a warning", function()
    local line = ended { store = memory_store {}, textfile = "/metrics.prom", refused = "/metrics.prom: Permission denied" }
    assert.truthy(line:find("metrics.textfile: /metrics.prom: Permission denied", 1, true))
  end)
end)
