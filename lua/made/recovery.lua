-- What processes that are dead have left, by their journal: removed where BOSH cannot know of it.
--
-- An entry is left alone when its process is alive, when another director or another CloudStack account wrote it, when
-- the failed_vm policy keeps the VM, and when its process died between "the answer is ready" and "the answer is
-- written": then BOSH may have the CID. That BOSH does know an object is seen on the object (is_known): then only the
-- entry goes.

local addresses = require "cloudstack.addresses"
local affinity_claims = require "made.affinity_claims"
local belongings = require "made.belongings"
local capabilities = require "cloudstack.capabilities"
local errors = require "errors"
local exact = require "cloudstack.exact"
local firewall = require "cloudstack.firewall"
local groups = require "cloudstack.affinity_groups"
local load_balancers = require "cloudstack.load_balancers"
local networks = require "cloudstack.networks"
local registry = require "registry.settings"
local removal = require "made.removal"
local snapshots = require "cloudstack.snapshots"
local tags = require "cloudstack.tags"
local templates = require "cloudstack.templates"
local twins = require "stemcell.twins"
local untagged = require "made.untagged"
local vms = require "cloudstack.vms"
local volumes = require "cloudstack.volumes"

local recovery = {}

-- Seconds after which a create that nothing is seen of will not appear any more.
local SETTLED = 300

-- Tags that a director sets, and always soon: set_vm_metadata follows create_vm, set_disk_metadata attach_disk.
local OF_BOSH = { "director", "deployment", "instance_group", "job", "index", "instance_index", "id", "instance_id",
  "created_at", "attached_at", "name" }

-- Has BOSH spoken of the object since it was made? row: of listVirtualMachines, listVolumes or listTemplates.
function recovery.is_known(row)
  local set = tags.of(row)
  for _, key in ipairs(OF_BOSH) do
    if set[key] then return true end
  end
  return false
end

-- ---------------------------------------------------------------------------------------------------------
-- kinds of objects: find(cpi, record) -> row or nil [, true where there is none and was one]; is_used(cpi, row, record);
-- is_wanted(cpi, row), where the verb that runs may still use what is left; remove(cpi, row, name)

local kinds = { vm = {}, disk = {}, stemcell = {}, network = {}, snapshot = {}, address = {}, ["load balancer"] = {},
  ["firewall rule"] = {}, ["affinity group"] = {} }
recovery.kinds = kinds

function kinds.vm.find(cpi, record) return vms.find(cpi, record.name) end

-- A VM that has a persistent disk is at work.
function kinds.vm.is_used(cpi, vm)
  if recovery.is_known(vm) then return true end
  for _, volume in ipairs(cpi.cloudstack:rows(volumes.request_of_vm(vm))) do
    if volume.type ~= "ROOT" and not volumes.is_ephemeral(volume) then return true end
  end
  return false
end

-- As delete_vm does, with everything that belongs to the VM; vm is nil where it is gone.
function kinds.vm.remove(cpi, vm, name)
  local found = cpi.cloudstack:gather {
    can = capabilities.request(), orphans = volumes.request_ephemeral(name), belongings = belongings.request(name),
  }
  local collect_groups = affinity_claims.of(cpi, vm)
  belongings.take_away(cpi, name, belongings.of(found.belongings, vm, untagged.find(cpi, name, vm)), vm)
  if vm then removal.remove(cpi, vm, capabilities.read(found.can)) end
  removal.sweep(cpi, found.orphans)
  collect_groups()
  registry.forget(cpi, name)
end

function kinds.disk.find(cpi, record) return volumes.find(cpi, record.name) end
function kinds.disk.is_used(_, volume) return volume.virtualmachineid ~= nil or recovery.is_known(volume) end
function kinds.disk.remove(cpi, volume)
  if volume then volumes.delete_all(cpi, { volume }) end
end

function kinds.stemcell.find(cpi, record)
  return exact.one(cpi.cloudstack:rows(templates.request(record.name, "self")), record.name, "stemcell")
end
-- A finished template is what the next create_stemcell of the same image would make: while one runs, it may take this.
function kinds.stemcell.is_wanted(cpi, template) return cpi.journal.verb == "create_stemcell" and twins.is_finished(template) end
-- CloudStack, and templates.delete, refuse it while a VM is of it.
function kinds.stemcell.is_used(_, template) return twins.is_shared(template) end
function kinds.stemcell.remove(cpi, template)
  if template and twins.may_go(cpi, template) then templates.delete(cpi, template) end
end

function kinds.network.find(cpi, record) return networks.find(cpi, record.name) end
function kinds.network.is_used() return false end -- one with VMs is refused
function kinds.network.remove(cpi, network, name)
  if network then networks.delete(cpi, network, name) end
end

function kinds.snapshot.find(cpi, record) return snapshots.find(cpi, record.name) end
function kinds.snapshot.is_used() return false end
function kinds.snapshot.remove(cpi, snapshot)
  if snapshot then snapshots.delete(cpi, snapshot.id) end
end

-- What was made for a VM has the VM's tag and goes with it; here is what nobody came to tag, known by its id, or by the job
-- that makes it where the process died before it was told one. -> row or nil, was it there once?
local function by_id(cpi, record, request_by_id)
  local id = record.id
  if not id and type(record.job) == "string" then id = cpi.cloudstack:made_by(tostring(record.command), record.job) end
  return id and cpi.cloudstack:rows(request_by_id(id))[1], id ~= nil
