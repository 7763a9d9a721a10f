local cloud = require "spec.sim.cloud"

local DAY = 86400
local OFFERING = { name = "lent", cpu = 1, mhz = 1000, memory = 512, leaseduration = 30, leaseexpiryaction = "DESTROY" }

local function new(version, is_enabled)
  return cloud.new { version = version, settings = { ["instance.lease.enabled"] = is_enabled }, service_offerings = { OFFERING } }
end

-- The VM's state after so many days, or nil where it is gone; its row when it was new.
local function after(c, days, more)
  more.serviceofferingid = c.offering.lent
  local new_row = c:vm("vm-a", more)
  c.sim.advance(days * DAY)
  local left = c:seen_vm(new_row.id, "admin")
  return left and left.state, new_row
end

describe("a lease", function()
  it("is the offering's, and ends the VM when its days are over", function()
    local state, row = after(new("4.22.0.0", true), 29, {})
    assert.equal("Running", state)
    assert.same({ 30, "DESTROY" }, { row.leaseduration, row.leaseexpiryaction })
    assert.is_nil((after(new("4.22.0.0", true), 31, {})))
  end)

  it("may be the deploy's own, or none", function()
    assert.equal("Stopped", (after(new("4.22.0.0", true), 3, { leaseduration = 2, leaseexpiryaction = "stop" })))
    local state, row = after(new("4.22.0.0", true), 31, { leaseduration = -1 })
    assert.equal("Running", state)
    assert.is_nil(row.leaseduration)
  end)

  it("is not there before 4.21, and where the cloud has none", function()
    assert.equal("Running", (after(new("4.20.0.0", true), 31, {})))
    assert.equal("Running", (after(new("4.22.0.0", false), 31, {})))
  end)

  it("that is half a lease is refused", function()
    local c = new("4.22.0.0", true)
    local function refusal(more) return (c:refused("deployVirtualMachine", c:deployment("vm-a", more))) end
    assert.matches("^431 Invalid leaseduration: must be a natural number", refusal { leaseduration = 0, leaseexpiryaction = "STOP" })
    assert.matches("^431 Provide values for both", refusal { leaseduration = 3 })
    assert.matches("^431 Invalid value configured for leaseexpiryaction", refusal { leaseduration = 3, leaseexpiryaction = "SELL" })
  end)
end)
