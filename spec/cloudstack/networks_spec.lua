local fake = require "tests.support.fake"
local networks = require "cloudstack.networks"

local rows = {
  { id = "n1", name = "net", zoneid = "z1", service = { { name = "Dhcp" }, { name = "UserData" } } },
  { id = "n2", name = "net", zoneid = "z2" }, { id = "n3", name = "other", zoneid = "z1" },
}
local zone = { id = "z1", name = "zone1" }

describe("networks", function()
  it("are found by name or id in the zone", function()
    assert.equal("n1", networks.pick(rows, "net", zone).id)
    assert.equal("n3", networks.pick(rows, "n3", zone).id)
  end)

  it("that are missing are NetworkNotFound with the names that there are", function()
    local failure = fake.failure(networks.pick, rows, "n2", zone)
    assert.equal("Bosh::Clouds::NetworkNotFound", failure.type)
    assert.equal("network 'n2' is not in zone 'zone1'; there are: net, other", failure.message)
  end)

  it("of one name in one zone are an error", function()
    local twin = { rows[1], { id = "n9", name = "net", zoneid = "z1" } }
    assert.equal("network 'net' is ambiguous, CloudStack has 2: n1, n9", fake.failure(networks.pick, twin, "net", zone).message)
  end)

  it("of one name that are tiers are told by their VPCs", function()
    local tiers = { { id = "n1", name = "net", zoneid = "z1", vpcid = "v1", vpcname = "prod" },
      { id = "n9", name = "net", zoneid = "z1", vpcid = "v2" } }
    assert.equal("network 'net' is ambiguous, CloudStack has 2: n1 (of VPC 'prod'), n9 (of VPC 'v2')",
      fake.failure(networks.pick, tiers, "net", zone).message)
  end)

  it("tell who provides a service", function()
    local row = { service = { { name = "Lb", provider = { { name = "VirtualRouter" }, { name = "Netscaler" } } }, { name = "Dhcp" } } }
    assert.same({ "virtualrouter", "netscaler" }, networks.providers(row, "Lb"))
    assert.same({}, networks.providers(row, "Dhcp"))
    assert.same({}, networks.providers({}, "Lb"))
  end)

  it("tell their services", function()
    assert.is_true(networks.offers(rows[1], "UserData"))
    assert.is_false(networks.offers(rows[1], "StaticNat"))
    assert.is_false(networks.offers(rows[2], "UserData"))
  end)
end)
