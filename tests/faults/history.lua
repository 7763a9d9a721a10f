-- A random history: what two directors of one account call, several processes at once, with faults, kills, jumps of the
-- clocks, and an operator's `cpi gc` and `cpi journal replay` in between; and what has to hold after it.
--
--   history.of(seed) -> steps { director, call, seed, overlap, jump, skew, fault = { at, index }, kill = instant,
--     full = write of the store from which on the disk is full }
--   history.trouble(steps, seed) -> what is wrong, or nil; and a digest of everything that was sent and answered
--   history.shrunk(steps, seed, trouble) -> the shortest steps that still are trouble
--   history.words(step) -> text

local circumstances = require "tests.support.circumstances"
local inventory = require "tests.faults.inventory"
local machine = require "machine"
local native = require "host_native"
local scenarios = require "tests.faults.scenarios"

local all_faults = require "tests.faults.fault_list"(machine.json)

local LONGEST = 14     -- calls of a history
local ADDRESSES = 5    -- for which the VMs compete
local ENDLESS = 200000 -- turns
local OLD = 4000       -- seconds: what `gc` takes for old in between is older than any create

local DIRECTORS = { machine.DIRECTOR, "b0a3f6de-1d2c-4b5a-9c88-7e6f5d4c3b2a" }

local history = {}

-- ---------------------------------------------------------------------------------------------------------
-- steps

