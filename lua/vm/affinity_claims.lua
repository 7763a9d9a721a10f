-- The end of an affinity group: it goes with its last VM, unless another process is about to put one into it.

local groups = require "cloudstack.affinity_groups"

local affinity_claims = {}

-- Kept beside what cloudstack/cache.lua keeps, which sweeps it when it is old.
local TABLE, PREFIX = "cache", "affinity "

-- Tells the processes that share the store that the groups are about to be used, so that none of them deletes one as
-- empty. To be closed when the VM is in them. Answers something to close in any case.
function affinity_claims.announce(cpi, list)
  local store, keys = #list > 0 and cpi.store or nil, {}
  for i, one in ipairs(store and list or {}) do
    keys[i] = ("%s%s %s"):format(PREFIX, one.name, cpi.bytes.uuid())
    store.put(TABLE, keys[i], cpi.json.encode { at = cpi.clock.utc() })
  end
  return setmetatable({}, { __close = function()
    for _, key in ipairs(keys) do store.delete(TABLE, key) end
  end })
end

-- Is another process about to use the group? What is older than any create_vm was left by one that died.
local function is_announced(cpi, name)
  local oldest, prefix = cpi.clock.utc() - cpi.settings.cloudstack.timeout.create_vm, PREFIX .. name .. " "
  for _, row in ipairs(cpi.store and cpi.store.rows(TABLE) or {}) do
    local entry = row.key:sub(1, #prefix) == prefix and cpi.json.decode(row.value)
    if type(entry) == "table" and type(entry.at) == "number" and entry.at >= oldest then return true end
  end
  return false
end

-- After a VM was removed: those of its groups that we made, when no other VM is in them.
function affinity_claims.collect(cpi, vm)
  local list = {}
  for _, group in ipairs(vm.affinitygroup or {}) do
    if groups.is_ours(group) and not is_announced(cpi, group.name) then list[#list + 1] = group end
  end
  groups.delete_empty(cpi, list)
end

return affinity_claims
