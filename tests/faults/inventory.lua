-- What there is in the simulated CloudStack, object by object: whose it is, and what it looks like apart from ids.

local inventory = {}

-- Lists of the simulator's state that no verb makes anything of.
local FIXED = { jobs = true, accounts = true, projects = true, zones = true, serviceofferings = true, diskofferings = true,
  hosts = true, pools = true, ostypes = true, tags = true }

-- Tags whose value is another one in each run.
local FRESH = { bosh_cid = true, bosh_request = true, bosh_agent_id = true, bosh_ephemeral_of = true, bosh_vm_cid = true }

-- A lease, which counts for nothing once it is old and goes with the next VM there: spec/stemcell/on_demand_spec.lua.
local LEASE = "^bosh_copy_to_"

-- BOSH was given a template of another process's making: nothing else is to be seen of that.
local SHARED = "^bosh_shared$"

local UUID = ("%x"):rep(8) .. ("%-%x%x%x%x"):rep(2)

-- A text without what changes from run to run: uuids, numbers of DATA-12, which public address is the next one free.
function inventory.plain(text)
  text = tostring(text):gsub(UUID .. "[%x%-]*", "UUID"):gsub("%f[%u]([DR]%u%u%u)%-%d+", "%1-N")
    :gsub("192%.0%.2%.%d%f[%D]", "192.0.2.N")
  return text
end

