-- From the states that a VM or a disk may be in, posted from outside, to what each verb does with them: cloudstack/states.lua,
-- verbs, made/removal.lua, made/recovery.lua.

local leaving = require "tests.support.leaving"
local states = require "cloudstack.states"

local function in_order(map)
  local list = {}
  for name in pairs(map) do list[#list + 1] = name end
  table.sort(list)
  return list
end

-- A stage with a VM in that state; seconds: for so long, and then it runs.
local function with_vm(state, seconds, options)
  local s = leaving.stage(options)
  local cid = s:small_vm()
  s:adopt(cid)
  local vm = s:find("vms", cid)
  s.sim.put_state { kind = "vm", id = vm.id, state = state, seconds = seconds, ["then"] = seconds and "Running" or nil }
  return s, cid, vm.id
end

describe("a VM in whatever state", function()
  for _, state in ipairs(in_order(states.of_vm)) do
    local row = states.of_vm[state]

    it("is deleted, and its address is free: " .. state, function()
      local s, cid, id = with_vm(state)
      local answer = s:call("delete_vm", { cid })
      assert.is_nil(answer.error, answer.error and answer.error.message)
      local vm = leaving.vm_by_id(s, id)
      assert.is_true(not vm or states.vm(vm.state).gone or false, vm and vm.state)
      -- Nothing frees the address of a VM in Error, or of one that somebody else destroyed, but the expunge.
      if not row.failed and not row.gone then s:small_vm() end
    end)

    if not row.gone then
      it("is restarted, or the error says why not: " .. state, function()
        local s, cid = with_vm(state, row.passing and 20)
        local answer = s:call("reboot_vm", { cid })
        if row.passing or row.runs or row.starts then
          assert.is_nil(answer.error, answer.error and answer.error.message)
          assert.equal("Running", s:find("vms", cid).state)
        else
          assert.equal(("VM '%s' is in state %s, in which CloudStack restarts none"):format(cid, state), answer.error.message)
        end
      end)

      it("gets a disk, or the error says why not: " .. state, function()
        local s, cid = with_vm(state, row.passing and 20)
        local disk = s:disk()
        local answer = s:call("attach_disk", { cid, disk })
        if row.passing or row.disks then
          assert.is_nil(answer.error, answer.error and answer.error.message)
        else
          assert.equal(("VM '%s' is in state %s, in which CloudStack attaches no disk"):format(cid, state), answer.error.message)
          assert.is_nil(s:find("volumes", disk).virtualmachineid)
        end
      end)

      it("lets a disk go when nothing is under way: " .. state, function()
        local s = leaving.stage()
        local cid, disk = s:vm_with_disk()
        s.sim.put_state { kind = "vm", name = cid, state = state, seconds = row.passing and 20 or nil,
          ["then"] = row.passing and "Running" or nil }
        local answer = s:call("detach_disk", { cid, disk })
        if row.passing or row.disks then
          assert.is_nil(answer.error, answer.error and answer.error.message)
          assert.is_nil(s:find("volumes", disk).virtualmachineid)
        else
          assert.equal("Bosh::Clouds::CloudError", answer.error.type)
        end
      end)
    end
  end

  for _, state in ipairs(in_order(states.of_vm)) do
    local row = states.of_vm[state]

    -- A VM of which BOSH has not heard, in that state; seconds: for so long.
    local function unknown_vm(options)
      local s = leaving.stage(options)
      function s.before_answer() coroutine.yield "kill" end
      local process = s:run(s:begin("create_vm", s:small_order()))
      s.before_answer = nil
      assert.is_nil(process.is_answered)
      local vm = s.sim.state().vms[1]
      s.sim.put_state { kind = "vm", id = vm.id, state = state, seconds = row.passing and 20 or nil,
        ["then"] = row.passing and "Running" or nil }
      return s, vm.id
    end

    if not row.gone then
      it("is removed by cpi gc: " .. state, function()
        local s, id = unknown_vm()
        s.sim.advance(row.passing and 1 or 7200)
        local answer = s:command("gc", "--director", require("machine").DIRECTOR, "--none-known", "--older-than", "0s", "--apply")
        assert.equal(0, answer.exit, answer.text)
        local vm = leaving.vm_by_id(s, id)
        assert.is_true(not vm or states.vm(vm.state).gone or false, vm and vm.state)
        if not row.failed then s:small_vm() end
      end)

      it("that a dead process left is removed by the next create_vm: " .. state, function()
        local s, id = unknown_vm { store = true }
        local journal = s.store.rows("journal")[1]
        local record = s.json.decode(journal.value)
        record.answered, record.written = nil, nil -- it died a moment earlier
        s.store.put("journal", journal.key, s.json.encode(record))
        local answer = s:call("create_vm", s:small_order(nil, s:networks(row.failed and "10.0.0.12" or nil)))
        assert.is_nil(answer.error, answer.error and answer.error.message)
        local vm = leaving.vm_by_id(s, id)
        assert.is_true(not vm or states.vm(vm.state).gone or false, vm and vm.state)
      end)
    end
  end

  it("that is migrated is stopped when that is over: CloudStack keeps the stop waiting", function()
    local s, cid, id = with_vm("Migrating", 60)
    local _, process = s:call("delete_vm", { cid })
    assert.is_nil(table.concat(process.log, "\n"):find("warn", 1, true))
    assert.not_equal("10.0.0.11", leaving.vm_by_id(s, id).nics[1].address)
  end)

  it("of which CloudStack says nothing but that it is new is stopped, with a warning", function()
    local fake = require "tests.support.fake"
    local removal = require "made.removal"
    local cpi <close> = fake.cpi { { "listVolumes", {}, {} },
      { "stopVirtualMachine", {}, job = { virtualmachine = { state = "Hibernated" } } },
      { "destroyVirtualMachine", {}, job = {} } }
    local nic = { id = "n", networkid = "n1", ipaddress = "10.0.0.5" }
    removal.vm_and_disks(cpi, { id = "v", name = "cpivm-1", state = "Hibernated", nic = { nic } },
      { may_expunge = false, may_force_stop = true, version = "4.30.0.0" })
    local text = table.concat(cpi.log.lines, "\n")
    assert.truthy(text:find("VM cpivm-1 is in state Hibernated, which this CPI does not know", 1, true))
    assert.truthy(text:find("address 10.0.0.5 of VM cpivm-1, which is in state Hibernated, stays taken", 1, true))
  end)
end)

describe("a disk in whatever state", function()
  local function with_disk(state, seconds)
    local s = leaving.stage()
    local cid, disk = s:small_vm(), s:disk()
    s.sim.put_state { kind = "volume", name = disk, state = state, seconds = seconds, ["then"] = seconds and "Ready" or nil }
    return s, cid, disk
  end

  local removed = { Destroyed = true, Expunged = true } -- CloudStack lists them no more
  for _, state in ipairs(in_order(states.of_volume)) do
    local row = states.of_volume[state]
    if removed[state] then goto next end

    it("is attached, waited for, or refused in words: " .. state, function()
      local s, cid, disk = with_disk(state, row.passing and 20)
      local answer = s:call("attach_disk", { cid, disk })
      if row.attaches or row.passing then
        assert.is_nil(answer.error, answer.error and answer.error.message)
      else
        assert.equal("Bosh::Clouds::" .. (row.gone and "DiskNotFound" or "CloudError"), answer.error.type)
      end
    end)

    it("is there for BOSH where it is not deleted: " .. state, function()
      local s, _, disk = with_disk(state)
      assert.equal(not row.gone, s:good("has_disk", { disk }))
    end)
    ::next::
  end
end)

describe("the root disk of a VM that leaves", function()
  local function root_of(s, id)
    for _, volume in ipairs(s.sim.state().volumes) do
      if volume.virtualmachineid == id and volume.name:find "^ROOT" then return volume.id end
    end
  end

  it("of which a snapshot is being taken is waited for, before the address is moved", function()
    local s = leaving.stage()
    local cid = s:small_vm()
    local id = s:find("vms", cid).id
    s.sim.put_state { kind = "volume", id = root_of(s, id), state = "Snapshotting", seconds = 100, ["then"] = "Ready" }
    local answer = s:call("delete_vm", { cid })
    assert.is_nil(answer.error, answer.error and answer.error.message)
    assert.equal("Destroyed", leaving.vm_by_id(s, id).state)
  end)

  it("of which a snapshot never ends keeps the VM, at its own address", function()
    local s = leaving.stage()
    local cid = s:small_vm()
    local id = s:find("vms", cid).id
    s.sim.put_state { kind = "volume", id = root_of(s, id), state = "Snapshotting" }
    local answer = s:call("delete_vm", { cid })
    assert.truthy(answer.error.message:find("is Snapshotting, and has not come to rest in 1800 s", 1, true), answer.error.message)
    assert.equal("10.0.0.11", s:find("vms", cid).nics[1].address)
  end)
end)
