local fake = require "tests.support.fake"
local offering = require "vm.offering"

-- (what the policy chooses: spec/policies/service_offering_spec.lua; what has no room: spec/across/fallback_spec.lua)

local small = { id = "s", name = "small", cpunumber = 1, memory = 512 }
local found = { zone = { id = "z1", name = "zone1" }, services = { small }, zones_left = {} }

local function plan(properties)
  local cpi <close> = fake.cpi {}
  return offering.plan(cpi, { properties = properties }, found)
end

describe("the service offering of a VM", function()
  it("is the one that is named, and no other", function()
    local one = plan { compute_offering = "small" }
    assert.same({ small }, one.first)
    assert.is_nil(one.after {})
  end)

  it("else is the policy's, which may have more when there was no room", function()
    local one = plan { cpu = 1, ram = 512 }
    assert.equal("s", one.first[1].id)
  end)

  it("needs its name, or both CPU and memory", function()
    for _, properties in ipairs { {}, { cpu = 1 }, { ram = 1 } } do
      assert.equal("cloud_properties of the VM must name 'compute_offering', or both 'cpu' and 'ram'",
        fake.failure(plan, properties).message)
    end
  end)

  it("that is customised needs CPU and memory with the deploy", function()
    local custom = { offering = { id = "c", name = "custom", iscustomized = true } }
    local failure = fake.failure(offering.parameters, nil, { properties = { cpu = 1 } }, nil, nil, custom)
    assert.equal("service offering 'custom' is customised: cloud_properties of the VM must have 'cpu' and 'ram'", failure.message)
    assert.same({ serviceofferingid = "s" }, offering.parameters(nil, { properties = {} }, nil, nil, { offering = small }))
  end)

  it("does not lend the VM for some days, and says what a reboot of a volatile one does", function()
    local cpi <close> = fake.cpi {}
    local function parameters(more)
      local row = { id = "s", name = "small" }
      for key, value in pairs(more) do row[key] = value end
      return offering.parameters(cpi, { properties = {} }, nil, nil, { offering = row })
    end
    assert.same({ serviceofferingid = "s", leaseduration = -1 }, parameters { leaseduration = 30, leaseexpiryaction = "DESTROY" })
    assert.same({ serviceofferingid = "s" }, parameters { leaseduration = -1 })
    assert.same({ serviceofferingid = "s" }, parameters { isvolatile = true })
    assert.same({ "info service offering 'small' lends its VMs for 30 days: this one is asked for without a lease",
      "warn service offering 'small' is volatile: each reboot gives the VM a new root disk" }, cpi.log.lines)
  end)
end)