local function tag_words(object)
  local words = {}
  for key, value in pairs(object.tags or {}) do
    if not key:find(LEASE) and not key:find(SHARED) then
      words[#words + 1] = inventory.plain(key) .. "=" .. (FRESH[key] and "*" or inventory.plain(value))
    end
  end
  table.sort(words)
  return words
end

-- The CID that an object goes by: its VM's where it lives and dies with that, else its own.
local function owner_of(object, vms)
  local tags = object.tags or {}
  local vm = object.virtualmachineid and vms[object.virtualmachineid]
  if tags.bosh_ephemeral_of then return tags.bosh_ephemeral_of end
  if vm and object.name and object.name:find "^%u+%-%d+" then return (vm.tags or {}).bosh_cid or vm.name end
  for key in pairs(tags) do
    if key:find "^cpivm%-" and not object.name then return key end
  end
  if object.protocol and object.startport then return ("%s %d-%d"):format(object.protocol, object.startport, object.endport) end
  return tags.bosh_cid or object.name or object.protocol or object.id
end

-- What tells one of a kind without a name from another.
local function nameless(object)
  local words = {}
  for _, field in ipairs { "address", "protocol", "startport", "endport", "publicport", "privateport" } do
    words[#words + 1] = object[field] and inventory.plain(object[field])
  end
  return table.concat(words, " ")
end

-- The members of a load balancer or an affinity group, without those that wait for their end.
local function members(object, vms)
  local words, going = {}, {}
  for _, vm in pairs(vms) do going[vm.name] = vm.state == "Destroyed" or vm.state == "Expunging" or nil end
  for _, name in ipairs(object.members or object.vms or {}) do
    if not going[name] then words[#words + 1] = inventory.plain(name) end
  end
  table.sort(words)
  return table.concat(words, "+")
end

local function looks_of(kind, object, vms)
  -- A network is Implemented as soon as a VM was in it: nobody's doing.
  local words = { kind, inventory.plain(object.name or nameless(object)), kind ~= "networks" and object.state or "" }
  if object.deviceid then words[#words + 1] = "attached as " .. tostring(object.deviceid) end
  if object.virtualmachine then words[#words + 1] = "of " .. inventory.plain(object.virtualmachine) end
  if object.members or object.vms then words[#words + 1] = "with " .. members(object, vms) end
  for _, copy in ipairs(object.zones or {}) do words[#words + 1] = ("%s %s"):format(copy.zone, tostring(copy.ready)) end
  for _, nic in ipairs(object.nics or {}) do
    words[#words + 1] = inventory.plain(nic.network) .. (nic.network == "bosh-net" and " " .. nic.address or "")
    if #(nic.secondary or {}) > 0 then words[#words + 1] = ("and %d more"):format(#nic.secondary) end
  end
  if object.size then words[#words + 1] = tostring(object.size) end
  return table.concat(words, " ")
end

-- Of the VMs that wait for their end, nothing is left in a while, nor of their root disks: they hold neither an address
-- that anybody asks for nor another disk.
local function is_going(kind, object, vms)
  if kind == "volumes" and object.virtualmachineid and object.name:find "^ROOT%-" then
    kind, object = "vms", vms[object.virtualmachineid] or object
  end
  return kind == "vms" and (object.state == "Destroyed" or object.state == "Expunging")
end

-- The addresses, further ones too, that VMs hold which are only to be expunged, and of which BOSH may want each: not those where
-- deleted VMs are parked, at the end of the network. { address = the VM's name }
function inventory.held(sim)
  local held = {}
  for _, vm in ipairs(sim.state().vms) do
    for _, nic in ipairs((vm.state == "Destroyed" or vm.state == "Expunging") and vm.nics or {}) do
      if nic.address and tonumber(nic.address:match "%d+$") < 128 then held[nic.address] = vm.name end
      for _, address in ipairs(nic.secondary or {}) do held[address] = vm.name end
    end
  end
  return held
end

-- What CloudStack makes by itself with an account's first VM, and keeps: a network's own address, a group for all.
local function is_cloudstacks(kind, object)
  return kind == "publicaddresses" and object.sourcenat or kind == "securitygroups" and object.name == "default"
end

-- What a CPI keeps beside CloudStack: settings for old agents, images that are published.
local function add_own(found, stage)
  local function add(kind, name)
    found[kind .. " " .. name] = { id = kind .. " " .. name, kind = kind, name = name, owner = name, tags = {},
      looks = kind .. " " .. inventory.plain(name):gsub("%d+%-%x+", "N") }
  end
  for _, row in ipairs(stage.store and stage.store.rows "registry" or {}) do add("registry", row.key) end
  for place in pairs(stage.published) do add("published image", place) end
end

-- A template that gets into more zones is the same one, and whose it was: to a stage with stage.earlier, an inventory, it
-- looks as it did then.
-- of(sim [, stage]) -> { id = { id, kind, name, owner, looks, tags (list of words) } }; with what the machine has that is
-- no object of CloudStack's, where it is given.
function inventory.of(sim, stage)
  local state, vms, found = sim.state(), {}, {}
  for _, vm in ipairs(state.vms) do vms[vm.id] = vm end
  for kind, list in pairs(state) do
    if type(list) == "table" and not FIXED[kind] then
      for _, object in ipairs(list) do
        if object.id and not is_going(kind, object, vms) and not is_cloudstacks(kind, object) then
          found[object.id] = { id = object.id, kind = kind, name = object.name, owner = owner_of(object, vms),
            looks = looks_of(kind, object, vms), tags = tag_words(object), state = object.state,
            virtualmachineid = object.virtualmachineid, type = object.type, raw = object }
        end
      end
    end
  end
  if stage then add_own(found, stage) end
  for id, object in pairs(stage and stage.earlier or {}) do
    if found[id] and object.kind == "templates" then found[id].looks = object.looks end
  end
  return found
end

-- All of it as one text that is the same for the same cloud; without_tags leaves the tags out.
function inventory.shape(found, without_tags)
  local lines = {}
  for _, object in pairs(found) do
    lines[#lines + 1] = object.looks .. (without_tags and "" or " {" .. table.concat(object.tags, ",") .. "}")
  end
  table.sort(lines)
  return table.concat(lines, "\n")
end

-- How one shape differs from another, as a text for people; nil where it does not.
function inventory.difference(is, should)
  if is == should then return nil end
  local count, words = {}, {}
  for line in should:gmatch "[^\n]+" do count[line] = (count[line] or 0) - 1 end
  for line in is:gmatch "[^\n]+" do count[line] = (count[line] or 0) + 1 end
  for line, n in pairs(count) do
    if n ~= 0 then words[#words + 1] = ("%s %s"):format(n > 0 and "there is" or "missing:", line) end
  end
  table.sort(words)
  return table.concat(words, "\n     ")
end

-- Objects of `more` that `less` does not have, as a list.
function inventory.beyond(less, more)
  local list = {}
  for id, object in pairs(more) do
    if not less[id] then list[#list + 1] = object end
  end
  table.sort(list, function(a, b) return a.id < b.id end)
  return list
end

-- What two VMs or disks must not have both, and do: a list of complaints.
function inventory.shared(sim)
  local seen, complaints = {}, {}
  local function once(what, value, who)
    local key = what .. " " .. value
    if seen[key] then complaints[#complaints + 1] = ("%s is %s's and %s's"):format(key, seen[key], who) end
    seen[key] = who
  end
  local state = sim.state()
  for _, vm in ipairs(state.vms) do
    for _, nic in ipairs(vm.nics) do once("address", nic.network .. "/" .. nic.address, vm.name) end
    if vm.state ~= "Error" then once("VM name", vm.name, vm.id) end
  end
  for _, volume in ipairs(state.volumes) do
    if volume.name:find "^cpi%-" then once("disk name", volume.name, volume.id) end
    if volume.virtualmachineid and volume.deviceid then
      once("device", volume.virtualmachineid .. "/" .. volume.deviceid, volume.name)
    end
  end
  return complaints
end

return inventory
