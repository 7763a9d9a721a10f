local disk_choice = require "disks.choice"
local fake = require "tests.support.fake"

local ten = { id = "d10", name = "ten", disksize = 10 }
local twenty = { id = "d20", name = "twenty", disksize = 20 }
local custom = { id = "dc", name = "shared.custom", disksize = 0, iscustomized = true }
local elsewhere = { id = "de", name = "far", disksize = 10, zoneid = "z2" }

local function choose(kind, wanted, options)
  local cpi <close> = fake.cpi(options or {})
  wanted.zone, wanted.offerings = { id = "z1", name = "zone1" }, wanted.offerings or { ten, twenty, custom, elsewhere }
  return disk_choice(cpi, kind, wanted)
end

describe("a disk's offering", function()
  it("is the manifest's, by name or id, whatever the policy would say", function()
    local options = { policies = { disk_offering = function() error("asked") end } }
    assert.same({ offering = twenty }, choose("persistent", { explicit = "twenty", size = 11 }, options))
    assert.same({ offering = custom, size = 11 }, choose("persistent", { explicit = "dc", size = 11 }, options))
  end)

  it("of the manifest may be fixed and of any size", function()
    assert.same({ offering = ten }, choose("ephemeral", { explicit = "ten" }))
  end)

  it("of the manifest is never silently smaller", function()
    assert.equal("disk offering 'ten' gives 10 GB, 11 GB are asked for",
      fake.failure(choose, "persistent", { explicit = "ten", size = 11 }).message)
  end)

  it("of the manifest needs a size when it is customised", function()
    assert.equal("disk offering 'shared.custom' needs a size", fake.failure(choose, "ephemeral", { explicit = "dc" }).message)
  end)

  it("must exist in the zone", function()
    assert.equal("disk offering 'far' is for other zones than 'zone1'; there are: shared.custom, ten, twenty",
      fake.failure(choose, "persistent", { explicit = "far", size = 1 }).message)
  end)

  it("is the configured one of its kind", function()
    local options = { settings = { cloudstack = { default_offer = { disk = "twenty", ephemeral_disk = "ten" } } } }
    assert.equal(twenty, choose("persistent", { size = 5 }, options).offering)
    assert.equal(ten, choose("ephemeral", { size = 5 }, options).offering)
  end)

  it("is the configured customised one where no other is configured", function()
    assert.same({ offering = custom, size = 15 }, choose("persistent", { size = 15 }))
  end)

  it("is decided by the site where it has a policy", function()
    local seen
    local choice = choose("persistent", { size = 5 }, { policies = { disk_offering = function(facts)
      seen = facts
      return { offering = { id = "d20" } }
    end } })
    assert.equal(twenty, choice.offering)
    assert.same({ "persistent", 5, "shared.custom", "zone1", 3 },
      { seen.kind, seen.size, seen.fallback, seen.zone.name, #seen.offerings })
  end)
end)
