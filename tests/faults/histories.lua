-- Random histories: a director calls several processes at once, with faults, kills and jumps of the clock in between.
-- After each history every object in CloudStack belongs to a CID that the director knows, or the journal or gc tells of
-- it; nothing that it knows is gone; no address, name or device is shared; and replay and gc remove the rest.
--   lua5.4 tests/faults/histories.lua [SEED [N]]
-- A seed gives the same run every time. A history that fails is shrunk to the shortest that still does, and printed.

package.path = "./lua/?.lua;./?.lua;./tests/support/?.lua;" .. package.path
package.cpath = "./build/spec/?.so;" .. package.cpath

local inventory = require "tests.faults.inventory"
local machine = require "machine"
local scenarios = require "tests.faults.scenarios"

local all_faults = require "tests.faults.fault_list"(machine.json)

local SEED, COUNT = tonumber(arg[1]) or 1, tonumber(arg[2]) or 200
local LONGEST = 14    -- calls of a history
local ADDRESSES = 5   -- for which the VMs compete
local SETTLING = 600
local ENDLESS = 200000 -- turns

-- ---------------------------------------------------------------------------------------------------------
-- a history: a list of steps { call, seed, overlap, jump, fault = { at, index }, kill = instant }

local CALLS = { "create_vm", "create_vm", "create_vm", "delete_vm", "delete_vm", "create_disk", "create_disk", "attach_disk",
  "attach_disk", "detach_disk", "delete_disk", "set_vm_metadata", "reboot_vm", "get_disks", "has_vm", "set_disk_metadata" }

