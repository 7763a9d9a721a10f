-- What CloudStack lends for some days only, BOSH keeps for as long as it wants.

local native = require "host_native"
local new_trial = require("operator.trial").new

local DAY = 86400

local function trial(version)
  return new_trial { host = native, world = { version = version, settings = { ["instance.lease.enabled"] = true },
    service_offerings = { { name = "lent", cpu = 1, mhz = 1000, memory = 512, leaseduration = 30, leaseexpiryaction = "DESTROY" } } } }
end

describe("a VM of an offering with a lease", function()
  it("outlives it", function()
    for _, version in ipairs { "4.21.0.0", "4.22.0.0", "4.23.0.0", "4.18.0.0" } do
      local t = trial(version)
      local vm = t.call("create_vm", "agent", t.sim.state().templates[1].name, { compute_offering = "lent" },
        { default = { type = "dynamic", cloud_properties = { name = "bosh-net" } } }, {}, {})[1]
      t.sim.advance(40 * DAY)
      assert.is_true(t.call("has_vm", vm), version)
    end
  end)
end)
