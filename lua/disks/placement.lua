-- Disks that only some hosts reach: where to place their VM, and what to do with a disk that its VM does not reach. The
-- disk_placement policy decides; this file gathers its facts and does what it says.

local errors = require "errors"
local exact = require "cloudstack.exact"
local instance_tags = require "cloudstack.instance_tags"
local offerings = require "cloudstack.offerings"
local refusals = require "cloudstack.refusals"
local storage = require "cloudstack.storage"
local volumes = require "cloudstack.volumes"
local zones = require "cloudstack.zones"

local disk_placement = { name = "placement" }

disk_placement.properties = { zone = "text", zones = "names" }

-- ---------------------------------------------------------------------------------------------------------
-- facts

-- hosts and pools: what was looked up; rows of disk offerings show a user at least of which kind the storage is.
local function disk_facts(volume, disk_offerings, pools, hosts)
  local offering = disk_offerings and exact.one(disk_offerings, volume.diskofferingid, "disk offering") or {}
  local its_host = storage.host_of_volume(volume, pools, hosts) or {}
  return {
    cid = volume.name, id = volume.id, size = volumes.gigabytes(volume), state = volume.state,
    zone_id = volume.zoneid, zone = volume.zonename, offering = volume.diskofferingname,
    storage = volume.storagetype or offering.storagetype, scope = storage.scope(volume),
    pool = volume.storage, pool_id = volume.storageid, host = its_host.name, host_id = its_host.id,
    cluster = volume.clustername, cluster_id = volume.clusterid,
  }
end

local function host_facts(hosts)
  local list = {}
  for i, one in ipairs(hosts) do
    list[i] = { id = one.id, name = one.name, cluster = one.clustername, cluster_id = one.clusterid, state = one.state,
      tags = one.hosttags }
  end
  return list
end

-- The pools to which a disk of that offering could be moved.
local function pool_facts(volume, offering, pools, hosts)
  local list = {}
  for _, pool in ipairs(pools) do
    if pool.id ~= volume.storageid then
      local its_host = pool.scope == "HOST" and storage.host_of(pool, hosts) or {}
      list[#list + 1] = { id = pool.id, name = pool.name, scope = tostring(pool.scope):lower(), host_id = its_host.id,
        host = its_host.name, cluster_id = pool.clusterid, tags = pool.tags, free = storage.free(pool),
        suitable = storage.suits(pool, offering) }
    end
  end
  return list
end

local function is_any(list, test)
  for _, one in ipairs(list) do
    if test(one) then return true end
  end
  return false
end

-- ---------------------------------------------------------------------------------------------------------
-- create_vm: an aspect of a VM, as vm/aspects.lua has them

-- Each disk that the VM is to have by its name, and what says to a user of which kind its storage is.
function disk_placement.ask(_, order)
  local requests = {}
  for i, disk_cid in ipairs(order.disk_cids) do requests["disk " .. i] = volumes.request(disk_cid) end
  if #order.disk_cids > 0 then requests.disk_offerings = offerings.disk_request() end
  return requests
end

