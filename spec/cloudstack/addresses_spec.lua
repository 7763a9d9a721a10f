local addresses = require "cloudstack.addresses"

local ID = "0d3bfd85-32d6-4ecd-80db-193ac3e8fce3"

describe("public addresses", function()
  it("are picked by their whole text and their zone", function()
    local rows = { { id = "a", ipaddress = "192.0.2.5", zoneid = "z2" }, { id = "b", ipaddress = "192.0.2.50", zoneid = "z1" },
      { id = "c", ipaddress = "192.0.2.5", zoneid = "z1" } }
    assert.equal("c", addresses.pick(rows, "192.0.2.5", { id = "z1" }).id)
    assert.is_nil(addresses.pick(rows, "192.0.2.50", { id = "z2" }))
  end)

  it("have their static NAT when CloudStack refuses it for themselves, not for another", function()
    local text = "Failed to enable static nat on the  ip 192.0.2.5 with Id %s as the vm i-4-3-VM with Id v is already associated "
      .. "with another public ip 192.0.2.5 with id %s"
    assert.is_true(addresses.is_enabled({ kind = "refused", text = text:format(ID, ID) }, ID))
    assert.is_false(addresses.is_enabled({ kind = "refused", text = text:format(ID, "1234") }, ID))
    assert.is_false(addresses.is_enabled({ kind = "transport", text = text:format(ID, ID) }, ID))
  end)
end)
