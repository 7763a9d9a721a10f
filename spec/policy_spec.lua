local errors = require "errors"
local native = require "host_native"
local policy = require "policy"

local function call(f, ...) return f(...) end

-- A decide() whose policies are functions or whole values: ours, and the site's where there is one.
local function decide_with(name, ours, site)
  local function file(directory, value)
    if value == nil then return end
    local path = directory .. "/" .. name .. ".lua"
    return path, type(value) == "function" and { api = 1, decide = value } or value
  end
  return policy.new {
    ours = "ours", directory = function() return "site" end, log = { warn = function() end },
    sandbox = { call = call, load = function(directory) return file(directory, directory == "ours" and ours or site) end },
  }
end

local function failure_of(f, ...)
  local ok, failure = pcall(f, ...)
  assert.is_false(ok, "nothing was raised")
  assert.is_true(errors.is(failure), tostring(failure))
  return failure
end

local small, big = { id = "o1", name = "small", memory = 512 }, { id = "o2", name = "big", memory = 4096 }
local fixed = { id = "d1", name = "ten", disksize = 10 }
local custom = { id = "d2", name = "custom", disksize = 0, iscustomized = true }

local facts_of = {
  service_offering = { cpu = 1, ram = 512, offerings = { small, big } },
  disk_offering = { kind = "persistent", size = 10, offerings = { fixed, custom } },
  expunge = { may_expunge = false, addresses = {}, vm = {} },
  expunge_now = { may_expunge = true, addresses = {}, vm = {} },
  names = { kind = "vm", cid = "cpivm-1" },
  networks = { networks = { { name = "a" }, { name = "b" } } },
  retry = { command = "listZones", attempt = 1 },
  failed_vm = { vm = {}, attempt = 1 },
}

-- decision, what is answered, and what comes of it
local good = {
  { "service_offering", { { id = "o2" }, { id = "o1", name = "forged" } }, { big, small } },
  { "service_offering", { id = "o1" }, { small } },
  { "disk_offering", { offering = { id = "d2" }, size = 12 }, { offering = custom, size = 12 } },
  { "disk_offering", { offering = { id = "d2" } }, { offering = custom, size = 10 } },
  { "disk_offering", { id = "d1" }, { offering = fixed } },
  { "expunge", "release", { strategy = "release", addresses = {} } },
  { "expunge", { strategy = "wait", deadline = 90 }, { strategy = "wait", deadline = 90, addresses = {} } },
  { "expunge", { strategy = "release", addresses = { n = "10.0.0.250" } },
    { strategy = "release", addresses = { n = "10.0.0.250" } } },
  { "expunge", "leave", { strategy = "leave", addresses = {} } },
  { "expunge_now", "now", { strategy = "now", addresses = {} } },
  { "names", { display_name = "web/0" }, { display_name = "web/0", tags = {} } },
  { "names", { display_name = "web", tags = { team = "a" } }, { display_name = "web", tags = { team = "a" } } },
  { "networks", { order = { "b", "a" } }, { order = { "b", "a" }, macs = {} } },
  { "networks", { order = { "a", "b" }, macs = { a = "02:00:00:AB:CD:EF" } },
    { order = { "a", "b" }, macs = { a = "02:00:00:ab:cd:ef" } } },
  { "retry", { after = 3 }, { after = 3 } },
  { "retry", 0.5, { after = 0.5 } },
  { "retry", { after = 1e9 }, { after = 600 } },
  { "retry", false, {} },
  { "retry", nil, {} },
  { "failed_vm", "keep", "keep" },
  { "failed_vm", "destroy", "destroy" },
}

-- decision, what may not be answered, and a word of the reason
local bad = {
  { "service_offering", { { id = "o9" } }, "entry 1 is none of facts.offerings" },
  { "service_offering", { { id = "o1" }, "o2" }, "entry 2" },
  { "service_offering", {}, "at least one" },
  { "service_offering", "small", "list of offerings" },
  { "disk_offering", { offering = { id = "d9" } }, "one of facts.offerings" },
  { "disk_offering", { offering = { id = "d2" }, size = 9 }, "its size is 9 GB, asked were 10 GB" },
  { "disk_offering", 7, "one of facts.offerings" },
  { "expunge", "now", "may not expunge" },
  { "expunge", "explode", "strategy" },
  { "expunge", 3, "strategy" },
  { "expunge", { strategy = "wait", deadline = "soon" }, "deadline" },
  { "names", { tags = {} }, "display_name" },
  { "names", { display_name = "" }, "display_name" },
  { "names", { display_name = "x", tags = { n = 3 } }, "tags must be strings" },
  { "networks", { "a", "b" }, "order" },
  { "networks", { order = { "a" } }, "leaves out 'b'" },
  { "networks", { order = { "a", "a" } }, "'a' twice" },
  { "networks", { order = { "a", "b", "c" } }, "'c'" },
  { "networks", { order = { "a", "b" }, macs = { a = "03:00:00:00:00:01" } }, "no unicast MAC" },
  { "networks", { order = { "a", "b" }, macs = { a = "2:0:0:0:0:1" } }, "no unicast MAC" },
  { "retry", { after = -1 }, "after" },
  { "retry", { after = "soon" }, "after" },
  { "retry", 0 / 0, "after" },
  { "retry", true, "after" },
  { "failed_vm", "maybe", "destroy" },
  { "failed_vm", true, "destroy" },
}

local function decision_of(row) return (row:gsub("_now$", "")) end

