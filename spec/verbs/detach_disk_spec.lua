local detach_disk = require "verbs.detach_disk"
local fake = require "tests.support.fake"
local scenarios = require "tests.faults.scenarios"

local vm = { "listVirtualMachines", { name = "cpivm-1" },
  { virtualmachine = { { id = "v", name = "cpivm-1", state = "Running" } } } }
local no_vm = { "listVirtualMachines", {}, {} }

local function disk(on)
  local row = { id = "d", name = "cpi-disk-1", state = "Ready", virtualmachineid = on, vmname = on and "cpivm-of-" .. on }
  return { "listVolumes", { name = "cpi-disk-1" }, { volume = { row } } }
end

local function detach(script)
  local cpi <close> = fake.cpi(script)
  return detach_disk(cpi, "cpivm-1", "cpi-disk-1"), cpi
end

describe("detach_disk", function()
  it("takes the disk off the VM, and answers null", function()
    local result, cpi = detach { vm, disk "v", { "detachVolume", { id = "d" }, job = {} } }
    assert.is_nil(result)
    assert.same({ "listVirtualMachines listVolumes", "detachVolume" }, cpi.waves)
  end)

  it("is done for a disk that no VM has, or that is gone", function()
    assert.is_nil((detach { vm, disk(nil) }))
    assert.is_nil((detach { vm, { "listVolumes", {}, {} } }))
    assert.is_nil((detach { no_vm, { "listVolumes", {}, {} } }))
  end)

  it("waits for an attach whose process was killed: until then the disk is on no VM", function()
    local s = scenarios.open({ arrange = function() return {} end, world = { latency = { jobs = { attachVolume = 5 } } } }, {})
    local vm_cid, disk_cid = s:vm(), s:disk()
    function s.after_send(_, requests)
      if requests[1].command == "attachVolume" then coroutine.yield "kill" end
    end
    s:run(s:begin("attach_disk", { vm_cid, disk_cid }))
    s.after_send = nil
    assert.is_nil(s:find("volumes", disk_cid).virtualmachineid)
    s:good("detach_disk", { vm_cid, disk_cid })
    s.sim.advance(60)
    assert.is_nil(s:find("volumes", disk_cid).virtualmachineid)
    s:good("delete_disk", { disk_cid })
  end)

  it("never takes the disk off another VM", function()
    for _, here in ipairs { vm, no_vm } do
      local failure = fake.failure(detach, { here, disk "w" })
      assert.equal("Bosh::Clouds::DiskNotAttached", failure.type)
      assert.equal("disk 'cpi-disk-1' is attached to VM 'cpivm-of-w', not to 'cpivm-1'", failure.message)
    end
  end)
end)