local CALLS = {}
for call, weight in pairs { create_vm = 7, delete_vm = 5, create_disk = 4, attach_disk = 5, detach_disk = 3, delete_disk = 2,
  set_vm_metadata = 1, reboot_vm = 1, get_disks = 1, has_vm = 1, set_disk_metadata = 1, snapshot_disk = 2, delete_snapshot = 1,
  create_network = 2, delete_network = 1, create_stemcell = 1, delete_stemcell = 1, gc = 1, replay = 1 } do
  for _ = 1, weight do CALLS[#CALLS + 1] = call end
end
table.sort(CALLS)

function history.of(seed)
  local random, steps = machine.random_of(seed), {}
  for i = 1, 3 + random(LONGEST - 3) do
    local step = { call = CALLS[random(#CALLS)], seed = random(1 << 30), overlap = random(2) == 1,
      director = random(4) == 1 and 2 or 1 }
    if random(8) == 1 then step.jump = random(2000) end
    if random(8) == 1 then step.skew = random(6000) - 3000 end
    if random(3) == 1 then step.fault = { at = random(12), index = random(#all_faults) } end
    if random(5) == 1 then step.kill = random(40) end
    if random(12) == 1 then step.full = random(8) end
    steps[i] = step
  end
  return steps
end

function history.words(step)
  local words = { step.call, ("(director %d, choices %d)"):format(step.director, step.seed) }
  if step.jump then words[#words + 1] = ("%d s later"):format(step.jump) end
  if step.skew then words[#words + 1] = ("the clock set by %d s"):format(step.skew) end
  if step.fault then words[#words + 1] = ("%s at wave %d"):format(all_faults[step.fault.index].name, step.fault.at) end
  if step.kill then words[#words + 1] = ("killed at instant %d"):format(step.kill) end
  if step.full then words[#words + 1] = ("the store's disk is full from write %d on"):format(step.full) end
  if step.overlap then words[#words + 1] = "the next one beside it" end
  return table.concat(words, ", ")
end

-- ---------------------------------------------------------------------------------------------------------
-- a director: what it knows, and what it does with an answer

-- Keys of what may be called with just now, in an order that is the same every time.
local function pick(d, set, fits)
  local list = {}
  for key, value in pairs(set) do
    if not value.busy and not value.doomed and (not fits or fits(value)) then list[#list + 1] = key end
  end
  table.sort(list)
  return list[1] and list[d.world.random(#list)]
end

local function free_address(d)
  local taken = {}
  for _, vm in pairs(d.vms) do taken[vm.address or ""] = true end
  for address in pairs(d.asked) do taken[address] = true end
  for i = 1, ADDRESSES do
    local address = "10.0.0." .. (20 + (d.world.random(ADDRESSES) + i) % ADDRESSES)
    if not taken[address] then return address end
  end
end

local SHARED = "192.0.2.50" -- a public address that is there, for one VM at a time
local RULES = { { protocol = "tcp", start_port = 22 } }

-- What a VM is to have besides: nothing, often.
local function extras(d, networks)
  local chance = d.world.random(8)
  if chance == 1 then return { affinity_group = "web", affinity_group_type = "non-strict host anti-affinity" } end
  if chance == 2 then return { lbs = { { name = "web", private_port = 8080, public_port = 80 } } } end
  if chance == 3 then networks.public = { type = "vip", cloud_properties = { acquire = true } } end
  if chance == 4 then networks.public = { type = "vip", cloud_properties = { acquire = true, firewall_rules = RULES } } end
  if chance == 5 then networks.public = { type = "vip", ip = SHARED, cloud_properties = { firewall_rules = RULES } } end
  return {}
end

local function stemcell_of(version) return { vm = { stemcell = { api_version = version } } } end

-- Each answers arguments, what to do with the answer (done(ok, result)), and more context; nil where there is nothing to
-- call it with.
local plans = {}

function plans.create_vm(d)
  local address = free_address(d)
  if not address then return end
  local networks, version = d.stage:networks(address), d.world.random(4) == 1 and 1 or 2
  d.asked[address] = true
  return d.stage:order(extras(d, networks), networks), function(ok, result)
    d.asked[address] = nil
    if not ok then return end
    d.vms[result[1]] = { address = address, version = version, busy = true }
    d.world.begin(d, "speak", { cid = result[1] }) -- a director does that at once
  end, stemcell_of(version)
end

-- set_vm_metadata right after create_vm; a VM of which that fails is deleted some day.
function plans.speak(d, step)
  return { step.cid, { director = "d", deployment = "dep", index = "0" } }, function(ok)
    d.vms[step.cid].busy = nil
    if not ok then d.vms[step.cid].doomed = true end
  end
end

local function of_vm(change, done)
  return function(d)
    local cid = pick(d, d.vms)
    if not cid then return end
    local vm = d.vms[cid]
    vm.busy = true
    return change(cid), function(ok)
      vm.busy = nil
      if done then done(d, cid, vm, ok) end
    end, stemcell_of(vm.version)
  end
end

local function just(cid) return { cid } end

plans.delete_vm = of_vm(just, function(d, cid, vm, ok)
  if not ok then
    vm.doomed = true
    return
  end
  d.vms[cid] = nil
  for _, disk in pairs(d.disks) do if disk.vm == cid then disk.vm = nil end end
end)
plans.reboot_vm, plans.get_disks, plans.has_vm = of_vm(just), of_vm(just), of_vm(just)
plans.set_vm_metadata = of_vm(function(cid) return { cid, { director = "d", deployment = "dep", index = "1" } } end)

-- A thing of its own: created into d[kind], and deleted from it.
local function creates(kind, arguments, cid_of)
  return function(d)
    return arguments(d), function(ok, result)
      if ok then d[kind][cid_of and cid_of(result) or result] = {} end
    end
  end
end

local function deletes(kind, fits)
  return function(d)
    local cid = pick(d, d[kind], fits)
    if not cid then return end
    local one = d[kind][cid]
    one.busy = true
    return { cid }, function(ok)
      one.busy = nil
      if ok then d[kind][cid] = nil else one.doomed = true end
    end
  end
end

local function is_free(disk) return disk.vm == nil and not disk.unsure and not disk.snapshots end

plans.create_disk = creates("disks", function() return { 1024, { disk_offering = "shared.custom" } } end)
plans.delete_disk = deletes("disks", is_free)
plans.create_network = creates("networks", function(d)
  local sized = d.world.random(2) == 1
  return { { type = "manual", netmask_bits = sized and 24 or nil, range = not sized and "10.7.1.0/24" or nil,
    gateway = not sized and "10.7.1.1" or nil, cloud_properties = {} } }
end, function(result) return result[1] end)
plans.delete_network = deletes "networks"
plans.create_stemcell = creates("stemcells", function()
  return { "/image", { name = "ubuntu", version = "1.1", hypervisor = "xen", disk_format = "vhdx" } }
end)
plans.delete_stemcell = deletes "stemcells"
plans.delete_snapshot = deletes "snapshots"

local function of_disk(fits, change)
  return function(d)
    local cid = pick(d, d.disks, fits)
    if not cid then return end
    local disk = d.disks[cid]
    local arguments, done, context = change(d, cid, disk)
    if not arguments then return end
    disk.busy = true
    return arguments, function(ok, result)
      disk.busy = nil
      done(ok, result)
    end, context
  end
end

plans.set_disk_metadata = of_disk(nil, function(_, cid) return { cid, { director = "d" } }, function() end end)
plans.snapshot_disk = of_disk(function(disk) return disk.was_attached and not disk.unsure end, function(d, cid, disk)
  return { cid, { deployment = "dep" } }, function(ok, result)
    if ok then d.snapshots[result], disk.snapshots = {}, true end
  end
end)
plans.attach_disk = of_disk(is_free, function(d, cid, disk)
  local vm = pick(d, d.vms)
  if not vm then return end
  d.vms[vm].busy = true
  return { vm, cid }, function(ok)
    d.vms[vm].busy = nil
    disk.vm, disk.unsure, disk.was_attached = vm, not ok or nil, disk.was_attached or ok
    if not ok then d.vms[vm].unsure = true end
  end, stemcell_of(d.vms[vm].version)
end)
plans.detach_disk = of_disk(function(disk) return disk.vm ~= nil end, function(d, cid, disk)
  local vm = d.vms[disk.vm]
  if not vm or vm.busy or vm.doomed then return end
  vm.busy = true
  return { disk.vm, cid }, function(ok)
    vm.busy = nil
    if ok then disk.vm, disk.unsure = nil, nil else disk.unsure, vm.unsure = true, true end
  end, stemcell_of(vm.version)
end)

-- The operator's commands.
local commands = {
  gc = function(d) return "gc", { "--director", d.uuid, "--older-than", OLD .. "s", "--apply" } end,
  replay = function(d) return "journal", { "replay", "--director", d.uuid } end,
}

-- ---------------------------------------------------------------------------------------------------------
-- processes in turns

local function note(world, ...)
  local words = { ... }
  for i, word in ipairs(words) do words[i] = tostring(word) end
  world.transcript[#world.transcript + 1] = table.concat(words, " ")
end

local HOOKS = { "store_fails", "before_send", "after_send", "before_store", "after_store", "before_answer", "before_sleep" }

local function instant(process)
  process.count = process.count + 1
  if process.step and process.count == process.step.kill then coroutine.yield "kill" end
  coroutine.yield "turn"
end

local function strike(stage, process, request)
  local fault = all_faults[process.step.fault.index]
  local is_job = request.params and request.params.customjobid
  -- A list that is said to be empty is believed.
  if fault.limit or fault.jobs and not is_job or fault.acts and request.command:find "^list" then return end
  local posted = { command = request.command }
  for name, value in pairs(fault.make(request, {})) do posted[name] = value end
  stage.sim.fault(posted)
end

local function hook(world)
  local stage = world.stage
  function stage.before_send(process, requests)
    process.sends = process.sends + 1
    for _, request in ipairs(requests) do note(world, process.identity, machine.json.encode(request)) end
    local fault = process.step and process.step.fault
    if fault and fault.at == process.sends then strike(stage, process, requests[1]) end
    instant(process)
  end
  function stage.store_fails(process)
    process.writes = process.writes + 1
    local is_full = process.step and process.step.full and process.writes >= process.step.full
    world.was_full = world.was_full or is_full
    return is_full and "store /store: the disk is full; make room" or nil
  end
  stage.after_send, stage.before_store, stage.after_store, stage.before_answer = instant, instant, instant, instant
  function stage.before_sleep(process, seconds)
    process.wake = stage.sim.clock.now() + seconds
    coroutine.yield "sleep"
    return true
  end
end

local function unhook(world)
  local stage = world.stage
  for _, name in ipairs(HOOKS) do stage[name] = nil end
  stage.sim.model.faults, stage.sim.model.down_until, stage.skew = {}, nil, nil
end

local function close(world, process)
  local answer = process.is_answered and process.answer or { error = { message = "killed" } }
  if process.bug then error("a bug: " .. process.bug, 0) end
  note(world, process.identity, machine.json.encode(answer))
  if process.done then process.done(answer.error == nil, answer.result) end
end

-- One turn of one process; false when there is none.
local function turn(world)
  local ready, earliest = {}, math.huge
  local now = world.stage.sim.clock.now()
  for _, process in ipairs(world.running) do
    if not process.wake or process.wake <= now then ready[#ready + 1] = process else earliest = math.min(earliest, process.wake) end
  end
  if #world.running == 0 then return false end
  world.turns = world.turns + 1
  if world.turns > ENDLESS then error("it does not end", 0) end
  if #ready == 0 then
    world.stage.sim.advance(earliest - now)
    return true
  end
  local process = ready[world.random(#ready)]
  process.wake = nil
  if world.stage:resume(process) == "kill" then world.stage:kill(process) end
  if process.is_dead then
    for i, one in ipairs(world.running) do
      if one == process then table.remove(world.running, i) break end
    end
    close(world, process)
  end
  return true
end

local function begin(world, director, call, step)
  local process
  if commands[call] then
    process = world.stage:begin_command(commands[call](director))
  else
    local arguments, done, context = plans[call](director, step)
    if not arguments then return end
    context = context or {}
    context.director_uuid = director.uuid
    process = world.stage:begin(call == "speak" and "set_vm_metadata" or call, arguments, { context = context })
    process.done = done
  end
  note(world, process.identity, call, director.uuid)
  process.step, process.count, process.sends, process.writes = step, 0, 0, 0
  world.running[#world.running + 1] = process
end

-- ---------------------------------------------------------------------------------------------------------
-- what holds afterwards

local KINDS = { "vms", "disks", "networks", "stemcells", "snapshots" }

-- CID -> what a director knows of it, of one or of all.
local function known_to(world, only)
  local set = {}
  for _, director in ipairs(world.directors) do
    for _, kind in ipairs(only and only ~= director and {} or KINDS) do
      for cid, one in pairs(director[kind]) do set[cid] = one end
    end
  end
  return set
end

-- Does the object belong to something of which fits(CID or id) holds: itself, its VM, its members, or whose CID is the key
-- of one of its tags?
local function belongs(object, fits)
  local raw = object.raw
  if fits(object.owner) or fits(object.id) or raw.virtualmachine and fits(raw.virtualmachine) then return true end
  for _, list in ipairs { raw.vms or {}, raw.members or {} } do
    for _, name in ipairs(list) do if fits(name) then return true end end
  end
  for key in pairs(raw.tags or {}) do if key:find "^cpivm" and fits(key) then return true end end
  return false
end

local function strangers(world)
  local list, known = {}, known_to(world)
  for _, object in ipairs(inventory.beyond(world.before, inventory.of(world.stage.sim))) do
    if not belongs(object, function(cid) return known[cid] ~= nil end) then list[#list + 1] = object end
  end
  return list
end

local function check_kept(world)
  local there = {}
  for id, object in pairs(inventory.of(world.stage.sim)) do there[object.name or id], there[id] = true, true end
  for cid, one in pairs(known_to(world)) do
    if not one.doomed and not there[cid] then error(cid .. " is gone, and the director has it", 0) end
  end
end

local function volumes_of(world, vm_cid)
  local state, set, id = world.stage.sim.state(), {}, nil
  for _, vm in ipairs(state.vms) do if vm.name == vm_cid then id = vm.id end end
  for _, volume in ipairs(state.volumes) do
    if volume.virtualmachineid == id and volume.name:find "^cpi%-disk%-" then set[volume.name] = true end
  end
  return set
end

-- The registry has a row for each VM of an old stemcell, with the disks that it has, and for nobody else.
local function check_registry(world)
  local known, rows = known_to(world), {}
  for _, row in ipairs(world.stage.store.rows "registry") do rows[row.key] = machine.json.decode(row.value) end
  for cid in pairs(rows) do
    -- (What a full disk kept from going harms nobody: registry.forget.)
    if not known[cid] and not world.was_full then error(("the registry has settings of VM %s, which nobody has"):format(cid), 0) end
  end
  for cid, vm in pairs(known) do
    if vm.version == 1 and not vm.doomed and not vm.unsure then
      if not rows[cid] then error(("the registry has no settings of VM %s"):format(cid), 0) end
      local told, there = rows[cid].disks.persistent or {}, volumes_of(world, cid)
      for disk in pairs(told) do
        if not there[disk] then error(("the registry gives VM %s disk %s, which it has not"):format(cid, disk), 0) end
      end
      for disk in pairs(there) do
        if not told[disk] then error(("the registry does not know that VM %s has disk %s"):format(cid, disk), 0) end
      end
    end
  end
end

-- The CIDs that a director has, for `gc --known`.
local function list_for(world, director)
  local list = {}
  for cid in pairs(known_to(world, director)) do list[#list + 1] = cid end
  world.stage.files["/known"] = table.concat(list, "\n")
  if #list == 0 then return "--director", director.uuid, "--older-than", "1s", "--none-known" end
  return "--director", director.uuid, "--older-than", "1s", "--known", "/known"
end

local function told_of(world)
  local texts = { world.stage:command("journal", "show").text }
  for _, director in ipairs(world.directors) do
    texts[#texts + 1] = world.stage:command("gc", list_for(world, director)).text
  end
  return table.concat(texts)
end

local function clean_up(world)
  local text = {}
  for _, director in ipairs(world.directors) do
    world.stage:command("journal", "replay", "--director", director.uuid)
    local words = { list_for(world, director) }
    words[#words + 1] = "--apply"
    text[#text + 1] = world.stage:command("gc", table.unpack(words)).text
  end
  world.stage.sim.advance(circumstances.SETTLING)
  return table.concat(text)
end

local DELETES = { vms = "delete_vm", disks = "delete_disk", networks = "delete_network", stemcells = "delete_stemcell",
  snapshots = "delete_snapshot" }

-- What could not be deleted is deleted at last, by its own director, VMs first.
local function delete_doomed(world)
  for _, director in ipairs(world.directors) do
    for _, kind in ipairs { "vms", "snapshots", "disks", "networks", "stemcells" } do
      for cid, one in pairs(director[kind]) do
        if one.doomed then
          local answer = world.stage:call(DELETES[kind], { cid }, { context = { director_uuid = director.uuid } })
          local is_gone = answer.error and answer.error.type == "Bosh::Clouds::NetworkNotFound"
          if answer.error and not is_gone then error(("%s %s: %s"):format(DELETES[kind], cid, answer.error.message), 0) end
          director[kind][cid] = nil
        end
      end
    end
  end
end

local function check(world)
  world.stage.sim.advance(circumstances.SETTLING + world.ahead) -- what has a date of a clock that was fast is not young for ever
  for _, text in ipairs(inventory.shared(world.stage.sim)) do error(text, 0) end
  check_kept(world)
  local told = told_of(world)
  for _, object in ipairs(strangers(world)) do
    -- An address that is CloudStack's choice has no name by which the journal could tell of it before it is there.
    local is_any = object.kind == "publicaddresses" and told:find "address +%(any%) for VM"
    if not is_any and not belongs(object, function(cid) return told:find(cid, 1, true) ~= nil end) then
      error(("%s (%s) is nobody's, and nothing tells of it"):format(object.looks, object.owner), 0)
    end
  end
  local text = clean_up(world)
  for _, object in ipairs(strangers(world)) do
    error(("%s (%s) is still there after replay and gc: %s"):format(object.looks, object.owner, text), 0)
  end
  check_kept(world)
  check_registry(world)
  delete_doomed(world)
  check_kept(world)
end

-- ---------------------------------------------------------------------------------------------------------

local SCENARIO = { arrange = function() return {} end,
  world = { settings = {}, public_addresses = { { name = SHARED, network = "bosh-net" } } },
  settings = { registry = { host = "10.0.0.6", username = "admin", password = "registry-password" } } }

local function open(seed)
  local stage = scenarios.open(SCENARIO, { store = true, seed = seed })
  local world = { stage = stage, running = {}, turns = 0, random = machine.random_of(seed), transcript = {}, directors = {},
    ahead = 0 }
  for i, uuid in ipairs(DIRECTORS) do
    world.directors[i] = { uuid = uuid, stage = stage, world = world, asked = {} }
    for _, kind in ipairs(KINDS) do world.directors[i][kind] = {} end
  end
  function world.begin(...) begin(world, ...) end
  world.before = inventory.of(stage.sim)
  hook(world)
  return world
end

function history.trouble(steps, seed)
  local world = open(seed)
  local ok, why = pcall(function()
    for _, step in ipairs(steps) do
      world.random = machine.random_of(step.seed)
      if step.jump then world.stage.sim.advance(step.jump) end
      if step.skew then
        world.stage.skew = (world.stage.skew or 0) + step.skew
        world.ahead = math.max(world.ahead, world.stage.skew)
      end
      begin(world, world.directors[step.director], step.call, step)
      for _ = 1, step.overlap and step.seed % 40 or math.huge do
        if not turn(world) then break end
      end
    end
    while turn(world) do end -- luacheck: ignore (until nobody runs)
    unhook(world)
    check(world)
  end)
  note(world, ok, why)
  return not ok and tostring(why) or nil, native.bytes.sha256(table.concat(world.transcript, "\n"))
end

-- ---------------------------------------------------------------------------------------------------------
-- shrinking

local function without(steps, from, count)
  local list = table.move(steps, 1, from - 1, 1, {})
  return table.move(steps, from + count, #steps, from, list)
end

local function plainer(steps, at, name)
  local list = table.move(steps, 1, #steps, 1, {})
  list[at] = {}
  for key, value in pairs(steps[at]) do list[at][key] = value end
  list[at][name] = nil
  return list
end

-- Takes away what can be taken away, large pieces first, until nothing can. trouble(steps, seed) -> truthy.
function history.shrunk(steps, seed, trouble)
  local size = #steps // 2
  while size >= 1 do
    local at, is_less = 1, false
    while at + size - 1 <= #steps do
      local fewer = without(steps, at, size)
      if trouble(fewer, seed) then steps, is_less = fewer, true else at = at + 1 end
    end
    if not is_less then size = size // 2 end
  end
  for at = #steps, 1, -1 do
    for _, name in ipairs { "fault", "kill", "full", "jump", "skew", "overlap" } do
      if steps[at][name] then
        local simpler = plainer(steps, at, name)
        if trouble(simpler, seed) then steps = simpler end
      end
    end
  end
  return steps
end

return history
