local fake = require "tests.support.fake"
local vms = require "cloudstack.vms"

describe("a VM's CID", function()
  it("has the form of the earlier CPIs and begins with a letter", function()
    assert.equal("cpivm-u", vms.new_cid "u")
  end)

  it("means no VM that is destroyed, which only root admins see", function()
    local rows = { { id = "1", name = "x", state = "Destroyed" }, { id = "2", name = "x", state = "Expunging" } }
    assert.is_nil(vms.pick(rows, "x"))
    rows[3] = { id = "3", name = "x", state = "Error" }
    assert.equal("3", vms.pick(rows, "x").id)
  end)

  it("that two living VMs have is an error", function()
    assert.has_error(function() vms.pick({ { id = "1", name = "x", state = "Running" }, { id = "2", name = "x" } }, "x") end)
  end)

  it("of an id that never was is an absent VM", function()
    local id = "7d5d1a3e-52f5-4c6a-9f0b-2f6d3f1c9b11"
    local cpi <close> = fake.cpi { { "listVirtualMachines", { id = id }, code = 431,
      refuse = "Invalid parameter id value=x due to incorrect long value format, or entity does not exist or due to "
        .. "incorrect parameter annotation for the field in api cmd class." } }
    assert.is_nil(vms.find(cpi, id))
  end)

  it("that is missing is VMNotFound", function()
    local cpi <close> = fake.cpi { { "listVirtualMachines", { name = "cpivm-1" }, {} } }
    local failure = fake.failure(vms.get, cpi, "cpivm-1")
    assert.equal("Bosh::Clouds::VMNotFound", failure.type)
    assert.equal("VM 'cpivm-1' is not in CloudStack", failure.message)
  end)

  it("is no absent VM when CloudStack cannot say", function()
    local cpi <close> = fake.cpi {
      { "listVirtualMachines", {}, raw = "<html>Error 404</html>", status = 404 }, policies = { retry = function() end },
    }
    assert.equal("Bosh::Clouds::CloudError", fake.failure(vms.find, cpi, "cpivm-1").type)
  end)
end)
