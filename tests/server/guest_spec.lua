-- Programs that live in VMs: started and ended with them, told of disks, waited for, and never left behind.

local rig = require "rig"

-- Writes what it is and was given; lives until SIGTERM, or longer when it is told to be stubborn.
local PROGRAM = [[#!/bin/sh
exec >>"@DIR/$1.log"
echo "pid=$$ group=$(cut -d' ' -f5 /proc/$$/stat) stdin=$(readlink /proc/$$/fd/0)"
env
[ "$1" = start ] || { while [ -e "@DIR/busy" ]; do sleep 0.05; done; exit 0; }
[ ! -e "@DIR/stubborn" ] || trap '' TERM
[ ! -e "@DIR/child" ] || { (trap '' TERM; echo "child=$(sh -c 'echo $PPID')"; exec sleep 60) & }
while :; do sleep 0.05; done
]]

local read = require("tests.support.text_file").read_any

local function alive(pid)
  local state = read(("/proc/%s/stat"):format(pid)):match "%) (%a)"
  return state and state ~= "Z" or false
end

describe("a guest", function()
  local place, cloud

  before_each(function()
    place = io.popen("mktemp -d"):read "l"
    local file = assert(io.open(place .. "/guest", "w"))
    file:write((PROGRAM:gsub("@DIR", place)))
    file:close()
    os.execute("chmod +x " .. place .. "/guest")
    cloud = rig.start { role = "bosh", guest = place .. "/guest" }
  end)
  after_each(function()
    if cloud then cloud:stop() end
    os.execute("rm -rf " .. place)
  end)

  -- Runs an asynchronous command to its end.
  local function job(command, parameters)
    local answer = cloud:api(command, parameters)
    assert(answer.jobid, answer.errortext)
    return rig.wait(function()
      local state = cloud:api("queryAsyncJobResult", { jobid = answer.jobid })
      assert.not_equal(2, state.jobstatus, state.jobresult and state.jobresult.errortext)
      return state.jobstatus == 1 and state.jobresult
    end, 10)
  end

  local function deploy()
    return job("deployVirtualMachine", {
      name = "guest-vm", zoneid = cloud:api("listZones").zone[1].id,
      serviceofferingid = cloud:api("listServiceOfferings", { name = "shared.small" }).serviceoffering[1].id,
      templateid = cloud:api("listTemplates", { templatefilter = "executable" }).template[1].id,
      networkids = cloud:api("listNetworks", { name = "bosh-net" }).network[1].id,
    }).virtualmachine
  end

  local function log(name) return read(("%s/%s.log"):format(place, name)) end
  local function pids()
    local list = {}
    for pid in log "start":gmatch "pid=(%d+)" do list[#list + 1] = pid end
    return list
  end
  local function started(count)
    return rig.wait(function() return log "start":find "PATH=" and pids()[count] end, 5)
  end

  it("lives in its own process group, with the VM in its environment and nothing else", function()
    local vm = deploy()
    local pid = started(1)
    local text = log "start"
    assert.equal(pid, text:match "group=(%d+)")
    assert.equal("/dev/null", text:match "stdin=(%S+)")
    assert.truthy(text:find(vm.id, 1, true), text)
    assert.truthy(text:find(vm.nic[1].ipaddress, 1, true), text)
    assert.is_nil(text:find "HOME=")
    for fd in io.popen(("ls /proc/%s/fd"):format(pid)):lines() do
      local target = io.popen(("readlink /proc/%s/fd/%s"):format(pid, fd)):read "a"
      assert.is_nil(target:find "socket:", target)
    end
  end)

  it("ends with its VM and is another after a start or a reboot", function()
    local vm = deploy()
    local first = started(1)
    job("stopVirtualMachine", { id = vm.id })
    rig.wait(function() return not alive(first) end, 3)
    job("startVirtualMachine", { id = vm.id })
    local second = started(2)
    job("rebootVirtualMachine", { id = vm.id })
    local third = started(3)
    rig.wait(function() return not alive(second) end, 3)
    job("destroyVirtualMachine", { id = vm.id })
    rig.wait(function() return not alive(third) end, 3)
  end)

  it("is told of disks that come and go", function()
    local vm = deploy()
    started(1)
    local offering = cloud:api("listDiskOfferings", { name = "shared.small" }).diskoffering[1].id
    local volume = job("createVolume", { name = "v", zoneid = vm.zoneid, diskofferingid = offering }).volume
    job("attachVolume", { id = volume.id, virtualmachineid = vm.id })
    rig.wait(function() return log "attach":find(volume.id, 1, true) end, 3)
    job("detachVolume", { id = volume.id })
    rig.wait(function() return log "detach":find(vm.id, 1, true) end, 3)
  end)

  -- Whether the job is over, asked once.
  local function is_over(id) return cloud:api("queryAsyncJobResult", { jobid = id }).jobstatus ~= 0 end

  it("is waited for: the job of an attach ends when the program has done it", function()
    local vm = deploy()
    started(1)
    os.execute(("touch %s/busy"):format(place))
    local offering = cloud:api("listDiskOfferings", { name = "shared.small" }).diskoffering[1].id
    local volume = job("createVolume", { name = "v", zoneid = vm.zoneid, diskofferingid = offering }).volume
    local attach = cloud:api("attachVolume", { id = volume.id, virtualmachineid = vm.id }).jobid
    rig.wait(function() return log "attach":find(volume.id, 1, true) end, 3)
    assert.is_false(is_over(attach))
    os.remove(place .. "/busy")
    rig.wait(function() return is_over(attach) end, 3)
  end)

  it("is waited for: the job of a stop ends when no process of the VM is left", function()
    os.execute("touch " .. place .. "/child")
    local vm = deploy()
    local pid = started(1)
    local child = rig.wait(function() return log "start":match "child=(%d+)" end, 3)
    job("stopVirtualMachine", { id = vm.id })
    assert.same({ false, false }, { alive(pid), alive(child) })
  end)

  it("has the time to end that the server was started with", function()
    cloud:stop()
    cloud = rig.start { role = "bosh", guest = place .. "/guest", grace = 0.2 }
    os.execute("touch " .. place .. "/stubborn")
    local vm = deploy()
    local pid = started(1)
    job("stopVirtualMachine", { id = vm.id })
    assert.is_false(alive(pid))
  end)

  it("is killed after 5 seconds when it does not end, while the server answers", function()
    os.execute("touch " .. place .. "/stubborn")
    local vm = deploy()
    local pid = started(1)
    local clock = require("host_native").clock
    local before = clock.now()
    job("stopVirtualMachine", { id = vm.id })
    while alive(pid) do
      local _, told = cloud:api "listZones"
      assert.is_true(told.seconds < 1)
      assert.is_true(clock.now() - before < 9)
      clock.sleep(0.02)
    end
    assert.is_true(clock.now() - before >= 4.5)
  end)

  it("leaves nobody when the server ends", function()
    os.execute("touch " .. place .. "/child")
    deploy()
    local pid = started(1)
    local child = rig.wait(function() return log "start":match "child=(%d+)" end, 3)
    cloud:stop()
    cloud = nil
    assert.is_false(alive(pid))
    assert.is_false(alive(child))
  end)
end)
