local dispatch = require "cpi"
local errors = require "errors"
local fake = require "tests.support.fake"

-- A host that fails the spec when a part is touched that `parts` does not hold.
local function host_with(parts)
  local host = {
    json = fake.json, version = "1.0", lua_dir = "lua", bytes = { uuid = function() return "u" end },
    log = { context = function() end, warn = function() end, debug = function() end,
      mask = function(text) return text end }, attempt = pcall,
    clock = { now = function() return 0 end },
  }
  for name, part in pairs(parts or {}) do host[name] = part end
  return setmetatable(host, { __index = function(_, name)
    if name == "http" or name == "images" or name == "policy" or name == "process" then return nil end
    error("host." .. name .. " was touched", 2)
  end })
end

local function request(method, arguments, n, context)
  arguments = arguments or {}
  arguments.n = n or #arguments
  return { method = method, arguments = arguments, context = context or {}, api_version = 2 }
end

-- Puts a verb of the spec's own beside the real ones while body runs.
local function with_verb(name, verb, body)
  package.loaded["verbs." .. name] = verb
  local ok, failure = pcall(body)
  package.loaded["verbs." .. name] = nil
  if not ok then error(failure, 0) end
end

describe("the dispatch", function()
  it("answers info with neither network nor store, whatever the configuration", function()
    local unreadable = { read = function() error "no such file" end }
    local result, settle = dispatch(host_with { config = unreadable }, request "info")
    assert.equal(3, result.api_version)
    assert.is_nil(settle)
  end)

  for _, method in ipairs { "nonsense", "../cpi", "..", "create_vm.lua", "Create_VM", "info ", "", "verbs.info", "info\n",
    "x/../info", "current_vm_id", ("a"):rep(5000) } do
    it("does not know " .. method:sub(1, 20):gsub("%c", "?"), function()
      local failure = fake.failure(dispatch, host_with(), request(method))
      assert.equal("Bosh::Clouds::NotImplemented", failure.type)
      assert.truthy(failure.message:find("Method is not known, got: '", 1, true))
      assert.is_true(#failure.message < 200)
    end)
  end

  it("gives a null argument its place", function()
    local seen
    with_verb("info", function(_, ...) seen = table.pack(...) end, function()
      dispatch(host_with(), request("info", { "a", nil, "c" }, 5))
    end)
    assert.same({ "a", nil, "c", n = 5 }, seen)
  end)

  it("tells the log which request and which verb it is", function()
    local seen
    dispatch(host_with { log = { context = function(...) seen = { ... } end } }, request("ping", {}, 0, { request_id = "cpi-7" }))
    assert.same({ "cpi-7", "ping" }, seen)
    dispatch(host_with { log = { context = function(...) seen = { ... } end } }, request "ping")
    assert.same({ nil, "ping" }, seen)
  end)

  it("says that settings are wrong only to a verb that needs them", function()
    local host = host_with { config = { read = function() return {} end,
      has_secret = function() return false end, context = function() return {} end } }
    assert.equal("pong", (dispatch(host, request "ping")))
    assert.truthy(fake.failure(dispatch, host, request("has_vm", { "cpivm-1" })).message:find("the configuration has", 1, true))
  end)

  it("does not let a verb misspell a part", function()
    with_verb("ping", function(cpi) return cpi.cloudstak end, function()
      local failure = fake.failure(dispatch, host_with(), request "ping")
      assert.truthy(failure.message:find("the cpi has no part 'cloudstak'", 1, true))
    end)
  end)

  it("counts a request without api_version as 1", function()
    local seen
    with_verb("ping", function(cpi) seen = cpi.api_version end, function()
      local one = request "ping"
      one.api_version = nil
      dispatch(host_with(), one)
    end)
    assert.equal(1, seen)
  end)

  -- A verb that went by the cache: fails(try) raises; acted is what the client says of it -> tries, drops, failure.
  local function with_cache(used, acted, fails)
    local tries, drops, failure = 0, 0, nil
    with_verb("ping", function(cpi)
      tries = tries + 1
      local cache = { used = used and tries == 1, drop = function(self) drops, self.used = drops + 1, false end }
      if not rawget(cpi, "cache") then rawset(cpi, "cache", cache) end
      rawset(cpi, "cloudstack", { acted = acted, forget = function() end, tally = { requests = 0 } })
      return fails(tries)
    end, function()
      local ok, result = pcall(dispatch, host_with(), request "ping")
      failure = not ok and result or nil
    end)
    return tries, drops, failure
  end
  local function once(try)
    if try == 1 then error(errors.cloud "no such zone") end
    return "pong"
  end
  local function always() error(errors.cloud "no such zone") end

  it("tries a verb once more that failed by what the cache said", function()
    assert.same({ 2, 1 }, { with_cache(true, false, once) })
    local tries, drops, failure = with_cache(true, false, always)
    assert.same({ 2, 1, "no such zone" }, { tries, drops, failure.message })
  end)

  it("tries nothing twice when CloudStack may have acted, when nothing was cached, or for a bug", function()
    assert.same({ 1, 1, "no such zone" }, (function(a, b, c) return { a, b, c.message } end)(with_cache(true, true, always)))
    assert.same({ 1, 0, "no such zone" }, (function(a, b, c) return { a, b, c.message } end)(with_cache(false, false, always)))
    assert.equal(1, (with_cache(true, false, function() error("a bug") end)))
  end)

  -- What the verb came to where the end of its line in the log and its count fail, and the warnings.
  local function with_a_closing_that_fails(verb)
    local warnings, outcome = {}, nil
    local log = { context = function() end, debug = function() end,
      warn = function(format, ...) warnings[#warnings + 1] = format:format(...) end }
    with_verb("ping", function(cpi)
      rawset(cpi, "cloudstack", { acted = true, forget = function() end, tally = { requests = 1 } })
      return verb()
    end, function()
      local host = host_with { closing = function() error(errors.cpi "a spoilt row") end, log = log }
      outcome = table.pack(pcall(dispatch, host, request "ping"))
    end)
    return warnings, table.unpack(outcome, 1, outcome.n)
  end

  it("gives the verb's answer where the request cannot be counted", function()
    local warnings, ok, result = with_a_closing_that_fails(function() return "pong" end)
    assert.same({ { "the request was not counted: a spoilt row" }, true, "pong" }, { warnings, ok, result })
  end)

  it("gives the verb's error where the request cannot be counted", function()
    local warnings, ok, failure = with_a_closing_that_fails(function() error(errors.cloud "no such zone") end)
    assert.same({ { "the request was not counted: a spoilt row" }, false, "no such zone" }, { warnings, ok, failure.message })
  end)

  it("settles what was made only after the answer", function()
    local fates = {}
    with_verb("ping", function(cpi)
      rawset(cpi, "delivery", { has_made = function() return true end, prepare = function() fates[1] = "prepared" end,
        settle = function(fate) fates[#fates + 1] = fate end })
    end, function()
      local _, settle = dispatch(host_with(), request "ping")
      assert.same({ "prepared" }, fates)
      settle "taken"
      assert.same({ "prepared", "taken" }, fates)
    end)
  end)
end)