local function history_of(seed)
  local random, steps = machine.random_of(seed), {}
  for i = 1, 3 + random(LONGEST - 3) do
    local step = { call = CALLS[random(#CALLS)], seed = random(1 << 30), overlap = random(2) == 1 }
    if random(8) == 1 then step.jump = random(2000) end
    if random(3) == 1 then step.fault = { at = random(12), index = random(#all_faults) } end
    if random(5) == 1 then step.kill = random(40) end
    steps[i] = step
  end
  return steps
end

-- ---------------------------------------------------------------------------------------------------------
-- the director: what it knows, and what it does with an answer

local function keys_of(set, fits)
  local list = {}
  for key, value in pairs(set) do
    if not value.busy and not value.doomed and (not fits or fits(value)) then list[#list + 1] = key end
  end
  table.sort(list)
  return list
end

local function pick(director, set, fits)
  local list = keys_of(set, fits)
  return list[1] and list[director.random(#list)]
end

local function free_address(director)
  local taken = {}
  for _, vm in pairs(director.vms) do taken[vm.address] = true end
  for _, address in ipairs(director.asked) do taken[address] = true end
  for i = 1, ADDRESSES do
    local address = "10.0.0." .. (20 + (director.random(ADDRESSES) + i) % ADDRESSES)
    if not taken[address] then return address end
  end
end

-- Each answers arguments, and what to do with the answer: done(ok, result); nil where there is nothing to call it with.
local plans = {}

function plans.create_vm(d)
  local address = free_address(d)
  if not address then return end
  table.insert(d.asked, address)
  return d.stage:order(nil, d.stage:networks(address)), function(ok, result)
    for i, one in ipairs(d.asked) do
      if one == address then table.remove(d.asked, i) break end
    end
    if ok then d.vms[result[1]] = { address = address } end
  end
end

local function of_vm(change)
  return function(d, call)
    local cid = pick(d, d.vms)
    if not cid then return end
    local vm = d.vms[cid]
    vm.busy = true
    return change(cid, d, call), function(ok)
      vm.busy = nil
      if call == "delete_vm" and ok then
        d.vms[cid] = nil
        for _, disk in pairs(d.disks) do if disk.vm == cid then disk.vm = nil end end
      elseif call == "delete_vm" then
        vm.doomed = true
      end
    end
  end
end

plans.delete_vm = of_vm(function(cid) return { cid } end)
plans.reboot_vm, plans.get_disks, plans.has_vm = plans.delete_vm, plans.delete_vm, plans.delete_vm
plans.set_vm_metadata = of_vm(function(cid) return { cid, { director = "d", deployment = "dep", index = "0" } } end)

function plans.create_disk(d)
  return { 1024, { disk_offering = "shared.custom" } }, function(ok, result)
    if ok then d.disks[result] = {} end
  end
end

local function of_disk(fits, change)
  return function(d)
    local cid = pick(d, d.disks, fits)
    if not cid then return end
    local disk = d.disks[cid]
    local arguments, done = change(d, cid, disk)
    if not arguments then return end
    disk.busy = true
    return arguments, function(ok)
      disk.busy = nil
      done(ok)
    end
  end
end

local function is_free(disk) return disk.vm == nil and not disk.unsure end

plans.delete_disk = of_disk(is_free, function(d, cid, disk)
  return { cid }, function(ok)
    if ok then d.disks[cid] = nil else disk.doomed = true end
  end
end)
plans.set_disk_metadata = of_disk(nil, function(_, cid) return { cid, { director = "d" } }, function() end end)
plans.attach_disk = of_disk(is_free, function(d, cid, disk)
  local vm = pick(d, d.vms)
  if not vm then return end
  d.vms[vm].busy = true
  return { vm, cid }, function(ok)
    d.vms[vm].busy = nil
    disk.vm, disk.unsure = vm, not ok or nil
  end
end)
plans.detach_disk = of_disk(function(disk) return disk.vm ~= nil end, function(d, cid, disk)
  local vm = d.vms[disk.vm]
  if not vm or vm.busy or vm.doomed then return end
  vm.busy = true
  return { disk.vm, cid }, function(ok)
    vm.busy = nil
    if ok then disk.vm, disk.unsure = nil, nil else disk.unsure = true end
  end
end)

-- ---------------------------------------------------------------------------------------------------------
-- processes in turns

local function hooks(stage)
  local function instant(process)
    process.count = process.count + 1
    if process.step and process.count == process.step.kill then coroutine.yield "kill" end
    coroutine.yield "turn"
  end
  function stage.before_send(process, requests)
    local step = process.step
    process.sends = process.sends + 1
    if step and step.fault and step.fault.at == process.sends then
      local fault = all_faults[step.fault.index]
      local is_job = requests[1].params and requests[1].params.customjobid
      if not fault.limit and (is_job or not fault.jobs) then
        local posted = { command = requests[1].command }
        for name, value in pairs(fault.make(requests[1], {})) do posted[name] = value end
        stage.sim.fault(posted)
      end
    end
    instant(process)
  end
  function stage.after_send(process) instant(process) end
  function stage.before_store(process) instant(process) end
  function stage.after_store(process) instant(process) end
  function stage.before_answer(process) instant(process) end
  function stage.before_sleep(process, seconds)
    process.wake = stage.sim.clock.now() + seconds
    coroutine.yield "sleep"
    return true
  end
end

local function close(process)
  local answer = process.is_answered and process.answer or { error = { message = "killed" } }
  if process.bug then error("a bug: " .. process.bug, 0) end
  process.done(answer.error == nil, answer.result)
end

-- One turn of one process; false when there is none.
local function turn(director)
  local ready, earliest = {}, math.huge
  local now = director.stage.sim.clock.now()
  for _, process in ipairs(director.running) do
    if not process.wake or process.wake <= now then ready[#ready + 1] = process else earliest = math.min(earliest, process.wake) end
  end
  if #director.running == 0 then return false end
  director.turns = director.turns + 1
  if director.turns > ENDLESS then error("it does not end", 0) end
  if #ready == 0 then
    director.stage.sim.advance(earliest - now)
    return true
  end
  local process = ready[director.random(#ready)]
  process.wake = nil
  local yielded = director.stage:resume(process)
  if yielded == "kill" then director.stage:kill(process) end
  if process.is_dead then
    for i, one in ipairs(director.running) do
      if one == process then table.remove(director.running, i) break end
    end
    close(process)
  end
  return true
end

local function begin(director, call, step)
  local arguments, done = plans[call](director, call)
  if not arguments then return end
  local process = director.stage:begin(call, arguments)
  process.step, process.done, process.count, process.sends = step, done, 0, 0
  director.running[#director.running + 1] = process
end

-- ---------------------------------------------------------------------------------------------------------
-- what holds afterwards

local function known_to(director)
  local set = {}
  for cid in pairs(director.vms) do set[cid] = true end
  for cid in pairs(director.disks) do set[cid] = true end
  return set
end

local function strangers(director, before)
  local list, known = {}, known_to(director)
  for _, object in ipairs(inventory.beyond(before, inventory.of(director.stage.sim))) do
    if not known[object.owner] then list[#list + 1] = object end
  end
  return list
end

local function check_kept(director)
  local there = {}
  for _, object in pairs(inventory.of(director.stage.sim)) do there[object.name or object.id] = true end
  for cid, object in pairs(known_to(director)) do
    local record = director.vms[cid] or director.disks[cid]
    if object and not record.doomed and not there[cid] then error(cid .. " is gone, and the director has it", 0) end
  end
end

local function check(director, before)
  local stage = director.stage
  stage.sim.advance(SETTLING)
  for _, text in ipairs(inventory.shared(stage.sim)) do error(text, 0) end
  check_kept(director)
  local list = {}
  for cid in pairs(known_to(director)) do list[#list + 1] = cid end
  stage.files["/known"] = table.concat(list, "\n")
  local told = stage:command("journal", "show").text
    .. stage:command("gc", "--director", machine.DIRECTOR, "--older-than", "1s", "--known", "/known").text
  for _, object in ipairs(strangers(director, before)) do
    if not told:find(object.owner, 1, true) then error(object.looks .. " is nobody's, and nothing tells of it", 0) end
  end
  stage:command("journal", "replay")
  local gc = stage:command("gc", "--director", machine.DIRECTOR, "--older-than", "1s", "--known", "/known", "--apply")
  stage.sim.advance(SETTLING)
  for _, object in ipairs(strangers(director, before)) do
    error(("%s (%s) is still there after replay and gc: %s"):format(object.looks, object.owner, gc.text), 0)
  end
  check_kept(director)
  for cid, vm in pairs(director.vms) do
    if vm.doomed then stage:good("delete_vm", { cid }) end
  end
  for cid, disk in pairs(director.disks) do
    if disk.doomed then stage:good("delete_disk", { cid }) end
  end
end

-- What is wrong with the history, or nil.
local function trouble(steps, seed)
  local stage = scenarios.open({ arrange = function() return {} end }, { store = true, seed = seed })
  local director = { stage = stage, vms = {}, disks = {}, asked = {}, running = {}, turns = 0, random = machine.random_of(seed) }
  local before = inventory.of(stage.sim)
  hooks(stage)
  local ok, why = pcall(function()
    for _, step in ipairs(steps) do
      director.random = machine.random_of(step.seed)
      if step.jump then stage.sim.advance(step.jump) end
      begin(director, step.call, step)
      for _ = 1, step.overlap and step.seed % 40 or math.huge do
        if not turn(director) then break end
      end
    end
    while turn(director) do end -- luacheck: ignore (until nobody runs)
    for _, hook in ipairs { "before_send", "after_send", "before_store", "after_store", "before_answer", "before_sleep" } do
      stage[hook] = nil
    end
    stage.sim.model.faults, stage.sim.model.down_until = {}, nil
    check(director, before)
  end)
  return not ok and tostring(why) or nil
end

-- ---------------------------------------------------------------------------------------------------------
-- shrinking

local function without(steps, at)
  local list = {}
  for i, step in ipairs(steps) do
    if i ~= at then list[#list + 1] = step end
  end
  return list
end

local function plainer(steps, at, name)
  local list = table.move(steps, 1, #steps, 1, {})
  list[at] = {}
  for key, value in pairs(steps[at]) do list[at][key] = value end
  list[at][name] = nil
  return list
end

local function shrunk(steps, seed)
  local at = #steps
  while at >= 1 do
    local fewer = without(steps, at)
    if trouble(fewer, seed) then steps = fewer else
      for _, name in ipairs { "fault", "kill", "jump", "overlap" } do
        if steps[at][name] and trouble(plainer(steps, at, name), seed) then steps = plainer(steps, at, name) end
      end
    end
    at = math.min(at - 1, #steps)
  end
  return steps
end

local function words_of(step)
  local words = { step.call, ("(choices %d)"):format(step.seed) }
  if step.jump then words[#words + 1] = ("after a jump of %d s"):format(step.jump) end
  if step.fault then words[#words + 1] = ("%s at wave %d"):format(all_faults[step.fault.index].name, step.fault.at) end
  if step.kill then words[#words + 1] = ("killed at instant %d"):format(step.kill) end
  if step.overlap then words[#words + 1] = "the next one beside it" end
  return "       " .. table.concat(words, ", ")
end

local passed, failed, calls = 0, 0, 0
for seed = SEED, SEED + COUNT - 1 do
  local steps = history_of(seed)
  calls = calls + #steps
  if not trouble(steps, seed) then
    passed = passed + 1
  else
    failed = failed + 1
    if failed <= 3 then
      steps = shrunk(steps, seed)
      print(("BAD  make histories SEED=%d N=1: %s"):format(seed, trouble(steps, seed)))
      for _, step in ipairs(steps) do print(words_of(step)) end
    else
      print(("BAD  make histories SEED=%d N=1"):format(seed))
    end
  end
end
print(("histories: %d from seed %d, %d calls"):format(COUNT, SEED, calls))
print(("%d passed, %d failed"):format(passed, failed))
os.exit(failed == 0 and 0 or 1)
