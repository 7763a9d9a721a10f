local fake = require "tests.support.fake"
local offerings = require "cloudstack.offerings"

local fixed = { id = "d10", name = "ten", disksize = 10 }
local custom = { id = "dc", name = "custom", iscustomized = true }
local ZONE = { id = "z1", name = "zone1" }

describe("offerings", function()
  it("get sizes in GB, rounded up", function()
    for megabytes, gigabytes in pairs { [1] = 1, [1024] = 1, [1025] = 2, [1500] = 2, [10240] = 10, [15000] = 15 } do
      assert.equal(gigabytes, offerings.gigabytes(megabytes))
    end
  end)

  it("of another zone are left out", function()
    local rows = { { id = "1" }, { id = "2", zoneid = "z1" }, { id = "3", zoneid = "z2,z1" }, { id = "4", zoneid = "z2" },
      { id = "5", zoneid = "" } }
    local ids = {}
    for i, row in ipairs(offerings.in_zone(rows, { id = "z1" })) do ids[i] = row.id end
    assert.same({ "1", "2", "3", "5" }, ids)
  end)

  it("are found by name or id, and missed with the names that there are", function()
    assert.equal(fixed, offerings.pick({ fixed, custom }, "ten", "disk", ZONE))
    assert.equal(fixed, offerings.pick({ fixed, custom }, "d10", "disk", ZONE))
    assert.equal("disk offering 'Ten' is not in CloudStack; there are: custom, ten",
      fake.failure(offerings.pick, { fixed, custom }, "Ten", "disk", ZONE).message)
  end)

  it("of other zones are said to be there, and not here", function()
    local far = { id = "d9", name = "far", zoneid = "z2" }
    assert.equal("disk offering 'far' is for other zones than 'zone1'; there are: ten",
      fake.failure(offerings.pick, { fixed, far }, "far", "disk", ZONE).message)
  end)

  it("with several of one name are an error", function()
    local failure = fake.failure(offerings.pick, { fixed, { id = "d11", name = "ten" } }, "ten", "disk", ZONE)
    assert.equal("disk offering 'ten' is ambiguous, CloudStack has 2: d10, d11", failure.message)
  end)

  it("send a size only where CloudStack takes one", function()
    assert.same({ offering = fixed }, offerings.disk(fixed, 10))
    assert.same({ offering = custom, size = 10 }, offerings.disk(custom, 10))
  end)

  it("never give less than asked", function()
    assert.same({ nil, "disk offering 'ten' gives 10 GB, 11 GB are asked for" }, { offerings.disk(fixed, 11) })
    assert.same({ nil, "disk offering 'custom' needs a size" }, { offerings.disk(custom, nil) })
  end)

  it("are chosen by whole tags", function()
    local rows = {
      { id = "1", tags = "ssd" }, { id = "2", tags = "ssd,fast" }, { id = "3", hosttags = "ssd-old" }, { id = "4" },
    }
    local function ids(wanted, unwanted)
      local list = {}
      for i, row in ipairs(offerings.tagged(rows, wanted, unwanted)) do list[i] = row.id end
      return table.concat(list, " ")
    end
    assert.equal("1 2", ids { "ssd" })
    assert.equal("2", ids { "ssd", "fast" })
    assert.equal("3 4", ids({}, { "ssd" }))
    assert.equal("1", ids({ "ssd" }, { "fast" }))
    assert.equal("1 2 3 4", ids())
    assert.equal("", ids { "gold" })
  end)
end)
