local fake = require "tests.support.fake"
local set_vm_metadata = require "verbs.set_vm_metadata"

local function vm(...)
  return { "listVirtualMachines", { name = "cpivm-1" },
    { virtualmachine = { { id = "v", name = "cpivm-1", state = "Running", tags = { ... } } } } }
end

describe("set_vm_metadata", function()
  it("sets BOSH's metadata by the VM's id, and answers null", function()
    local cpi <close> = fake.cpi { vm(), { "createTags", {
      resourceids = "v", resourcetype = "UserVm", ["tags[0].key"] = "bosh_metadata", ["tags[0].value"] = "index,job",
      ["tags[1].key"] = "index", ["tags[1].value"] = "0", ["tags[2].key"] = "job", ["tags[2].value"] = "web",
    }, job = {} } }
    assert.is_nil(set_vm_metadata(cpi, "cpivm-1", { job = "web", index = "0" }))
    assert.same({ "listVirtualMachines", "createTags" }, cpi.waves)
  end)

  it("updates its own keys and leaves the operators' tags alone", function()
    local cpi <close> = fake.cpi {
      vm({ key = "job", value = "old" }, { key = "owner", value = "ops" }, { key = "bosh_cid", value = "cpivm-1" }),
      { "deleteTags", { ["tags[0].key"] = "job" }, job = {}, without = { "tags[1].key" } },
      { "createTags", { ["tags[0].key"] = "bosh_metadata", ["tags[1].key"] = "job" }, job = {}, without = { "tags[2].key" } },
    }
    set_vm_metadata(cpi, "cpivm-1", { job = "web" })
  end)

  it("asks once when nothing has changed", function()
    local cpi <close> = fake.cpi { vm({ key = "job", value = "web" }, { key = "bosh_metadata", value = "job" }) }
    set_vm_metadata(cpi, "cpivm-1", { job = "web", empty = "" })
    assert.same({ "listVirtualMachines" }, cpi.waves)
  end)

  it("keeps the CPI's own tags from the manifest's, in any case, and says so", function()
    local cpi <close> = fake.cpi { vm({ key = "bosh_cid", value = "cpivm-1" }),
      { "createTags", { ["tags[0].key"] = "bosh_metadata", ["tags[0].value"] = "owner", ["tags[1].key"] = "owner" }, job = {},
        without = { "tags[2].key" } } }
    set_vm_metadata(cpi, "cpivm-1", { owner = "ops", bosh_cid = "x", Director_UUID = "x", bosh_ephemeral_of = "cpivm-2" })
    local log = table.concat(cpi.log.lines, "\n")
    for _, key in ipairs { "bosh_cid", "Director_UUID", "bosh_ephemeral_of" } do
      assert.truthy(log:find(("warn tag '%s' is the CPI's own: it is not set"):format(key), 1, true), key)
    end
  end)

  it("removes what BOSH no longer sends, and nothing of the operators'", function()
    local cpi <close> = fake.cpi {
      vm({ key = "job", value = "web" }, { key = "cost", value = "9" }, { key = "owner", value = "ops" },
        { key = "bosh_metadata", value = "Cost,job" }),
      { "deleteTags", { ["tags[0].key"] = "bosh_metadata", ["tags[1].key"] = "cost" }, job = {}, without = { "tags[2].key" } },
      { "createTags", { ["tags[0].key"] = "bosh_metadata", ["tags[0].value"] = "job" }, job = {}, without = { "tags[1].key" } },
    }
    set_vm_metadata(cpi, "cpivm-1", { job = "web" })
    assert.truthy(table.concat(cpi.log.lines, "\n"):find("debug tags that BOSH no longer sends are removed: Cost", 1, true))
  end)

  it("updates the key that is there in its own case, and says so for those who look closely", function()
    local cpi <close> = fake.cpi {
      vm({ key = "Deployment", value = "old" }, { key = "bosh_metadata", value = "deployment" }),
      { "deleteTags", { ["tags[0].key"] = "Deployment" }, job = {}, without = { "tags[1].key" } },
      { "createTags", { ["tags[0].key"] = "Deployment", ["tags[0].value"] = "cf" }, job = {}, without = { "tags[1].key" } },
    }
    set_vm_metadata(cpi, "cpivm-1", { deployment = "cf" })
    assert.truthy(table.concat(cpi.log.lines, "\n"):find("debug tag 'deployment' is there as 'Deployment' and stays so called", 1, true))
  end)

  it("sets one of two keys that CloudStack takes for one", function()
    local cpi <close> = fake.cpi { vm(), { "createTags", { ["tags[0].key"] = "Job", ["tags[0].value"] = "1",
      ["tags[1].key"] = "bosh_metadata", ["tags[1].value"] = "Job" }, job = {}, without = { "tags[2].key" } } }
    set_vm_metadata(cpi, "cpivm-1", { job = "2", Job = "1", ["jOb "] = "3" })
  end)

  for _, cid in ipairs { 5, true, "" } do
    it("refuses the CID " .. tostring(cid) .. ", and asks nothing", function()
      local cpi <close> = fake.cpi {}
      local failure = fake.failure(set_vm_metadata, cpi, cid, { job = "web" })
      assert.equal("Bosh::Clouds::CpiError", failure.type)
      assert.truthy(failure.message:find("argument vm_cid", 1, true), failure.message)
    end)
  end

  it("survives odd metadata", function()
    local cpi <close> = fake.cpi { vm(), { "createTags", { ["tags[1].key"] = "n", ["tags[1].value"] = "3" }, job = {},
      without = { "tags[2].key" } } }
    set_vm_metadata(cpi, "cpivm-1", { n = 3, nothing = fake.json.null, deep = { a = 1 }, [""] = "x", blank = " " })
  end)

  it("without metadata sets nothing", function()
    local cpi <close> = fake.cpi { vm(), vm() }
    set_vm_metadata(cpi, "cpivm-1", nil)
    set_vm_metadata(cpi, "cpivm-1", {})
  end)

  it("says VMNotFound, where the Go CPI crashed", function()
    local cpi <close> = fake.cpi { { "listVirtualMachines", {}, {} } }
    assert.equal("Bosh::Clouds::VMNotFound", fake.failure(set_vm_metadata, cpi, "cpivm-1", { a = "b" }).type)
  end)
end)