-- -> the disks that are there: { cid, volume }, ...; the CIDs of those that are not. BOSH names the disks as a hint where the VM is
-- to go: one that was deleted by hand must not keep the VM from being made, which is how its instance is mended.
local function disks_of(order, found)
  local list, gone = {}, {}
  for i, disk_cid in ipairs(order.disk_cids) do
    local volume = volumes.pick(found["disk " .. i], disk_cid)
    if volume then list[#list + 1] = { cid = disk_cid, volume = volume } else gone[#gone + 1] = disk_cid end
  end
  return list, gone
end

-- The names with that zone's in front: the only one where the manifest names none. What it does not name stays out.
local function preferring(names, zone, is_named)
  if not is_named then return { zone.name } end
  local list = {}
  for _, name in ipairs(names) do
    local is_it = name == zone.name or name == zone.id
    table.insert(list, is_it and 1 or #list + 1, name)
  end
  return list
end

-- The names of the zones that the VM may be in, best first: `zone`, then `zones`, or the configured one.
local function allowed_zones(cpi, properties)
  local names, seen = {}, {}
  for _, name in ipairs { properties.zone or false, table.unpack(properties.zones or {}) } do
    if name and not seen[name] then names[#names + 1], seen[name] = name, true end
  end
  return #names > 0 and names or { cpi.settings.cloudstack.default_zone }
end

-- of_vm(cpi, order, found) -> names, place: of the zones to try, best first, and nil or { parameters, strict, words } for a
-- start in the first of them, which becomes plan.placement there. Called before any zone is chosen: found has the rows of
-- zones, disks and disk offerings.
function disk_placement.of_vm(cpi, order, found)
  local names = allowed_zones(cpi, order.properties)
  local there, gone = disks_of(order, found)
  for _, disk_cid in ipairs(gone) do
    cpi.log.warn("disk '%s', which the VM is to get, is not in CloudStack: the VM goes where it would go without it", disk_cid)
  end
  if #there == 0 then return names, nil end
  local disks, facts = {}, {}
  for i, one in ipairs(there) do disks[i] = one.volume end
  local places = { pools = {}, hosts = {} }
  if is_any(disks, function(volume) return storage.scope(volume) == "host" end) then
    places = cpi.cloudstack:gather { pools = storage.pool_request(), hosts = storage.host_request() }
  end
  for i, volume in ipairs(disks) do facts[i] = disk_facts(volume, found.disk_offerings, places.pools, places.hosts) end
  local zone, is_named = zones.pick(found.zones, names[1]), order.properties.zone ~= nil or order.properties.zones ~= nil
  local answer = cpi.decide("disk_placement", {
    verb = "create_vm", sees_storage = is_any(disks, storage.is_seen), disks = facts, hosts = host_facts(places.hosts),
    pools = {}, zone = { id = zone.id, name = zone.name }, zone_named = is_named and #names == 1,
  }, order.instance)
  if answer.zone then names = preferring(names, zones.pick(found.zones, answer.zone), is_named) end
  if not answer.host and not answer.cluster then return names, nil end
  return names, {
    parameters = { hostid = answer.host, clusterid = answer.cluster }, strict = answer.strict,
    words = answer.host and "on the host of its disks" or "in the cluster of its disks",
  }
end

-- The disks that are there can be attached to a VM in this zone: better said now than after the deploy.
function disk_placement.plan(_, order, found)
  for _, one in ipairs((disks_of(order, found))) do
    if one.volume.zoneid ~= found.zone.id then
      error(errors.cloud("disk '%s' is in zone '%s', the VM would be in zone '%s'", one.cid, tostring(one.volume.zonename),
        found.zone.name))
    end
  end
end

function disk_placement.start(_, _, _, plan) return plan.placement and plan.placement.parameters or nil end

-- ---------------------------------------------------------------------------------------------------------
-- attach_disk

-- Everything that the account may see of a disk that lies somewhere and of the VM's host.
local function look_up(cpi, vm, volume)
  local scope, found = storage.scope(volume), {}
  if scope and scope ~= "zone" and vm.hostid then
    local requests = { hosts = storage.host_request() }
    if scope == "host" then
      requests.pools, requests.offerings = storage.pool_request(), offerings.disk_request()
    end
    found = cpi.cloudstack:gather(requests)
  end
  found.hosts, found.pools = found.hosts or {}, found.pools or {}
  return found
end

-- The pools are of interest where the disk lies on another host than the VM's.
local function targets(vm, volume, found)
  local its_host = storage.host_of_volume(volume, found.pools, found.hosts)
  if not its_host or its_host.id == vm.hostid then return {} end
  local offering = exact.one(found.offerings, volume.diskofferingid, "disk offering") or { storagetype = "local" }
  return pool_facts(volume, offering, found.pools, found.hosts)
end

local function facts_of(vm, volume, found)
  local its_host = storage.with_id(found.hosts, vm.hostid) or {}
  return {
    verb = "attach_disk", sees_storage = storage.is_seen(volume),
    disks = { disk_facts(volume, found.offerings, found.pools, found.hosts) }, hosts = host_facts(found.hosts),
    pools = targets(vm, volume, found), zone = { id = vm.zoneid, name = vm.zonename }, zone_named = true,
    vm = { name = vm.name, state = vm.state, host = vm.hostname, host_id = vm.hostid, cluster = its_host.clustername,
      cluster_id = its_host.clusterid },
  }
end

-- The name of the host that a local disk lies on; of a VM that does not run nothing was looked up before.
local function host_of(cpi, disk, volume)
  if disk.host then return disk.host end
  local ok, found = pcall(cpi.cloudstack.gather, cpi.cloudstack, { pools = storage.pool_request(), hosts = storage.host_request() })
  local its_host = ok and storage.host_of_volume(volume, found.pools, found.hosts) or {}
  return its_host.name or "?"
end

-- The words of CloudStack's refusal, which names neither pool nor host, and where disk and VM are.
local function explained(cpi, vm, facts, volume, words)
  local disk = facts.disks[1]
  if not facts.sees_storage then
    local ok, rows = pcall(function() return cpi.cloudstack:rows(offerings.disk_request()) end)
    local offering = ok and exact.one(rows, volume.diskofferingid, "disk offering") or {}
    return ("%s; disk '%s' (offering '%s', %s storage) lies where the host of VM '%s' does not reach it: only a root "
      .. "admin sees where, and can move it"):format(words, disk.cid, tostring(disk.offering), offering.storagetype or "local",
        vm.name)
  end
  local pool, host = disk.pool or "?", host_of(cpi, disk, volume)
  if vm.hostname then
    return ("%s; disk '%s' lies in pool '%s' of host '%s', VM '%s' is on host '%s'"):format(words, disk.cid, pool, host, vm.name,
      vm.hostname)
  end
  return ("%s; disk '%s' lies in pool '%s' of host '%s', VM '%s' is %s and was last on another one: a disk is moved "
    .. "to the host of a VM that runs"):format(words, disk.cid, pool, host, vm.name, tostring(vm.state))
end

-- attach(cpi, vm, volume, beside) -> the device id. The disk is moved first where the policy says so. Raises. beside: as
-- volumes.attach has it.
function disk_placement.attach(cpi, vm, volume, beside)
  local found = look_up(cpi, vm, volume)
  local facts = facts_of(vm, volume, found)
  local answer = cpi.decide("disk_placement", facts, instance_tags.of(vm))
  if answer.migrate then storage.migrate(cpi, volume, storage.with_id(found.pools, answer.migrate)) end
  local ok, result = pcall(volumes.attach, cpi, volume, vm, beside)
  if ok then return result end
  if errors.is(result) and result.failure and refusals.is(result.failure, "disk_out_of_reach") then
    error(result:wrapped(explained(cpi, vm, facts, volume, result.message)), 0)
  end
  error(result, 0)
end

return disk_placement