end

function kinds.address.find(cpi, record) return by_id(cpi, record, addresses.request_by_id) end
-- That it leads to the VM it was acquired for tells nothing as long as nobody knows that VM: where the tag is missing, no
-- delete_vm would release it.
function kinds.address.is_used(cpi, row, record)
  if row.issourcenat or next(tags.of(row)) then return true end
  if not row.isstaticnat then return false end
  local vm = row.virtualmachinename == record.vm and vms.find(cpi, record.vm)
  return not vm or kinds.vm.is_used(cpi, vm)
end
function kinds.address.remove(cpi, row)
  if row then cpi.cloudstack:job(addresses.release_request(cpi, row.id)) end
end

kinds["load balancer"].find = function(cpi, record) return by_id(cpi, record, load_balancers.request_by_id) end
kinds["load balancer"].is_used = function(cpi, row)
  return next(tags.of(row)) ~= nil or #cpi.cloudstack:rows(load_balancers.members_request(row.id)) > 0
end
kinds["load balancer"].remove = function(cpi, row)
  if row then cpi.cloudstack:job(load_balancers.delete_request(cpi, row.id)) end
end

kinds["firewall rule"].find = function(cpi, record) return by_id(cpi, record, firewall.request_by_id) end
kinds["firewall rule"].is_used = function(_, row) return next(tags.of(row)) ~= nil end
kinds["firewall rule"].remove = function(cpi, row)
  if row then cpi.cloudstack:job(firewall.delete_request(cpi, row.id)) end
end

kinds["affinity group"].find = function(cpi, record)
  local row = groups.find(cpi, record.name)
  return row and groups.is_ours(row) and row or nil
end
kinds["affinity group"].is_used = function(cpi, row) return not groups.is_empty(cpi, row) end
kinds["affinity group"].remove = function(cpi, row)
  if row then affinity_claims.remove(cpi, row) end
end

-- ---------------------------------------------------------------------------------------------------------
-- entries

-- Why an entry is not ours to deal with, or nil.
local function hands_off(cpi, record, director)
  if not kinds[record.kind] or type(record.name) ~= "string" then return "of an unknown kind" end
  if record.director ~= director then return "another director's" end
  if record.cloud ~= cpi.journal.cloud then return "another account's" end
  if cpi.journal.alive(record.owner) then return "at work" end
end

-- The entry as it is now -> why to leave it alone or nil, the record or nil. A process may have ended well since the
-- journal was listed: what it wrote last is read after it was seen to be dead, never before.
local function read(cpi, key, listed, director)
  local fate = hands_off(cpi, cpi.json.decode(listed) or {}, director)
  local now = cpi.store.get("journal", key)
  local record = now and cpi.json.decode(now)
  if type(record) ~= "table" then return nil end
  return fate or hands_off(cpi, record, director), record, now
end

-- What becomes of one entry -> fate, is it over?
local function settle(cpi, record)
  local kind = kinds[record.kind]
  local row, was_there = kind.find(cpi, record)
  if row and kind.is_used(cpi, row, record) then return "known to BOSH", true end
  if record.answered and row then return "unclear: BOSH may have its CID", false end
  if record.kept and row then return "kept for inspection", false end
  if row and kind.is_wanted and kind.is_wanted(cpi, row) then return "left to this " .. cpi.journal.verb, false end
  kind.remove(cpi, row, record.name)
  if row then return "removed", true end
  local age = cpi.clock.utc() - (record.since or 0)
  if age < SETTLED and not record.answered and not was_there then return "not there, and may still appear", false end
  return "not there", true
end

-- replay(cpi, director) -> { { record, fate, is_over }, ... }: of that director's entries.
-- cpi.store is there. What cannot be removed is told by its fate, and its entry stays. Raises CpiError where the journal
-- cannot be read.
function recovery.replay(cpi, director)
  local fates, rows, why = {}, cpi.store.rows "journal"
  if not rows then error(errors.cpi("the journal cannot be read: %s", why)) end
  for _, row in ipairs(rows) do
    local fate, record, text = read(cpi, row.key, row.value, director)
    if record then
      local is_over = false
      if not fate and not cpi.journal.claim(row.key, text, record) then fate = "at work" end
      if not fate then
        local ok, words, over = pcall(settle, cpi, record)
        fate, is_over = ok and words or "not removed: " .. errors.words(words), ok and over
        if is_over then cpi.store.delete("journal", row.key) end
      end
      fates[#fates + 1] = { record = record, fate = fate, is_over = is_over }
    end
  end
  return fates
end

-- What a process does by itself before it creates something.
function recovery.by_itself(cpi, director)
  local ok, fates = pcall(recovery.replay, cpi, director)
  if not ok then return cpi.log.warn("the journal was not replayed: %s", errors.words(fates)) end
  for _, one in ipairs(fates) do
    if one.is_over or one.fate:find "^not removed" then
      cpi.log.warn("%s %s of a process that died: %s", one.record.kind, one.record.name, one.fate)
    end
  end
end

return recovery
