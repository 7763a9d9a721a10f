local fake = require "tests.support.fake"
local removal = require "made.removal"

local function vm(state)
  return { id = "vm-1", name = "cpivm-1", state = state or "Running", nic = {
    { id = "nic-1", networkid = "n1", networkname = "net", ipaddress = "10.0.0.5" },
  } }
end

local root = { id = "r", type = "ROOT", name = "ROOT-1", deviceid = 0 }
local ephemeral = { id = "e", type = "DATADISK", name = "DATA-1", deviceid = 1, virtualmachineid = "vm-1",
  tags = { { key = "bosh_ephemeral_of", value = "cpivm-1" } } }
local persistent = { id = "p", type = "DATADISK", name = "cpi-disk-1", deviceid = 2, virtualmachineid = "vm-1" }

local user = { may_expunge = false, may_force_stop = true, version = "4.23.0.0" }
local admin = { may_expunge = true, may_force_stop = true, version = "4.23.0.0" }

local function disks(...) return { "listVolumes", { virtualmachineid = "vm-1" }, { volume = { ... } } } end
local function look(state)
  return { "listVirtualMachines", { id = "vm-1" }, { virtualmachine = state and { { id = "vm-1", state = state } } } }
end

local no_nics = { "listNics", { virtualmachineid = "vm-1" }, refuse = "Virtual machine id does not exist", code = 530 }

local function remove(script, can, state)
  local cpi <close> = fake.cpi(script)
  removal.vm_and_disks(cpi, vm(state), can or user)
  return cpi
end

