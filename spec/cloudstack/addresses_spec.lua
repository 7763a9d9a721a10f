local addresses = require "cloudstack.addresses"
local fake = require "tests.support.fake"

local ID = "0d3bfd85-32d6-4ecd-80db-193ac3e8fce3"

describe("public addresses", function()
  it("are picked by their whole text and their zone", function()
    local rows = { { id = "a", ipaddress = "192.0.2.5", zoneid = "z2" }, { id = "b", ipaddress = "192.0.2.50", zoneid = "z1" },
      { id = "c", ipaddress = "192.0.2.5", zoneid = "z1" } }
    assert.equal("c", addresses.pick(rows, "192.0.2.5", { id = "z1" }).id)
    assert.is_nil(addresses.pick(rows, "192.0.2.50", { id = "z2" }))
  end)

  it("whose acquiring was lost are looked for by their text, in the zone of the network", function()
    local cpi <close> = fake.cpi { { "listPublicIpAddresses", { ipaddress = "192.0.2.5" }, { publicipaddress = {
      { id = "a", ipaddress = "192.0.2.5", zoneid = "z2" }, { id = "b", ipaddress = "192.0.2.50", zoneid = "z1" },
      { id = "c", ipaddress = "192.0.2.5", zoneid = "z1" } } } }, { "listPublicIpAddresses", { ipaddress = "192.0.2.5" }, {} } }
    local network = { id = "n", name = "net", zoneid = "z1" }
    local request = addresses.acquire_request(cpi, network, "192.0.2.5")
    assert.equal("c", request.find().id)
    assert.is_nil(request.find())
    assert.is_nil(addresses.acquire_request(cpi, network, nil).find)
  end)

  it("are acquired for a network, or for the VPC that it is a tier of", function()
    local cpi <close> = fake.cpi {}
    local request = addresses.acquire_request(cpi, { id = "n", name = "net" }, nil)
    assert.same({ networkid = "n" }, request[2])
    assert.equal("acquiring address (any) for network 'net'", request.what)
    assert.same({ vpcid = "v", ipaddress = "192.0.2.5" },
      addresses.acquire_request(cpi, { id = "n", name = "net", vpcid = "v" }, "192.0.2.5")[2])
  end)

  it("have their static NAT when CloudStack refuses it for themselves, not for another", function()
    local text = "Failed to enable static nat on the  ip 192.0.2.5 with Id %s as the vm i-4-3-VM with Id v is already associated "
      .. "with another public ip 192.0.2.5 with id %s"
    assert.is_true(addresses.is_enabled({ kind = "refused", text = text:format(ID, ID) }, ID))
    assert.is_false(addresses.is_enabled({ kind = "refused", text = text:format(ID, "1234") }, ID))
    assert.is_false(addresses.is_enabled({ kind = "transport", text = text:format(ID, ID) }, ID))
  end)
end)
