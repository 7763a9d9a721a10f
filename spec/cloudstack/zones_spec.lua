local fake = require "tests.support.fake"
local os_types = require "cloudstack.os_types"
local zones = require "cloudstack.zones"

describe("zones", function()
  local rows = { { id = "z1", name = "zone1" }, { id = "z2", name = "zone2" } }

  it("are found by name or id", function()
    assert.equal("z2", zones.pick(rows, "zone2").id)
    assert.equal("z1", zones.pick(rows, "z1").id)
  end)

  it("are missed with the names that there are", function()
    assert.equal("zone 'Zone1' is not in CloudStack; there are: zone1, zone2", fake.failure(zones.pick, rows, "Zone1").message)
    assert.equal("zone 'x' is not in CloudStack; there are: none", fake.failure(zones.pick, {}, "x").message)
  end)
end)

describe("OS types", function()
  it("are found by their exact description", function()
    local rows = { { id = "1", description = "Other PV (32-bit)" }, { id = "2", description = "Other PV (64-bit)" } }
    assert.equal("2", os_types.pick(rows, "Other PV (64-bit)").id)
    assert.truthy(fake.failure(os_types.pick, rows, "Other PV").message:find("cloudstack.stemcell.os_type", 1, true))
  end)
end)