describe("a VM that leaves", function()
  it("is expunged at once where the account may", function()
    local cpi = remove({ disks(root), { "destroyVirtualMachine", { id = "vm-1", expunge = true }, job = {} } }, admin)
    assert.same({ "listVolumes", "destroyVirtualMachine" }, cpi.waves)
  end)

  it("is never expunged without the right: the VM would keep running", function()
    remove {
      disks(root), { "stopVirtualMachine", { id = "vm-1", forced = true }, job = {} },
      { "updateVmNicIp", { nicid = "nic-1" }, job = {}, without = { "ipaddress" } },
      { "destroyVirtualMachine", { id = "vm-1" }, job = {}, without = { "expunge" } },
      { "updateVirtualMachine", { id = "vm-1", name = "gone-vm-1" } },
    }
  end)

  it("is not expunged where the site does not want it", function()
    local script = {
      disks(root), { "stopVirtualMachine", {}, job = {} }, { "updateVmNicIp", {}, job = {} },
      { "destroyVirtualMachine", {}, job = {}, without = { "expunge" } }, { "updateVirtualMachine", {} },
      settings = { cloudstack = { expunge_vm = false } },
    }
    remove(script, admin)
  end)

  it("is not stopped by force where the account may not", function()
    remove({
      disks(root), { "stopVirtualMachine", {}, job = {}, without = { "forced" } }, { "updateVmNicIp", {}, job = {} },
      { "destroyVirtualMachine", {}, job = {} }, { "updateVirtualMachine", {} },
    }, { may_expunge = false, may_force_stop = false, version = "4.23.0.0" })
  end)

  it("that is stopped is not stopped again", function()
    local cpi = remove({
      disks(root), { "updateVmNicIp", {}, job = {} }, { "destroyVirtualMachine", {}, job = {} }, { "updateVirtualMachine", {} },
    }, user, "Stopped")
    assert.equal(4, #cpi.waves)
  end)

  it("in state Error is destroyed without a stop", function()
    remove({ disks(), { "destroyVirtualMachine", {}, job = {} } }, user, "Error")
  end)

  it("leaves although its address cannot be released, with a warning", function()
    local cpi = remove {
      disks(root), { "stopVirtualMachine", {}, job = {} },
      { "updateVmNicIp", {}, job_fails = "Allocating IP to guest NIC failed", code = 431 },
      { "destroyVirtualMachine", {}, job = {} }, { "updateVirtualMachine", {}, refuse = "no", code = 431 },
    }
    local text = table.concat(cpi.log.lines, "\n")
    assert.truthy(text:find("address 10.0.0.5 of VM cpivm-1 stays taken until it is expunged", 1, true))
    assert.truthy(text:find("the name of VM cpivm-1 stays taken", 1, true))
  end)

  it("that cannot be stopped keeps its address but is destroyed", function()
    remove { disks(root), { "stopVirtualMachine", {}, job_fails = "Unable to stop", code = 530 },
      { "destroyVirtualMachine", {}, job = {} } }
  end)
end)

describe("the disks of a VM that leaves", function()
  it("are deleted when they were made with it, and kept when not", function()
    local cpi = remove({
      disks(root, ephemeral, persistent), { "destroyVirtualMachine", {}, job = {}, without = { "volumeids", "volumeids[0]" } },
      { "deleteVolume", { id = "e" } },
    }, admin)
    assert.same({ "listVolumes", "destroyVirtualMachine", "deleteVolume" }, cpi.waves)
  end)

  it("are detached first before 4.16, which kept them attached", function()
    remove({
      disks(root, ephemeral, persistent), { "detachVolume", { id = "e" }, job = {} }, { "detachVolume", { id = "p" }, job = {} },
      { "destroyVirtualMachine", {}, job = {} }, { "deleteVolume", { id = "e" } },
    }, { may_expunge = true, may_force_stop = true, version = "4.15.2.0" })
  end)

  it("that stay make the removal fail", function()
    local failure = fake.failure(remove, {
      disks(ephemeral), { "destroyVirtualMachine", {}, job = {} },
      { "deleteVolume", {}, refuse = "Please specify a volume that is not attached to any VM.", code = 431 },
    }, admin)
    assert.truthy(failure.message:find("deleting disk DATA-1", 1, true))
  end)
end)

describe("a destroy that fails", function()
  local function failing(how)
    how[1], how[2] = "destroyVirtualMachine", { id = "vm-1" }
    return how
  end

  it("has done it all the same when the VM is gone: it ran twice", function()
    remove({ disks(), failing { job_fails = "Failed to destroy vm", code = 530 }, look(nil), no_nics }, admin)
    remove({ disks(), failing { job_fails = "Failed to destroy vm", code = 530 }, look "Expunging", no_nics }, admin)
  end)

  it("is an error while the VM lives", function()
    local failure = fake.failure(remove,
      { disks(), failing { job_fails = "Unable to stop VM instance", code = 530 }, look "Running" }, admin)
    assert.equal("destroying VM cpivm-1: destroyVirtualMachine: Unable to stop VM instance (530)", failure.message)
  end)

  it("is asked for again when a restarted server forgot it", function()
    remove({ disks(), failing { dies = true }, look "Running", failing { job = {} } }, admin)
  end)

  it("is not asked for for ever", function()
    local script = { disks() }
    for _ = 1, 3 do
      table.insert(script, failing { dies = true })
      table.insert(script, look "Running")
    end
    local failure = fake.failure(remove, script, admin)
    assert.equal("killed", failure.failure.kind)
  end)
end)

describe("the expunge policy", function()
  it("is told of the VM, its addresses and the account's rights", function()
    local facts
    remove({ disks(root), { "destroyVirtualMachine", {}, job = {}, without = { "expunge" } }, policies = {
      expunge = function(given)
        facts, given.now = given, nil
        return "leave"
      end,
    } }, admin)
    assert.same({
      vm = { id = "vm-1", name = "cpivm-1", state = "Running" }, may_expunge = true, version = "4.23.0.0", wanted = true,
      addresses = { { address = "10.0.0.5", network = "net", network_id = "n1" } },
    }, facts)
  end)

  it("may name the address where a NIC is parked", function()
    remove { disks(root), { "stopVirtualMachine", {}, job = {} },
      { "updateVmNicIp", { nicid = "nic-1", ipaddress = "10.0.0.250" }, job = {} },
      { "destroyVirtualMachine", {}, job = {} }, { "updateVirtualMachine", {} },
      policies = { expunge = function() return { strategy = "release", addresses = { n1 = "10.0.0.250" } } end } }
  end)

  local function wait() return { strategy = "wait", deadline = 100 } end

  it("may wait until CloudStack has expunged the VM", function()
    local nics = { "listNics", { virtualmachineid = "vm-1" }, { nic = { { id = "nic-1" } } } }
    local cpi = remove { disks(root), { "destroyVirtualMachine", {}, job = {} }, nics, nics,
      { "listNics", {}, refuse = "Virtual machine id does not exist", code = 530 }, policies = { expunge = wait } }
    assert.is_true(cpi.clock.now() > 1002)
  end)

  it("waits no longer than its deadline", function()
    local script = { disks(root), { "destroyVirtualMachine", {}, job = {} }, policies = { expunge = wait } }
    for _ = 1, 11 do script[#script + 1] = { "listNics", {}, { nic = { { id = "nic-1" } } } } end
    local failure = fake.failure(remove, script)
    assert.truthy(failure.message:find("has not expunged it after 100 s", 1, true), failure.message)
  end)
end)

describe("what a half-done removal left", function()
  it("is swept: ephemeral disks that no VM has", function()
    local cpi <close> = fake.cpi { { "deleteVolume", { id = "o" } } }
    removal.sweep(cpi, {
      { id = "o", name = "DATA-1", type = "DATADISK", tags = ephemeral.tags }, ephemeral,
      { id = "p", name = "cpi-disk-1", type = "DATADISK" },
    })
  end)
end)

describe("a VM with everything", function()
  it("is removed in one place", function()
    local text_file = require "tests.support.text_file"
    local pipe = assert(io.popen "find lua -name '*.lua'")
    for path in pipe:lines() do
      local text = path ~= "lua/made/removal.lua" and text_file.read(path):gsub("\nfunction [^\n]*", "") or ""
      for _, step in ipairs { "affinity_claims.of(", "removal.vm_and_disks(", "removal.sweep(", "registry.forget(" } do
        assert.is_nil(text:find(step, 1, true), ("%s: %s stands in made/removal.lua alone"):format(path, step))
      end
    end
    pipe:close()
  end)

  it("is nothing to ask for where all of it is gone and was looked up", function()
    local cpi <close> = fake.cpi {}
    removal.everything(cpi, "cpivm-1", nil, { belongings = {}, orphans = {} })
  end)

  it("has its disks looked up when the VM is gone, where nobody has", function()
    local cpi <close> = fake.cpi {
      { "listVolumes", { ["tags[0].key"] = "bosh_ephemeral_of", ["tags[0].value"] = "cpivm-1" },
        { count = 1, volume = { { id = "d", name = "DATA-1", type = "DATADISK", state = "Ready",
          tags = { { key = "bosh_ephemeral_of", value = "cpivm-1" } } } } } },
      { "deleteVolume", { id = "d" }, { success = true } },
    }
    removal.everything(cpi, "cpivm-1", nil, {})
  end)
end)
