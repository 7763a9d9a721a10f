-- The end of an affinity group: it goes with its last VM, unless another process is about to put one into it.
--
-- CloudStack deletes a group that is in use without a word. So among processes that share a store, who comes and who
-- deletes both say so before they look whether the other one does: one of them, at least, sees the other. Who deletes
-- gives way; who comes waits. Without a store a VM that lost its group while it was made is made again (affinity.verify).

local groups = require "cloudstack.affinity_groups"

local affinity_claims = {}

-- Kept beside what cloudstack/cache.lua keeps, which sweeps it when it is old.
local TABLE, COMING, LEAVING = "cache", "affinity ", "affinity end "
local PAUSE = 0.2 -- seconds

-- Writes a claim on each of the groups { name } into the store; answers something to close.
local function claim(cpi, prefix, list)
  local store, keys = #list > 0 and cpi.store or nil, {}
  for i, one in ipairs(store and list or {}) do
    keys[i] = ("%s%s %s"):format(prefix, one.name, cpi.bytes.uuid())
    store.put(TABLE, keys[i], cpi.json.encode { at = cpi.clock.utc(), owner = cpi.journal.owner })
  end
  return setmetatable({}, { __close = function()
    for _, key in ipairs(keys) do store.delete(TABLE, key) end
  end })
end

-- Has a process that is still there that claim on the group?
local function is_claimed(cpi, prefix, name)
  prefix = prefix .. name .. " "
  for _, row in ipairs(cpi.store and cpi.store.rows(TABLE) or {}) do
    local entry = row.key:sub(1, #prefix) == prefix and cpi.json.decode(row.value)
    if type(entry) == "table" and type(entry.owner) == "string" and cpi.journal.alive(entry.owner) then return true end
  end
  return false
end

-- Tells the processes that share the store that the groups of a plan are about to be used, and waits for one that deletes
-- one of them: that group is looked for anew then. To be closed when the VM is in them. Answers something to close in any
-- case.
function affinity_claims.announce(cpi, list)
  local claims, began = claim(cpi, COMING, list), cpi.clock.now()
  for _, one in ipairs(list) do
    while is_claimed(cpi, LEAVING, one.name) do
      if cpi.clock.now() - began >= cpi.settings.cloudstack.timeout.global then
        cpi.log.warn("affinity group '%s' is being deleted by another process, for long; going on", one.name)
        break
      end
      one.row, one.is_known = nil, false
      cpi.clock.sleep(PAUSE)
    end
  end
  return claims
end

-- After a VM was removed: those of its groups that we made, when no other VM is in them nor about to be.
function affinity_claims.collect(cpi, vm)
  local ours, list = {}, {}
  for _, group in ipairs(vm.affinitygroup or {}) do
    if groups.is_ours(group) then ours[#ours + 1] = group end
  end
  local claims <close> = claim(cpi, LEAVING, ours) -- luacheck: ignore (until they are gone)
  for _, group in ipairs(ours) do
    if not is_claimed(cpi, COMING, group.name) then list[#list + 1] = group end
  end
  groups.delete_empty(cpi, list)
end

return affinity_claims
