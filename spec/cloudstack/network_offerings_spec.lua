local fake = require "tests.support.fake"
local offerings = require "cloudstack.network_offerings"

local rows = {
  { id = "1", name = "DefaultIsolatedNetworkOfferingWithSourceNatService", guestiptype = "Isolated", forvpc = false },
  { id = "2", name = "DefaultIsolatedNetworkOfferingForVpcNetworks", guestiptype = "Isolated", forvpc = true },
  { id = "3", name = "shared", guestiptype = "Shared", forvpc = false }, { id = "4", name = "fast", guestiptype = "Isolated" },
}

describe("network offerings", function()
  it("are CloudStack's own where none is named", function()
    assert.equal("1", offerings.pick(rows, nil, false).id)
    assert.equal("2", offerings.pick(rows, nil, true).id)
  end)

  it("are picked by name or id", function()
    assert.equal("4", offerings.pick(rows, "fast", false).id)
    assert.equal("4", offerings.pick(rows, "4", false).id)
  end)

  for name, is_tier in pairs { shared = false, fast = true } do
    it("that do not fit are refused with those that do: " .. name, function()
      local message = fake.failure(offerings.pick, rows, name, is_tier).message
      assert.truthy(message:find("network offering '" .. name .. "' is not in CloudStack; there are: Default", 1, true), message)
    end)
  end

  it("for a network without addresses are CloudStack's own, else one of the type L2 that names no VLAN", function()
    local l2 = { id = "5", name = "mine", guestiptype = "L2", specifyvlan = false }
    local own = { id = "6", name = "DefaultL2NetworkOffering", guestiptype = "L2", specifyvlan = false }
    local with_vlan = { id = "7", name = "vlan", guestiptype = "L2", specifyvlan = true }
    assert.equal("5", offerings.without_addresses({ with_vlan, l2, rows[1] }).id)
    assert.equal("6", offerings.without_addresses({ l2, own }).id)
    assert.equal("6", offerings.without_addresses({ own, l2 }).id)
    assert.equal("there is no network offering of the type L2 that this account may use",
      fake.failure(offerings.without_addresses, { with_vlan, rows[1] }).message)
  end)

  it("have VPCs of their zone only", function()
    local vpcs = { { id = "a", name = "vpc1", zoneid = "z1" }, { id = "b", name = "vpc1", zoneid = "z2" } }
    assert.equal("b", offerings.pick_vpc(vpcs, "vpc1", { id = "z2" }).id)
    assert.truthy(fake.failure(offerings.pick_vpc, vpcs, "vpc1", { id = "z3" }).message:find("there are: none", 1, true))
  end)
end)
