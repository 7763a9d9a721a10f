-- Where volumes lie: pools, and the hosts and clusters that reach them. Only root admins are shown it; a volume's own row
-- names its pool, but not on which host a local one is.

local offerings = require "cloudstack.offerings"
local states = require "cloudstack.states"
local volumes = require "cloudstack.volumes"

local storage = {}

local GIB = 1024 * 1024 * 1024

function storage.host_request(zone_id)
  return { "listHosts", { type = "Routing", zoneid = zone_id }, rows = "host", cached = true }
end

function storage.pool_request(zone_id)
  return { "listStoragePools", { zoneid = zone_id }, rows = "storagepool", cached = true }
end

-- Does this account see where the volume lies? Also true of one that lies nowhere yet.
function storage.is_seen(volume)
  return volume.storagetype ~= nil
end

-- "host", "cluster" or "zone": the hosts that reach the volume's pool; nil for a volume that lies nowhere or is not seen.
function storage.scope(volume)
  if not volume.storageid then return nil end
  if volume.storagetype == "local" then return "host" end
  return volume.clusterid and "cluster" or "zone"
end

-- The host of a local pool. Its row does not say: the pool has the host's address, or its name in front of its own.
function storage.host_of(pool, hosts)
  for _, one in ipairs(hosts) do
    if pool.ipaddress and pool.ipaddress == one.ipaddress then return one end
  end
  for _, one in ipairs(hosts) do
    if one.name and pool.name and pool.name:sub(1, #one.name + 1) == one.name .. "-" then return one end
  end
end

local function with_id(rows, id)
  for _, row in ipairs(rows or {}) do
    if row.id == id then return row end
  end
end
storage.with_id = with_id

-- The host on whose own disk the volume lies, or nil. pools and hosts as the requests above answer.
function storage.host_of_volume(volume, pools, hosts)
  local pool = storage.scope(volume) == "host" and with_id(pools, volume.storageid)
  return pool and storage.host_of(pool, hosts) or nil
end

-- GB that the pool may still promise.
function storage.free(pool)
  local total = (pool.disksizetotal or 0) * (tonumber(pool.overprovisionfactor) or 1)
  return math.max(0, math.floor((total - (pool.disksizeallocated or 0)) / GIB))
end

-- May the pool take disks of an offering: is it up, of its kind, and has it the tags?
function storage.suits(pool, offering)
  local tags = offerings.tags { tags = pool.tags }
  for tag in pairs(offerings.tags { tags = offering.tags }) do
    if not tags[tag] then return false end
  end
  return pool.state == "Up" and (pool.scope == "HOST") == (offering.storagetype == "local")
end

-- Moves a detached volume to the pool, which takes as long as copying it. Raises CloudError.
function storage.migrate(cpi, volume, pool)
  local function moved()
    local row = volumes.again(cpi, volume)
    return row and row.storageid == pool.id and states.volume(row.state).attaches and { volume = row } or nil
  end
  local task = cpi.cloudstack:run {
    "migrateVolume", { volumeid = volume.id, storageid = pool.id }, job = true, idempotent = true, find = moved,
    what = ("moving disk %s from pool %s to pool %s"):format(volume.name, tostring(volume.storage), pool.name),
    timeout = cpi.settings.cloudstack.timeout.attach_volume,
  }
  if task.failure and not moved() then cpi.cloudstack.raise(task.failure, task.request.what) end
end

return storage