describe("a policy's answer", function()
  for i, row in ipairs(good) do
    local key, answer, wanted = row[1], row[2], row[3]
    it(("of %s is taken (%d)"):format(decision_of(key), i), function()
      local decide = decide_with(decision_of(key), function() return answer end)
      assert.same(wanted, decide(decision_of(key), facts_of[key]))
    end)
  end

  for _, row in ipairs(bad) do
    local key, answer, words = row[1], row[2], row[3]
    it(("of %s is refused: %s"):format(key, words), function()
      local decide = decide_with(key, function() return "unused" end, function() return answer end)
      local failure = failure_of(decide, key, facts_of[key])
      assert.equal("Bosh::Clouds::CpiError", failure.type)
      assert.truthy(failure.message:find("policy " .. key .. " (site/" .. key .. ".lua): not an answer it may give", 1, true),
        failure.message)
      assert.truthy(failure.message:find(words, 1, true), failure.message)
    end)
  end

  it("comes back as our own row, so that nothing can be forged", function()
    local decide = decide_with("service_offering", function(facts)
      facts.offerings[1].memory = 1
      return { facts.offerings[1] }
    end)
    assert.equal(small, decide("service_offering", facts_of.service_offering)[1])
    assert.equal(512, small.memory)
  end)

  it("of nil and a reason is a CloudError in the policy's words", function()
    local decide = decide_with("service_offering", function() return nil, "no offering has 16 CPUs" end)
    local failure = failure_of(decide, "service_offering", facts_of.service_offering)
    assert.equal("Bosh::Clouds::CloudError", failure.type)
    assert.equal("policy service_offering (default): no offering has 16 CPUs", failure.message)
  end)

  it("of nil names the site's file, and says so when there is no reason", function()
    local decide = decide_with("service_offering", function() end, function() end)
    assert.equal("policy service_offering (site/service_offering.lua): it gave no answer and no reason",
      failure_of(decide, "service_offering", facts_of.service_offering).message)
  end)
end)

describe("a site's policy", function()
  it("replaces ours and is handed ours", function()
    local decide = decide_with("failed_vm", function() return "destroy" end,
      function(facts, default) return facts.attempt == 1 and default(facts) or "keep" end)
    assert.equal("destroy", decide("failed_vm", { attempt = 1 }))
    assert.equal("keep", decide("failed_vm", { attempt = 2 }))
  end)

  it("that is absent leaves ours, which has no default to call", function()
    local seen = "nothing"
    local decide = decide_with("failed_vm", function(_, default)
      seen = type(default)
      return "destroy"
    end)
    decide("failed_vm", {})
    assert.equal("function", seen)
  end)

  it("works on a copy of the facts, deep down", function()
    local facts = { vm = { tags = { a = "b" } }, attempt = 1 }
    local decide = decide_with("failed_vm", function() end, function(given)
      given.vm.tags.a, given.attempt = "changed", 9
      return "keep"
    end)
    decide("failed_vm", facts)
    assert.same({ vm = { tags = { a = "b" } }, attempt = 1 }, facts)
  end)

  it("of another api is refused by name", function()
    local decide = decide_with("failed_vm", function() end, { api = 2, decide = function() end })
    assert.equal("site/failed_vm.lua is written for policy api 2; this CPI has 1",
      failure_of(decide, "failed_vm", {}).message)
  end)

  for what, value in pairs { ["a string"] = "x", ["no function"] = { api = 1 }, ["true"] = true } do
    it("that returns " .. what .. " is refused by name", function()
      local decide = decide_with("failed_vm", function() end, value)
      assert.equal("site/failed_vm.lua must return { api = 1, decide = function }",
        failure_of(decide, "failed_vm", {}).message)
    end)
  end

  it("that breaks is named with its error", function()
    local decide = decide_with("failed_vm", function() end, function() error("site/failed_vm.lua:3: oops", 0) end)
    local failure = failure_of(decide, "failed_vm", {})
    assert.equal("policy failed_vm (site/failed_vm.lua): site/failed_vm.lua:3: oops", failure.message)
    assert.equal("Bosh::Clouds::CpiError", failure.type)
  end)

  it("that cannot be loaded is named", function()
    local decide = policy.new {
      ours = "ours", directory = function() return "site" end,
      sandbox = { call = call, load = function(directory)
        if directory == "site" then error("site/retry.lua:1: syntax error near 'x'", 0) end
        return "ours/retry.lua", { api = 1, decide = function() end }
      end },
    }
    assert.equal("policy retry: site/retry.lua:1: syntax error near 'x'", failure_of(decide, "retry", {}).message)
  end)

  it("is loaded once, and only when its decision falls", function()
    local loads = {}
    local decide = policy.new {
      ours = "ours", directory = function() return "site" end,
      sandbox = { call = call, load = function(directory, name)
        loads[#loads + 1] = directory .. "/" .. name
        return directory .. "/" .. name .. ".lua", { api = 1, decide = function() return "keep" end }
      end },
    }
    assert.same({}, loads)
    decide("failed_vm", {})
    decide("failed_vm", {})
    assert.same({ "ours/failed_vm", "site/failed_vm" }, loads)
  end)
end)

describe("the policies that we ship", function()
  it("exist for every decision and are written for this api", function()
    for name in pairs(policy.decisions) do
      local path, value = native.policy.load("lua/policies", name)
      assert.truthy(path, name)
      assert.equal(policy.API, value.api)
      assert.equal("function", type(value.decide))
    end
  end)

  it("are missed with a clear word", function()
    local decide = policy.new { ours = "nowhere", directory = function() end, sandbox = { load = function() end, call = call } }
    assert.equal("policy retry is missing in nowhere", failure_of(decide, "retry", {}).message)
  end)

  it("cover no other name", function()
    local decide = policy.new { ours = "lua/policies", directory = function() end, sandbox = native.policy }
    assert.has_error(function() decide("weather", {}) end)
  end)
end)
