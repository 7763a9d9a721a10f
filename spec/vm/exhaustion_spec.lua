local exhaustion = require "vm.exhaustion"
local fake = require "tests.support.fake"

local REFUSED = { kind = "refused", code = 530, text = "Internal error executing command" }

local function nic(id, more)
  local target = { id = id, name = "net-" .. id, cidr = "10.7.0.0/29", type = "Isolated" }
  for key, value in pairs(more or {}) do target[key] = value end
  return { target = target }
end

local function look(id, ...) return { "listVirtualMachines", { networkid = id }, { virtualmachine = { ... } } } end
local function vm(...)
  local nics = {}
  for i, id in ipairs { ... } do nics[i] = { networkid = id } end
  return { id = "v", nic = nics }
end

local function explain(script, nics, failure)
  local cpi <close> = fake.cpi(script)
  return exhaustion.explain(cpi, nics, failure or REFUSED)
end

local HIDDEN = "CloudStack does not show the reason to this account; "
local END = "; destroyed ones hold theirs until they are expunged"

describe("a network that may be full", function()
  it("is told with its room and what VMs hold of it", function()
    assert.equal(HIDDEN .. "network 'net-n' (10.7.0.0/29, 5 for VMs) may have no free address: VMs that this account sees hold 3" .. END,
      explain({ look("n", vm("n"), vm("n", "other", "n"), vm "other", { id = "w" }) }, { nic "n" }))
  end)

  it("has a room that nobody knows where it is shared, or its range cannot be read", function()
    for _, more in ipairs { { type = "Shared" }, { cidr = "10.7.0.0/31" }, { cidr = "10.7.0.0/0" } } do
      local told = explain({ look "n" }, { nic("n", more) })
      assert.equal(HIDDEN .. ("network 'net-n' (%s) may have no free address: VMs that this account sees hold 0"):format(
        more.cidr or "10.7.0.0/29") .. END, told)
    end
    local bare = nic "n"
    bare.target.cidr = nil
    assert.truthy(explain({ look "n" }, { bare }):find("network 'net-n' (nil) may", 1, true))
  end)

  it("is one of those where any address will do", function()
    local static = nic "s"
    static.ip = "10.7.0.3"
    local told = explain({ look("a", vm "a"), look "b" }, { static, nic "a", nic "b" })
    assert.truthy(told:find("; network 'net%-a' .* hold 1; .*; network 'net%-b' .* hold 0; "), told)
    assert.is_nil(explain({}, { static }))
  end)

  it("is full where CloudStack says so, and where VMs are seen to hold all of it", function()
    local said = { kind = "refused", code = 530, text = "Insufficient address capacity" }
    assert.equal("network 'net-n' (10.7.0.0/29, 5 for VMs) has no free address: VMs that this account sees hold 1" .. END,
      explain({ look("n", vm "n") }, { nic "n" }, said))
    assert.equal(HIDDEN .. "network 'net-n' (10.7.0.0/29, 5 for VMs) has no free address: VMs that this account sees hold 5" .. END,
      explain({ look("n", vm("n", "n", "n", "n", "n")) }, { nic "n" }))
  end)

  it("is not looked for where the refusal is of something else", function()
    assert.is_nil(explain({}, { nic "n" }, { kind = "refused", code = 530,
      text = "Template 204 has not been completely downloaded to zone 1" }))
    assert.is_nil(explain({}, { nic "n" }, { kind = "refused", code = 431, text = "no" }))
    assert.is_nil(explain({}, { nic "n" }, { kind = "lost", code = 530, text = "no" }))
  end)

  it("stays unexplained, with why, where the look fails", function()
    local words, why = explain({ { "listVirtualMachines", {}, refuse = "not allowed", code = 432 } }, { nic "n" })
    assert.is_nil(words)
    assert.truthy(why:find("not allowed", 1, true), why)
  end)
end)
