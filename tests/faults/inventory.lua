-- What there is in the simulated CloudStack, object by object: whose it is, and what it looks like apart from ids.

local inventory = {}

-- Lists of the simulator's state that no verb makes anything of.
local FIXED = { jobs = true, accounts = true, zones = true, serviceofferings = true, diskofferings = true,
  hosts = true, pools = true, ostypes = true, tags = true }

-- Tags whose value is another one in each run.
local FRESH = { bosh_cid = true, bosh_request = true, bosh_agent_id = true, bosh_ephemeral_of = true, bosh_vm_cid = true }

-- A lease, which counts for nothing once it is old and goes with the next VM there: spec/stemcell/on_demand_spec.lua.
local LEASE = "^bosh_copy_to_"

local UUID = ("%x"):rep(8) .. ("%-%x%x%x%x"):rep(2)

-- A text without what changes from run to run: uuids, numbers of DATA-12.
function inventory.plain(text)
  text = tostring(text):gsub(UUID .. "[%x%-]*", "UUID"):gsub("%f[%u]([DR]%u%u%u)%-%d+", "%1-N")
  return text
end

local function tag_words(object)
  local words = {}
  for key, value in pairs(object.tags or {}) do
    if not key:find(LEASE) then words[#words + 1] = key .. "=" .. (FRESH[key] and "*" or inventory.plain(value)) end
  end
  table.sort(words)
  return words
end

-- The CID that an object goes by: its VM's where it lives and dies with that, else its own.
local function owner_of(object, vms)
  local tags = object.tags or {}
  local vm = object.virtualmachineid and vms[object.virtualmachineid]
  if tags.bosh_ephemeral_of then return tags.bosh_ephemeral_of end
  if vm and (object.name or ""):find "^%u+%-%d+" then return (vm.tags or {}).bosh_cid or vm.name end
  return tags.bosh_cid or object.name or object.id
end

local function looks_of(kind, object)
  -- A network is Implemented as soon as a VM was in it: nobody's doing.
  local words = { kind, inventory.plain(object.name or ""), kind ~= "networks" and object.state or "" }
  if object.virtualmachineid then words[#words + 1] = "attached as " .. tostring(object.deviceid) end
  for _, nic in ipairs(object.nics or {}) do
    words[#words + 1] = nic.network .. (nic.network == "bosh-net" and " " .. nic.address or "")
  end
  if object.size then words[#words + 1] = tostring(object.size) end
  return table.concat(words, " ")
end

-- Of the VMs that wait for their end, nothing is left in a while: they hold neither an address that anybody asks for
-- nor a disk.
local function is_going(kind, object)
  return kind == "vms" and (object.state == "Destroyed" or object.state == "Expunging")
end

-- What CloudStack makes by itself with an account's first VM, and keeps: a network's own address.
local function is_the_networks(kind, object)
  return kind == "publicaddresses" and (object.sourcenat or object.issourcenat or object.source_nat)
end

-- of(sim) -> { id = { id, kind, name, owner, looks, tags (list of words) } }
function inventory.of(sim)
  local state, vms, found = sim.state(), {}, {}
  for _, vm in ipairs(state.vms) do vms[vm.id] = vm end
  for kind, list in pairs(state) do
    if type(list) == "table" and not FIXED[kind] then
      for _, object in ipairs(list) do
        if object.id and not is_going(kind, object) and not is_the_networks(kind, object) then
          found[object.id] = { id = object.id, kind = kind, name = object.name, owner = owner_of(object, vms),
            looks = looks_of(kind, object), tags = tag_words(object), state = object.state,
            virtualmachineid = object.virtualmachineid, type = object.type, raw = object }
        end
      end
    end
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
