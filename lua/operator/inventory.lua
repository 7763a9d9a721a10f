-- What the CPI made and is there: VMs, disks, stemcells, public addresses, snapshots, with what BOSH calls them, and sums.
--
-- inventory.look(client, words, owns, now) -> { vms = { row, ... }, disks =, stemcells =, addresses =, snapshots =, root = { count, gb },
--   unseen = { words, ... } }
--   words   which of the five are wanted; what they rest on is asked for with them
--   owns    owns(tags, cid) -> is the object among those that are asked for? tags as { key = value }
--   now     seconds since 1970
-- Ages are in seconds, sizes in GB as CloudStack counts them. A kind that the role may not
-- list is in `unseen`. inventory.sums(found) and inventory.directors(found) add up.

local addresses = require "cloudstack.addresses"
local ages = require "operator.ages"
local bosh_names = require "operator.bosh_names"
local nics = require "cloudstack.nics"
local states = require "cloudstack.states"
local tags = require "cloudstack.tags"
local templates = require "cloudstack.templates"
local vms = require "cloudstack.vms"
local volumes = require "cloudstack.volumes"

local inventory = { words = { "vms", "disks", "stemcells", "addresses", "snapshots" } }

local GIB = 1024 * 1024 * 1024

local function gigabytes(bytes) return math.type(bytes) and math.ceil(bytes / GIB * 10) / 10 or nil end

-- What every row says: whose it is, in BOSH's words, and since when.
local function row_of(row, cid, date, now, more)
  local set = tags.of(row)
  local out = { cid = cid, id = row.id, instance = bosh_names.instance(set), deployment = bosh_names.deployment(set),
    director = set.director_uuid, director_name = bosh_names.director(set), zone = row.zonename, created = date,
    age = ages.of(date, now) }
  for name, value in pairs(more) do out[name] = value end
  return out
end

local requests = {
  vms = { "listVirtualMachines", {}, rows = "virtualmachine" },
  disks = { "listVolumes", {}, rows = "volume" },
  stemcells = { "listTemplates", { templatefilter = "self" }, rows = "template" },
  addresses = addresses.request_all(),
  snapshots = { "listSnapshots", {}, rows = "snapshot" },
}

-- What a kind cannot be judged without: a root disk belongs to its VM.
local rests_on = { disks = { "vms" } }

local judges = {} -- judges.KIND(found, row, owns, now) adds the row where it is the CPI's and asked for

