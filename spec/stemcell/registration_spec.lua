local fake = require "tests.support.fake"
local registration = require "stemcell.registration"

local z1, z2 = { id = "z1", name = "zone1" }, { id = "z2", name = "zone2" }

-- -> id, zones, what was sent
local function start(answer, zones, version, checksum)
  local cpi <close> = fake.cpi { { "registerTemplate", { url = "http://x/image" }, answer } }
  local id, there = registration.of("http://x/image", checksum).start(cpi, { cid = "c", zones = zones, cloudstack_version = version,
    file = { checksum = function() return "c0ffee" end }, details = {}, names = { display_name = "d" }, os_type = { id = "o" } })
  return id, there, cpi.sent[1][2]
end

describe("registering a stemcell by URL", function()
  it("is for one zone, with no checksum where none is known", function()
    local id, zones, sent = start({ template = { { id = "t1" } } }, { z1 }, "4.23.0.0")
    assert.same({ "t1", { z1 } }, { id, zones })
    assert.equal("z1", sent.zoneid)
    assert.is_nil(sent.zoneids)
    assert.is_nil(sent.checksum)
    assert.equal("c", sent.name)
  end)

  it("is for all zones at once since CloudStack 4.11", function()
    local _, zones, sent = start({ template = { { id = "t1" } } }, { z1, z2 }, "4.11.0.0")
    assert.same({ z1, z2 }, zones)
    assert.equal("z1,z2", sent.zoneids)
    assert.is_nil(sent.zoneid)
    _, zones, sent = start({ template = { { id = "t1" } } }, { z1, z2 }, "4.10.0.0")
    assert.same({ z1 }, zones)
    assert.equal("z1", sent.zoneid)
    assert.is_nil(sent.zoneids)
  end)

  it("tells a checksum that is given, or that of the image", function()
    assert.equal("{MD5}1", select(3, start({ template = { { id = "t" } } }, { z1 }, "4.23", "{MD5}1")).checksum)
    assert.equal("{SHA-256}c0ffee", select(3, start({ template = { { id = "t" } } }, { z1 }, "4.23", true)).checksum)
  end)

  it("reads the id from a list or an object, and none from anything else", function()
    assert.equal("t1", (start({ template = { id = "t1" } }, { z1 }, "4.23")))
    assert.is_nil((start({ template = "t1" }, { z1 }, "4.23")))
    assert.is_nil((start({ odd = 1 }, { z1 }, "4.23")))
  end)
end)
