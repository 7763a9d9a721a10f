-- Where a VM goes that is to have disks: to the host with most GB of its local disks, else to the cluster with most GB of its
-- disks, in the zone of its disks. What becomes of a disk on another host than its VM's: it moves to a local pool there.

-- The key under which most GB are found among the disks of a scope, or nil.
local function with_most(disks, scope, key)
  local sums, best = {}, nil
  for _, disk in ipairs(disks) do
    local place = disk.scope == scope and disk[key]
    if place then
      sums[place] = (sums[place] or 0) + disk.size
      if not best or sums[place] > sums[best] then best = place end
    end
  end
  return best
end

-- The zone that all disks are in, or nil.
local function common_zone(disks)
  for _, disk in ipairs(disks) do
    if disk.zone_id ~= disks[1].zone_id then return nil end
  end
  return disks[1].zone_id
end

local function place(facts)
  local zone = not facts.zone_named and common_zone(facts.disks) or nil
  local host = with_most(facts.disks, "host", "host_id")
  if facts.sees_storage and host then return { zone = zone, host = host, strict = true } end
  local cluster = with_most(facts.disks, "cluster", "cluster_id")
  if facts.sees_storage and cluster then return { zone = zone, cluster = cluster, strict = false } end
  return zone and { zone = zone } or "anywhere"
end

-- The pool of a host with most room for the disk, or nil.
local function pool_on(pools, host_id, size)
  local best
  for _, pool in ipairs(pools) do
    local is_good = pool.host_id == host_id and pool.suitable and pool.free >= size
    if is_good and (not best or pool.free > best.free) then best = pool end
  end
  return best
end

local function fate(facts)
  local disk, vm = facts.disks[1], facts.vm
  local is_reached = disk.scope ~= "host" or not disk.host_id or not vm.host_id or disk.host_id == vm.host_id
  if is_reached then return "attach" end
  local pool = pool_on(facts.pools, vm.host_id, disk.size)
  if pool then return { migrate = pool.id } end
  return nil, ("disk '%s' (%d GB) lies in pool '%s' of host '%s', VM '%s' is on host '%s', and no local pool there takes it")
    :format(disk.cid, disk.size, disk.pool or "?", disk.host or "?", vm.name, vm.host or "?")
end

local function decide(facts)
  if facts.verb == "create_vm" then return place(facts) end
  return fate(facts)
end

return { api = 1, decide = decide }
