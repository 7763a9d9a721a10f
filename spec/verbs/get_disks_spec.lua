local fake = require "tests.support.fake"
local get_disks = require "verbs.get_disks"

local vm = { "listVirtualMachines", { name = "cpivm-1" },
  { virtualmachine = { { id = "v", name = "cpivm-1", state = "Running" } } } }

local function ask(...)
  local cpi <close> = fake.cpi { vm, { "listVolumes", { virtualmachineid = "v" }, { volume = { ... } } } }
  return get_disks(cpi, "cpivm-1")
end

describe("get_disks", function()
  it("answers the persistent disks only, sorted", function()
    assert.same({ "cpi-disk-1", "cpi-disk-2" }, ask(
      { type = "ROOT", name = "ROOT-1", deviceid = 0 }, { type = "DATADISK", name = "DATA-1", deviceid = 1 },
      { type = "DATADISK", name = "cpi-disk-2", deviceid = 2 }, { type = "DATADISK", name = "cpi-disk-1", deviceid = 4 },
      { type = "DATADISK", name = "cpi-ephemeral-disk-1", deviceid = 5 }))
  end)

  it("leaves out what an operator attached by hand, unless BOSH has spoken of it", function()
    assert.same({ "brought-in", "cpi-disk-1" }, ask(
      { type = "DATADISK", name = "backup", deviceid = 4 }, { type = "DATADISK", name = "cpi-disk-1", deviceid = 2 },
      { type = "DATADISK", name = "my-cpi-disk-2", deviceid = 3 },
      { type = "DATADISK", name = "brought-in", deviceid = 5, tags = { { key = "deployment", value = "cf" } } }))
  end)

  it("answers [] and never {} for none", function()
    assert.equal("[]", fake.json.encode(ask()))
  end)

  it("says VMNotFound", function()
    local cpi <close> = fake.cpi { { "listVirtualMachines", {}, {} } }
    assert.equal("Bosh::Clouds::VMNotFound", fake.failure(get_disks, cpi, "cpivm-1").type)
  end)
end)