function judges.vms(found, row, owns, now)
  local set = tags.of(row)
  local cid = set.bosh_cid or row.name
  if not cid:find "^cpivm%-" or vms.is_gone(row) or not owns(set, cid) then return end
  local list = {}
  for _, nic in ipairs(row.nic or {}) do
    local some = nics.addresses(nic)
    table.move(some, 1, #some, #list + 1, list)
  end
  local out = row_of(row, cid, row.created, now, { state = row.state, cpus = row.cpunumber, memory_mb = row.memory,
    offering = row.serviceofferingname, addresses = list, host = row.hostname, display_name = row.displayname })
  found.vms[#found.vms + 1], found.vm_ids[row.id] = out, out
end

local function kind_of_disk(row)
  if row.type == "ROOT" then return "root" end
  return volumes.is_ephemeral(row) and "ephemeral" or "persistent"
end

function judges.disks(found, row, owns, now)
  local set, kind, vm = tags.of(row), kind_of_disk(row), found.vm_ids[row.virtualmachineid]
  if volumes.is_deleted(row) then return end
  if kind == "root" then
    if vm then found.root.count, found.root.gb = found.root.count + 1, found.root.gb + (gigabytes(row.size) or 0) end
    return
  end
  local is_ours = row.name:find "^cpi%-disk%-" or row.name:find "^cpi%-ephemeral%-disk%-" or set[volumes.EPHEMERAL_TAG]
  if not (is_ours and owns(set, set[volumes.EPHEMERAL_TAG] or row.name)) and not (vm and kind == "ephemeral") then return end
  local out = row_of(row, row.name, row.created, now, { state = row.state, kind = kind, gb = gigabytes(row.size),
    offering = row.diskofferingname, vm = row.vmname, storage = row.storage })
  if vm then out.instance, out.deployment = out.instance or vm.instance, out.deployment or vm.deployment end
  out.director = out.director or vm and vm.director
  found.disks[#found.disks + 1] = out
end

-- A template has a row in each of its zones.
function judges.stemcells(found, row, owns, now)
  local set, before = tags.of(row), found.template_ids[row.id]
  if before then
    before.zones[#before.zones + 1] = row.zonename
    before.state = before.state ~= "Ready" and before.state or row.isready and "Ready" or row.status
    return
  end
  if not templates.is_ours(row.name) or not owns(set, row.name) then return end
  local out = row_of(row, row.name, row.created, now, { state = row.isready and "Ready" or row.status, gb = gigabytes(row.size),
    stemcell = set.bosh_stemcell or row.displaytext, zones = { row.zonename } })
  found.stemcells[#found.stemcells + 1], found.template_ids[row.id] = out, out
end

-- The CIDs of the VMs whose tags the row carries.
local function vms_of(set)
  local list = {}
  for key in pairs(set) do
    if key:find "^cpivm%-" then list[#list + 1] = key end
  end
  table.sort(list)
  return list
end

function judges.addresses(found, row, owns, now)
  local set = tags.of(row)
  local of = vms_of(set)
  if #of == 0 and not set.director_uuid or not owns(set, of[1] or "") then return end
  found.addresses[#found.addresses + 1] = row_of(row, row.ipaddress, row.allocated, now, { state = row.state,
    vm = #of > 0 and table.concat(of, ", ") or nil, static_nat = row.isstaticnat, network = row.associatednetworkname })
end

function judges.snapshots(found, row, owns, now)
  local set = tags.of(row)
  if not (row.name or ""):find "^cpi%-snapshot%-" or not owns(set, row.name) then return end
  local bytes = (row.physicalsize or 0) > 0 and row.physicalsize or row.virtualsize
  found.snapshots[#found.snapshots + 1] = row_of(row, row.id, row.created, now, { state = row.state, gb = gigabytes(bytes),
    disk = row.volumename, name = row.name })
end

-- The kinds to ask for, in their order: those that are wanted and what they rest on.
local function kinds_to_ask(words)
  local set, list = {}, {}
  for _, word in ipairs(words) do
    set[word] = true
    for _, other in ipairs(rests_on[word] or {}) do set[other] = true end
  end
  for _, word in ipairs(inventory.words) do list[#list + 1] = set[word] and word or nil end
  return list
end

function inventory.look(client, words, owns, now)
  local found = { vm_ids = {}, template_ids = {}, root = { count = 0, gb = 0 }, unseen = {} }
  local kinds, list = kinds_to_ask(words), {}
  for i, kind in ipairs(kinds) do list[i], found[kind] = requests[kind], {} end
  for i, outcome in ipairs(client:wave(list)) do
    if outcome.failure then found.unseen[#found.unseen + 1] = ("%s: %s"):format(kinds[i], client.say(outcome.failure)) end
    for _, row in ipairs(outcome.rows or {}) do judges[kinds[i]](found, row, owns, now) end
    table.sort(found[kinds[i]], function(a, b)
      local left, right = a.instance or "~", b.instance or "~"
      if left ~= right then return left < right end
      return a.cid < b.cid
    end)
  end
  return found
end

-- ---------------------------------------------------------------------------------------------------------

local function add_up(rows, name, of)
  local sum = 0
  for _, row in ipairs(rows or {}) do
    if not of or of(row) then sum = sum + (math.type(row[name]) and row[name] or 0) end
  end
  return sum
end

local function count(rows, of)
  local sum = 0
  for _, row in ipairs(rows or {}) do sum = sum + (of(row) and 1 or 0) end
  return sum
end

-- What costs money: VMs, CPUs and memory of those that run, GB by kind, addresses.
function inventory.sums(found)
  local function runs(row) return states.vm(row.state).runs end
  local function is(kind) return function(row) return row.kind == kind end end
  return {
    vms = #(found.vms or {}), running = count(found.vms, runs), cpus = add_up(found.vms, "cpus", runs),
    memory_mb = add_up(found.vms, "memory_mb", runs),
    persistent_disks = count(found.disks, is "persistent"), persistent_gb = add_up(found.disks, "gb", is "persistent"),
    ephemeral_disks = count(found.disks, is "ephemeral"), ephemeral_gb = add_up(found.disks, "gb", is "ephemeral"),
    unattached_disks = count(found.disks, function(row) return not row.vm end),
    root_disks = found.root.count, root_gb = found.root.gb,
    stemcells = #(found.stemcells or {}), stemcell_gb = add_up(found.stemcells, "gb"),
    addresses = #(found.addresses or {}), snapshots = #(found.snapshots or {}), snapshot_gb = add_up(found.snapshots, "gb"),
  }
end

-- The directors that something carries: { uuid, name, vms, disks, ... }, by uuid; what carries none counts under "-".
function inventory.directors(found)
  local by, list = {}, {}
  for _, kind in ipairs(inventory.words) do
    for _, row in ipairs(found[kind] or {}) do
      local uuid = row.director or "-"
      if not by[uuid] then
        by[uuid] = { uuid = uuid, vms = 0, disks = 0, stemcells = 0, addresses = 0, snapshots = 0 }
        list[#list + 1] = by[uuid]
      end
      by[uuid][kind], by[uuid].name = by[uuid][kind] + 1, by[uuid].name or row.director_name
    end
  end
  table.sort(list, function(a, b) return a.uuid < b.uuid end)
  return list
end

-- others(client, director, now) -> the uuids of the directors that are there, sorted; nil where that one is among them. Asks for all
-- five kinds.
function inventory.others(client, director, now)
  local list = {}
  for _, one in ipairs(inventory.directors(inventory.look(client, inventory.words, function() return true end, now))) do
    if one.uuid == director then return nil end
    if one.uuid ~= "-" then list[#list + 1] = one.uuid end
  end
  return list
end

return inventory
