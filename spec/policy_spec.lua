local decision = require "tests.support.decision"
local native = require "host_native"
local policy = require "policy"

local decide_with, failure_of = decision.decider, decision.failure

local function call(f, ...) return f(...) end

local small, big = { id = "o1", name = "small", memory = 512 }, { id = "o2", name = "big", memory = 4096 }
local sizes = { cpu = 1, ram = 512, offerings = { small, big } }

describe("a policy's answer", function()
  it("comes back as our own row, so that nothing can be forged", function()
    local decide = decide_with("service_offering", function(facts)
      facts.offerings[1].memory = 1
      return { facts.offerings[1] }
    end)
    assert.equal(small, decide("service_offering", sizes)[1])
    assert.equal(512, small.memory)
  end)

  it("of nil and a reason is a CloudError in the policy's words", function()
    local decide = decide_with("service_offering", function() return nil, "no offering has 16 CPUs" end)
    local failure = failure_of(decide, "service_offering", sizes)
    assert.equal("Bosh::Clouds::CloudError", failure.type)
    assert.equal("policy service_offering (default): no offering has 16 CPUs", failure.message)
  end)

  it("of nil names the site's file, and says so when there is no reason", function()
    local decide = decide_with("service_offering", function() end, function() end)
    assert.equal("policy service_offering (site/service_offering.lua): it gave no answer and no reason",
      failure_of(decide, "service_offering", sizes).message)
  end)
end)

describe("a text that a policy returns", function()
  local cut = ("caf\u{e9}"):sub(1, 4)
  local function names(answer, why)
    local decide = decide_with("names", function() end, function() return answer, why end)
    return failure_of(decide, "names", { kind = "vm", cid = "c" })
  end

  it("is UTF-8, wherever it stands in the answer", function()
    for _, failure in ipairs {
      names { display_name = cut }, names { display_name = "x", tags = { owner = cut } },
      names { display_name = "x", tags = { [cut] = "x" } },
    } do
      assert.equal("Bosh::Clouds::CpiError", failure.type)
      assert.matches("^policy names %(site/names%.lua%): not an answer it may give: .* is not UTF%-8$", failure.message)
    end
  end)

  it("is made readable where it is a reason", function()
    assert.equal("policy names (site/names.lua): caf?", names(nil, cut).message)
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
    assert.equal("policy failed_vm (site/failed_vm.lua): it is written for policy api 2; this CPI has 1",
      failure_of(decide, "failed_vm", {}).message)
  end)

  for what, value in pairs { ["a string"] = "x", ["no function"] = { api = 1 }, ["true"] = true } do
    it("that returns " .. what .. " is refused by name", function()
      local decide = decide_with("failed_vm", function() end, value)
      assert.equal("policy failed_vm (site/failed_vm.lua): it must return { api = 1, decide = function }",
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

  it("is that of the first directory that has one", function()
    local loads = {}
    local decide = policy.new {
      ours = "/ours", directory = function() return "/rendered:/another/job:/third" end,
      sandbox = { call = call, load = function(directory, name)
        loads[#loads + 1] = directory
        if directory == "/rendered" then return nil end
        return directory .. "/" .. name .. ".lua", { api = 1, decide = function() return "keep" end }
      end },
    }
    decide("failed_vm", {})
    assert.same({ "/ours", "/rendered", "/another/job" }, loads)
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
    for _, name in ipairs(require "decisions") do
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
