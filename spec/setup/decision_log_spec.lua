local decision_log = require "setup.decision_log"
local native = require "host_native"
local operator = require "tests.support.operator"
local new_trial = require("operator.trial").new
local text_file = require "text_file"

local json = native.json

local ROW = { id = "o1", name = "small", cpunumber = 1, memory = 512, created = "2026-01-01", serviceofferingdetails = { a = "b" } }

local function new(more)
  local written, warned = {}, {}
  local parts = {
    json = json, mask = function(text) return (text:gsub("s3cret", "<redacted>")) end, now = function() return 1700000000 end,
    warn = function(format, ...) warned[#warned + 1] = format:format(...) end, verb = "create_vm", request = "cpi-7",
    append = function(lines)
      written[#written + 1] = lines
      return true
    end,
  }
  for key, value in pairs(more or {}) do parts[key] = value end
  return decision_log.new(parts), written, warned
end

local function entry(more)
  local one = { name = "service_offering", decision = require "decisions.service_offering", chosen = { needs = {} },
    facts = { cpu = 1, offerings = { ROW }, zone = { id = "z", name = "zone1" }, now = { time = 1 }, tags = { a = "x" } },
    answer = { ROW } }
  for key, value in pairs(more or {}) do one[key] = value end
  return one
end

local function decoded(lines)
  local list = {}
  for at, line in lines:gmatch "(%d+) ([^\n]+)\n" do
    list[#list + 1] = assert(json.decode(line))
    assert.equal("1700000000", at)
  end
  return list
end

describe("the log of decisions", function()
  it("has a line for each decision, written together", function()
    local log, written = new()
    log.add(entry())
    log.add(entry { chosen = { needs = { counts = true }, is_site = true, path = "/p/x.lua", sum = "abc" }, answer = false, refusal = "no",
      remark = "why" })
    assert.same({}, written)
    log.flush()
    log.flush()
    assert.equal(1, #written)
    local lines = decoded(written[1])
    assert.same({ id = "cpi-7.1", verb = "create_vm", decision = "service_offering", by = "default",
      answer = json.array { { id = "o1", name = "small" } },
      facts = { cpu = 1, zone = { id = "z", name = "zone1" }, tags = { a = "x" }, offerings = json.array { { id = "o1", name = "small",
        cpunumber = 1, memory = 512, serviceofferingdetails = { a = "b" } } } } }, lines[1])
    assert.same({ "cpi-7.2", "site", "/p/x.lua", "abc", "no", "why" },
      { lines[2].id, lines[2].by, lines[2].file, lines[2].sum, lines[2].refusal, lines[2].remark })
    assert.same({ "counts" }, { table.unpack(lines[2].needs) })
  end)

  it("has facts as they were, whatever becomes of them", function()
    local log, written = new()
    local refused = {}
    log.add(entry { facts = { refused = refused, offerings = {} } })
    refused[1] = "o1"
    log.flush()
    assert.same({}, decoded(written[1])[1].facts.refused)
  end)

  it("has no secret, in texts and in keys", function()
    local log, written = new()
    log.add(entry { facts = { policy = { ["a s3cret key"] = "the s3cret" }, offerings = {} }, answer = { x = "s3cret" } })
    log.flush()
    assert.is_nil(written[1]:find("s3cret", 1, true))
    assert.same({ ["a <redacted> key"] = "the <redacted>" }, decoded(written[1])[1].facts.policy)
  end)

  it("is written before it is long", function()
    local log, written = new()
    for _ = 1, 120 do log.add(entry()) end
    log.flush()
    local sizes = {}
    for i, lines in ipairs(written) do sizes[i] = #decoded(lines) end
    assert.same({ 50, 50, 20 }, sizes)
  end)

  it("that cannot be written stops nothing, and is warned about once", function()
    local log, _, warned = new { append = function() return nil, "/x: full" end }
    for _ = 1, 3 do
      log.add(entry())
      log.flush()
    end
    assert.same({ "the log of decisions could not be written: /x: full" }, warned)
    log, _, warned = new()
    log.add(entry { facts = { text = "\xff", offerings = {} } })
    assert.equal(1, #warned)
    assert.truthy(warned[1]:find("a decision on service_offering was not logged", 1, true))
  end)

  it("is where the configuration says", function()
    local function path(log, store) return decision_log.path { policies = { log = log }, store = { path = store } } end
    assert.is_nil(path("", "/s.db"))
    assert.equal("/s.db.decisions", path("store", "/s.db"))
    assert.is_nil(path("store", ""))
    assert.equal("/var/log/decisions", path("/var/log/decisions", ""))
  end)
end)

describe("policies.log", function()
  local DAYS = 36500 -- the simulator's clock is another than that of the bounds

  local function logged(path)
    local list = {}
    for line in text_file.read(path):gmatch "%d+ ([^\n]+)\n" do list[#list + 1] = json.decode(line) end
    return list
  end

  it("= file has every decision of a request, ours on the order of a VM too", function()
    local text = "return { api = 1, decide = function(facts, default) return default(facts) end }"
    local directory = operator.directory { ["names.lua"] = text }
    local path = directory .. "/log"
    local t = new_trial { host = native, policies = directory, settings = { policies = { log = path, log_days = DAYS } } }
    local cid = t.cid { cloud_properties = { cpu = 1, ram = 512 }, env = { bosh = { group = "g" } } }
    t.call("create_disk", 1024, {}, cid)
    t.call("delete_vm", cid)
    local names, list = {}, logged(path)
    for i, one in ipairs(list) do names[i] = one.decision end
    assert.equal("vm networks service_offering affinity names disk disk_offering names expunge", table.concat(names, " "))
    assert.equal("as ordered", list[1].answer)
    assert.same({ "cpi-1.5", "site", directory .. "/names.lua", 12 }, { list[5].id, list[5].by, list[5].file, #list[5].sum })
    assert.is_nil(text_file.read(path):find("mbus-password", 1, true))
  end)

  it("has what was refused, and what was wrong with a policy", function()
    local directory = operator.directory { ["vm.lua"] = "return { api = 1, decide = function() return nil, 'not today' end }",
      ["disk.lua"] = "return { api = 1, decide = function(facts) return facts.x.y end }" }
    local t = new_trial { host = native, policies = directory, settings = { policies = { log = directory .. "/log", log_days = DAYS } } }
    t.failure("create_vm", "a", "ubuntu-builtin", { compute_offering = "shared.small" }, {}, {}, {})
    t.failure("create_disk", 1024, {})
    local list = logged(directory .. "/log")
    assert.equal("not today", list[1].refusal)
    assert.truthy(list[2].failure:find("attempt to index a nil value", 1, true))
  end)

  it("= store is beside the store; without it, and without a store, nothing is kept", function()
    local directory = operator.directory()
    local beside = { policies = { log = "store", log_days = DAYS }, store = { path = directory .. "/s.db" } }
    local t = new_trial { host = native, settings = beside }
    t.call("create_disk", 1024, {})
    assert.equal(3, #logged(directory .. "/s.db.decisions"))
    directory = operator.directory()
    new_trial({ host = native, settings = { store = { path = directory .. "/s.db" } } }).call("create_disk", 1024, {})
    new_trial({ host = native, settings = { policies = { log = "store" } } }).call("create_disk", 1024, {})
    assert.same({}, native.files.list(directory))
  end)

  it("is bounded: log_size in MB, log_days in days", function()
    local bounds
    local files = setmetatable({ append = function(_, _, bytes, seconds)
      bounds = { bytes, seconds }
      return true
    end }, { __index = native.files })
    local host = setmetatable({ files = files }, { __index = native })
    new_trial({ host = host, settings = { policies = { log = "/l", log_size = 3, log_days = 2 } } }).call("create_disk", 1024, {})
    assert.same({ 3 * 1048576, 172800 }, bounds)
    new_trial({ host = host, settings = { policies = { log = "/l", log_size = 1000 } } }).call("create_disk", 1024, {})
    assert.same({ 64 * 1048576, 14 * 86400 }, bounds)
  end)
end)
