local fake = require "tests.support.fake"
local reboot_vm = require "verbs.reboot_vm"

local function vm(state)
  return { "listVirtualMachines", { name = "cpivm-1" }, { virtualmachine = { { id = "v", name = "cpivm-1", state = state } } } }
end

-- The VM, looked at again.
local function later(state)
  local one = vm(state)
  one[2] = { id = "v" }
  return one
end

describe("reboot_vm", function()
  it("restarts the VM and answers null", function()
    local cpi <close> = fake.cpi { vm "Running", { "rebootVirtualMachine", { id = "v" }, job = {} } }
    assert.is_nil(reboot_vm(cpi, "cpivm-1"))
  end)

  it("starts a VM that is stopped: a reboot of it would be refused", function()
    local cpi <close> = fake.cpi { vm "Stopped", { "startVirtualMachine", { id = "v" }, job = {} } }
    reboot_vm(cpi, "cpivm-1")
  end)

  it("takes a VM that was starting for restarted once it runs", function()
    local cpi <close> = fake.cpi { vm "Starting", later "Starting", later "Running" }
    reboot_vm(cpi, "cpivm-1")
  end)

  it("waits for a VM that is stopping, and starts it", function()
    local cpi <close> = fake.cpi { vm "Stopping", later "Stopped", { "startVirtualMachine", { id = "v" }, job = {} } }
    reboot_vm(cpi, "cpivm-1")
  end)

  it("says VMNotFound when there is none any more once it was waited for", function()
    local cpi <close> = fake.cpi { vm "Stopping", { "listVirtualMachines", {}, {} } }
    assert.equal("Bosh::Clouds::VMNotFound", fake.failure(reboot_vm, cpi, "cpivm-1").type)
  end)

  it("says VMNotFound when there is none", function()
    local cpi <close> = fake.cpi { { "listVirtualMachines", {}, {} } }
    assert.equal("Bosh::Clouds::VMNotFound", fake.failure(reboot_vm, cpi, "cpivm-1").type)
  end)

  it("says what failed", function()
    local cpi <close> = fake.cpi { vm "Running", { "rebootVirtualMachine", {}, job_fails = "no host", code = 530 } }
    assert.equal("rebooting VM cpivm-1: rebootVirtualMachine: no host (530)", fake.failure(reboot_vm, cpi, "cpivm-1").message)
  end)
end)
