local admission = require "disks.admission"
local disk_order = require "disks.order"
local fake = require "tests.support.fake"

local function order(cpi, properties)
  local one = disk_order.read(cpi, "size", 2048, properties)
  one.instance.deployment = "cf"
  return one
end

describe("a disk's admission", function()
  it("leaves the order alone where the site has no file", function()
    local cpi <close> = fake.cpi {}
    local one = order(cpi, {})
    assert.equal(one, admission(cpi, "create_disk", one, {}))
  end)

  it("knows whose disk it is, and changes what is to be made", function()
    local facts
    local cpi <close> = fake.cpi { policies = { disk = function(given)
      facts, given.now = given, nil
      return { cloud_properties = { disk_offering = "encrypted", policy = given.policy } }
    end } }
    local changed = admission(cpi, "update_disk", order(cpi, { zone = "z", Policy = { tier = 1 } }), { disk_cid = "d" })
    assert.same({ verb = "update_disk", size = 2, cloud_properties = { zone = "z", policy = { tier = 1 } }, disk_cid = "d",
      deployment = "cf", policy = { tier = 1 } }, facts)
    assert.same({ "encrypted", nil, 2 }, { changed.properties.disk_offering, changed.properties.zone, changed.gigabytes })
  end)

  it("names the policy where its cloud_properties are none", function()
    local cpi <close> = fake.cpi { policies = { disk = function() return { cloud_properties = { ofering = "x" } } end } }
    local failure = fake.failure(admission, cpi, "create_disk", order(cpi, {}), {})
    assert.equal("policy disk (site/disk.lua): cloud_properties of the disk: 'ofering' is not known", failure.message)
  end)
end)
