local delete_vm = require "verbs.delete_vm"
local fake = require "tests.support.fake"

local can = { "listCapabilities", {}, { capability = { cloudstackversion = "4.23.0.0", allowuserexpungerecovervm = true } } }

local function orphans(...)
  return { "listVolumes", { ["tags[0].key"] = "bosh_ephemeral_of", ["tags[0].value"] = "cpivm-1" }, { volume = { ... } } }
end

local function vm(state)
  return { "listVirtualMachines", { name = "cpivm-1" },
    { virtualmachine = state and { { id = "v", name = "cpivm-1", state = state } } } }
end

local role = { "listApis", { name = "destroyVirtualMachine" }, { api = { { name = "destroyVirtualMachine" } } } }

local left = { id = "e", name = "DATA-1", type = "DATADISK", tags = { { key = "bosh_ephemeral_of", value = "cpivm-1" } } }

local none = { "listTags", { key = "cpivm-1" }, {} } -- nothing belongs to it

local function delete(script)
  local cpi <close> = fake.cpi(script)
  return delete_vm(cpi, "cpivm-1"), cpi
end

describe("delete_vm", function()
  it("looks once, destroys, and answers null", function()
    local result, cpi = delete {
      none, can, orphans(), role, vm "Running", { "listVolumes", { virtualmachineid = "v" }, {} },
      { "destroyVirtualMachine", { id = "v", expunge = true }, job = {} },
    }
    assert.is_nil(result)
    assert.same({ "listTags listCapabilities listVolumes listApis listVirtualMachines", "listVolumes", "destroyVirtualMachine" }, cpi.waves)
  end)

  it("does nothing where the process is to end before it has begun", function()
    local over = false
    local script = { none, can, orphans(), role, vm "Running", interrupted = function() return over and "SIGTERM arrived" or nil end }
    local cpi <close> = fake.cpi(script)
    local gather = cpi.cloudstack.gather
    function cpi.cloudstack.gather(...)
      over = true
      return gather(...)
    end
    assert.equal("interrupted: SIGTERM arrived", fake.failure(delete_vm, cpi, "cpivm-1").message)
  end)

  it("is done when the VM is gone", function()
    assert.is_nil((delete { none, can, orphans(), role, vm(nil) }))
    assert.is_nil((delete { none, can, orphans(), role, vm "Destroyed" }))
  end)

  it("sweeps what an earlier, half-done delete left of a VM that is gone", function()
    delete { none, can, orphans(left), role, vm(nil), { "deleteVolume", { id = "e" } } }
  end)

  it("waits for the disk that a VM which is being expunged still has", function()
    local held = { virtualmachineid = "v", vmstate = "Expunging" }
    for key, value in pairs(left) do held[key] = value end
    delete { none, can, orphans(held), role, vm(nil), orphans(held), orphans(left), { "deleteVolume", { id = "e" } } }
    local script = { none, can, orphans(held), role, vm(nil), settings = { cloudstack = { timeout = { delete_vm = 2 } } } }
    for _ = 1, 2 do script[#script + 1] = orphans(held) end
    assert.equal("disk DATA-1 (e) is still attached to VM cpivm-1, which is gone, after 2 s", fake.failure(delete, script).message)
    for _, state in ipairs { "Destroyed", "Running" } do -- before 4.16: until the VM is expunged; a VM that is hidden from this account
      held.vmstate = state
      delete { none, can, orphans(held), role, vm(nil) }
    end
  end)

  it("sweeps it also while the VM is still there", function()
    delete {
      none, can, orphans(left), role, vm "Running", { "listVolumes", { virtualmachineid = "v" }, {} },
      { "destroyVirtualMachine", {}, job = {} }, { "deleteVolume", { id = "e" } },
    }
  end)

  it("removes the VM's row of the registry", function()
    local _, cpi = delete { none, can, orphans(), role, vm(nil), store = true }
    cpi.store.put("registry", "cpivm-1", "{}")
    local again <close> = fake.cpi { none, can, orphans(), role, vm(nil) }
    again.store = cpi.store
    delete_vm(again, "cpivm-1")
    assert.is_nil(cpi.store.get("registry", "cpivm-1"))
  end)

  it("is no success when CloudStack cannot say", function()
    assert.equal("Bosh::Clouds::CloudError", fake.failure(delete, {
      none, can, orphans(), role, { "listVirtualMachines", {}, refuse = "no", code = 530 },
    }).type)
  end)
end)
