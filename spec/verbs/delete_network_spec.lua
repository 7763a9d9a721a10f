local delete_network = require "verbs.delete_network"
local fake = require "tests.support.fake"

local CID = "cpi-network-1"
local row = { id = "n", name = CID }
local function list(...) return { "listNetworks", {}, { network = { { id = "o", name = "cpi-network-12" }, ... } } } end

local function delete(script, cid)
  local cpi <close> = fake.cpi(script)
  local ok, failure = pcall(delete_network, cpi, cid or CID)
  return ok, failure, cpi
end

describe("delete_network", function()
  it("deletes exactly the network of that name, or id", function()
    local ok, result, cpi = delete { list(row), { "deleteNetwork", { id = "n" }, job = {} } }
    assert.same({ true, nil }, { ok, result })
    assert.same({ "listNetworks", "deleteNetwork" }, cpi.waves)
    assert.is_true((delete({ list(row), { "deleteNetwork", { id = "n" }, job = {} } }, "n")))
  end)

  it("of one that is gone is NetworkNotFound, so that the director forgets it", function()
    local ok, failure = delete { list() }
    assert.is_false(ok)
    assert.equal("Bosh::Clouds::NetworkNotFound", failure.type)
    assert.equal("network 'cpi-network-1' is not in CloudStack", failure.message)
  end)

  it("of one with VMs names them, and leaves it", function()
    local vms = { { id = "1", name = "cpivm-b" }, { id = "2", name = "cpivm-a" } }
    local ok, failure = delete { list(row), { "deleteNetwork", { id = "n" }, job_fails = "Failed to delete network" },
      { "listNetworks", { id = "n" }, { network = { row } } },
      { "listVirtualMachines", { networkid = "n" }, { virtualmachine = vms } },
      { "createTags", { resourceids = "n", resourcetype = "Network", ["tags[0].key"] = "bosh_given_back" }, job = {} } }
    assert.is_false(ok)
    assert.equal("Bosh::Clouds::CloudError", failure.type)
    assert.truthy(failure.message:find("network 'cpi-network-1' is not deleted: VMs are in it: cpivm-a, cpivm-b", 1, true), failure.message)
    assert.truthy(failure.message:find("Failed to delete network", 1, true), failure.message)
  end)

  it("whose job failed after it had done it succeeds", function()
    assert.is_true((delete { list(row), { "deleteNetwork", { id = "n" }, job_fails = "timeout" }, { "listNetworks", { id = "n" }, {} } }))
  end)

  for _, cid in ipairs { 5, true, {}, "" } do
    it("refuses the CID " .. tostring(cid):gsub("0x%x+", ""), function()
      local ok, failure = delete({}, cid)
      assert.is_false(ok)
      assert.equal("Bosh::Clouds::CpiError", failure.type)
      assert.truthy(failure.message:find("argument network_cid", 1, true), failure.message)
    end)
  end
end)
