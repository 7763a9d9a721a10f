local ours = require("tests.support.decision").ours

local function network(name, more)
  local row = { name = name, gateway = false, undiscoverable = false, network = { serves_metadata = false }, fresh_mac = "mac-" .. name }
  for key, value in pairs(more or {}) do row[key] = value end
  return row
end

local METADATA = { network = { serves_metadata = true } }

describe("our policy of networks", function()
  it("puts one that serves user data first, then the default gateway's, then goes by name", function()
    local list = { network "b", network "a", network("g", { gateway = true }), network("m", METADATA) }
    assert.same({ "m", "g", "a", "b" }, ours("networks", { networks = list }).order)
  end)

  it("puts last what a stemcell cannot find its settings on", function()
    local list = { network("x", { undiscoverable = true, gateway = true, network = { serves_metadata = true } }), network "y" }
    assert.same({ "y", "x" }, ours("networks", { networks = list }).order)
  end)

  it("gives MACs to several, so that the agent tells them apart, and none to a single one", function()
    assert.same({ a = "mac-a", b = "mac-b" }, ours("networks", { networks = { network "b", network "a" } }).macs)
    assert.same({ order = { "a" }, macs = {} }, ours("networks", { networks = { network "a" } }))
  end)
end)
