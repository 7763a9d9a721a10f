-- The end of an affinity group: it goes with its last VM, unless another process is about to put one into it.
--
-- CloudStack deletes a group that is in use without a warning. So processes that share a store announce themselves before they
-- check for the other side: at least one sees the other. The deleter backs off; the joiner waits. Without a store a VM that
-- lost its group while it was made is made again (affinity.verify).

local collation = require "base.collation"
local errors = require "errors"
local groups = require "cloudstack.affinity_groups"

local affinity_claims = {}

-- Kept beside what cloudstack/cache.lua keeps, which sweeps it when it is old.
local TABLE, COMING, LEAVING = "cache", "affinity ", "affinity end "
local PAUSE = 0.2 -- seconds

-- Writes a claim on each of the groups { name } into the store. Returns a value to close, which removes the claims.
local function claim(cpi, prefix, list)
  local store, keys = #list > 0 and cpi.store or nil, {}
  local owner = store and cpi.journal.owner() -- without an owner a claim would never end: none is written
  for i, one in ipairs(owner and list or {}) do
    keys[i] = ("%s%s %s"):format(prefix, collation.fold(one.name), cpi.bytes.uuid())
    store.put(TABLE, keys[i], cpi.json.encode { at = cpi.clock.utc(), owner = owner })
  end
  return setmetatable({}, { __close = function()
    for _, key in ipairs(keys) do store.delete(TABLE, key) end
  end })
end

-- Has a process that is alive such a claim on the group?
local function is_claimed(cpi, prefix, name)
  prefix = prefix .. collation.fold(name) .. " "
  for _, row in ipairs(cpi.store and cpi.store.rows(TABLE) or {}) do
    local entry = row.key:sub(1, #prefix) == prefix and cpi.json.decode(row.value)
    if type(entry) == "table" and cpi.journal.alive(entry.owner) then return true end
  end
  return false
end

-- Announces, to the processes that share the store, that the groups { name } are about to be used, and waits while another
-- process deletes one of them. -> a value to close when the VM is in the groups, and a set of the names of those that were being
-- deleted: they have to be looked for anew.
function affinity_claims.announce(cpi, list)
  local claims, began, deleted = claim(cpi, COMING, list), cpi.clock.now(), {}
  for _, one in ipairs(list) do
    local function words() return ("waiting until another process has deleted affinity group '%s'"):format(one.name) end
    while is_claimed(cpi, LEAVING, one.name) do
      if cpi.clock.now() - began >= cpi.settings.cloudstack.timeout.global then
        cpi.log.warn("affinity group '%s' is being deleted by another process, for long; going on", one.name)
        break
      end
      deleted[one.name] = true
      cpi.wait(PAUSE, words, began)
    end
  end
  return claims, deleted
end

-- Deletes those of the groups in which no VM is, and none about to be -> those that stay: a list of { group, words }.
local function delete(cpi, list)
  local claims <close>, free = claim(cpi, LEAVING, list), {} -- luacheck: ignore (until they are gone)
  for _, group in ipairs(list) do
    if not is_claimed(cpi, COMING, group.name) then free[#free + 1] = group end
  end
  return groups.delete_empty(cpi, free)
end

-- Deletes an empty group that somebody left. Raises CloudError where it stays.
function affinity_claims.remove(cpi, group)
  local left = delete(cpi, { group })
  if left[1] then error(errors.cloud("%s", left[1].words)) end
  local there = groups.find(cpi, group.name)
  if there and there.id == group.id then error(errors.cloud("a VM is about to use it, or CloudStack keeps it")) end
end

-- Before a VM (nil: there is none) is removed: notes in the journal those of its groups that we made, because CloudStack does
-- not show them afterwards. -> collect(), to be called when the VM is gone: deletes the groups in which no other VM is. A group
-- that cannot be deleted does not make the VM's removal a failure: it costs nothing, and its journal entry stays for a later
-- process.
function affinity_claims.of(cpi, vm)
  local list, entries = {}, {}
  for _, group in ipairs(vm and vm.affinitygroup or {}) do
    if groups.is_ours(group) then
      list[#list + 1], entries[group.id] = group, cpi.journal.open { kind = "affinity group", name = group.name }
    end
  end
  return function()
    for _, one in ipairs(delete(cpi, list)) do
      cpi.log.warn("affinity group '%s' stays: %s", one.group.name, one.words)
      entries[one.group.id].leave()
      entries[one.group.id] = nil
    end
    for _, entry in pairs(entries) do entry.close() end
  end
end

return affinity_claims
