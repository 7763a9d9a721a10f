-- A director that recreates many VMs at once, on a cloud that holds the addresses of destroyed ones for a day, with a plain user's
-- key: verbs, made/removal.lua, made/parking.lua, made/addressless.lua.

local leaving = require "tests.support.leaving"
local workers = require "tests.support.workers"

local VMS, AT_ONCE = 30, 10
local JOBS = { deployVirtualMachine = 1.6, startVirtualMachine = 1.7, destroyVirtualMachine = 5.5, stopVirtualMachine = 1.7,
  attachVolume = 1.7, detachVolume = 2, createVolume = 0.1, updateVmNicIp = 0.1, createTags = 0.05, default = 1.9 }

-- What the director does with an instance that it recreates (bosh src/bosh-director: the steps of an instance's recreation).
local function recreate(s, instance)
  return function(call)
    call("detach_disk", { instance.vm, instance.disk })
    call("delete_vm", { instance.vm })
    instance.vm = call("create_vm", s:small_order(nil, s:networks(instance.ip), { instance.disk }))[1]
    call("set_vm_metadata", { instance.vm, { director = "d", deployment = "dep", name = "vm/" .. instance.ip } })
    call("attach_disk", { instance.vm, instance.disk })
  end
end

-- A deployment of 30 VMs from 10.0.0.11 on, each with a disk.
local function deployment(options)
  options = options or {}
  options.world = { latency = { jobs = JOBS } }
  local s, list = leaving.stage(options), {}
  for i = 1, VMS do
    local ip = "10.0.0." .. 10 + i
    list[i] = { ip = ip, vm = s:small_vm(nil, s:networks(ip)), disk = s:disk() }
    s:good("attach_disk", { list[i].vm, list[i].disk })
  end
  return s, list
end

local function run(s, list)
  local tasks = {}
  for i, instance in ipairs(list) do tasks[i] = recreate(s, instance) end
  return workers.run(s, AT_ONCE, tasks)
end

-- No create_vm found its address taken, and none waited for one.
local function check(s, list, calls)
  local creates = 0
  for _, one in ipairs(calls) do
    local text = table.concat(one.log, "\n")
    if one.method == "create_vm" then
      creates = creates + 1
      assert.is_nil(text:find("waiting until it is free", 1, true), text)
      assert.is_nil(text:find("warn", 1, true), text)
      assert.is_true(one.seconds < 30, one.seconds)
    end
  end
  assert.equal(VMS, creates)
  local has = {}
  for _, vm in ipairs(s.sim.state().vms) do
    if vm.state == "Running" then has[vm.nics[1].address] = true end
  end
  for _, instance in ipairs(list) do assert.is_true(has[instance.ip], instance.ip) end
end

local function destroyed(s)
  local count, addresses = 0, 0
  for _, vm in ipairs(s.sim.state().vms) do
    if vm.state == "Destroyed" then
      count = count + 1
      for _, nic in ipairs(vm.nics) do addresses = addresses + (nic.address and 1 or 0) end
    end
  end
  return count, addresses
end

describe("a recreate of 30 VMs, ten at a time, with an expunge delay of a day and a plain user's key,", function()
  it("has no create_vm that waits for an address", function()
    local s, list = deployment()
    check(s, list, run(s, list))
    assert.same({ VMS, VMS }, { destroyed(s) })
  end)

  it("has none either when it is done a second time on that day, with a store", function()
    local s, list = deployment { store = true }
    run(s, list)
    check(s, list, run(s, list))
    assert.same({ 2 * VMS, 2 * VMS }, { destroyed(s) })
  end)

  it("holds no address where VMs leave by a network without addresses, however often it is done", function()
    local s, list = deployment { settings = { cloudstack = { parking = { network = "cpi-parking" } } } }
    for round = 1, 2 do
      check(s, list, run(s, list))
      assert.same({ round * VMS, 0 }, { destroyed(s) })
    end
  end)

  it("says so when there is no room for parking any more, and the address is CloudStack's choice", function()
    local s, list = deployment { settings = { cloudstack = { parking = { ranges = { ["bosh-net"] = "10.0.0.250-10.0.0.254" } } } } }
    local warned = 0
    local tasks = {}
    for i = 1, 7 do
      tasks[i] = function(call)
        call("detach_disk", { list[i].vm, list[i].disk })
        call("delete_vm", { list[i].vm })
      end
    end
    for _, one in ipairs(workers.run(s, AT_ONCE, tasks)) do
      if table.concat(one.log, "\n"):find("no place for parking was free", 1, true) then warned = warned + 1 end
    end
    assert.equal(2, warned)
  end)
end)
