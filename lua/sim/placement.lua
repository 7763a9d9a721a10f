-- Which host a VM starts on and which pool a volume is put into; whether there is one at all.
local affinity = require "sim.affinity"
local infrastructure = require "sim.infrastructure"
local refusal = require "sim.refusal"

local placement = {}

local MIB = 1024 * 1024

local function has_tags(offered, wanted)
  for tag in (wanted or ""):gmatch "[^,%s]+" do
    if not ("," .. (offered or ""):gsub("%s", "") .. ","):find("," .. tag .. ",", 1, true) then return false end
  end
  return true
end

-- ---------------------------------------------------------------------------------------------------------
-- pools

-- How a volume wants to be stored: on local or shared pools, with which tags.
local function demand(volume)
  if volume.type == "ROOT" then
    local offering = volume.vm.offering
    return offering.storage, offering.storagetags
  end
  local offering = volume.offering or {} -- a root disk's copy has none
  return offering.storage or "shared", offering.tags_wanted
end

-- Does a pool have the tags of a disk offering? Is it of the offering's kind as well?
function placement.has_tags(pool, offering) return has_tags(pool.tags_offered, offering.tags_wanted) end
function placement.suits(pool, offering)
  return (pool.host ~= nil) == (offering.storage == "local") and placement.has_tags(pool, offering)
end

-- Does a host reach a pool?
function placement.reaches(host, pool)
  if pool.host then return pool.host == host end
  return pool.zone == host.zone and (not pool.cluster or pool.cluster == host.cluster)
end

-- The pool for a volume that is used on a host, or nil. The emptiest one is taken.
function placement.pool(m, volume, host)
  local storage, tags = demand(volume)
  local best, least
  for _, pool in ipairs(m:rows "pool") do
    local near = (pool.host ~= nil) == (storage == "local") and placement.reaches(host, pool)
    local used = near and has_tags(pool.tags_offered, tags) and infrastructure.has_room(m, pool, volume.size)
      and infrastructure.allocated(m, pool)
    if used and (not best or used < least) then best, least = pool, used end
  end
  return best
end

-- ---------------------------------------------------------------------------------------------------------
-- hosts

local function fits_volumes(m, vm, host)
  for _, volume in ipairs(m:rows_by("volume", "vm", vm)) do
    local pool = volume.pool
    if pool and not placement.reaches(host, pool) then return false end
    if not pool and not placement.pool(m, volume, host) then return false end
  end
  return true
end

local function free_memory(m, vm, host)
  local mhz, memory = infrastructure.used(m, host)
  if mhz + vm.cpu * vm.mhz > host.cpu * host.mhz or vm.cpu > host.cpu then return nil end
  local free = host.memory - memory - vm.memory * MIB
  return free >= 0 and free or nil
end

-- VM instance {...} as it stands in error texts
function placement.described(vm, state)
  return ('VM instance {"id":%d,"instanceName":"%s","state":"%s","type":"User","uuid":"%s"}')
    :format(vm.number, vm.instance_name, state or vm.state, vm.id)
end

-- host(m, vm, wanted) -> the host with most memory to spare (the last one if it still fits) | raises
-- wanted: { host, cluster, pod, nowhere, not_on = a host }
function placement.host(m, vm, wanted)
  local tagged, apart, best, most, least = false, false, nil, nil, nil
  for _, host in ipairs(m:rows "host") do
    local possible = host.zone == vm.zone and host.cluster.hypervisor:lower() == vm.template.hypervisor:lower()
      and (not wanted.host or host == wanted.host) and host ~= wanted.not_on
      and (not wanted.cluster or host.cluster == wanted.cluster) and (not wanted.pod or host.pod == wanted.pod)
    if possible and has_tags(host.tags_offered, vm.offering.hosttags) then
      tagged = true
      local free = fits_volumes(m, vm, host) and free_memory(m, vm, host)
      local allowed, regrets = affinity.judge(m, vm, host)
      apart = apart or not allowed
      if free and allowed and host == vm.last_host then return host end
      if free and allowed and (not best or regrets < least or regrets == least and free > most) then
        best, most, least = host, free, regrets
      end
    end
  end
  if best and not wanted.nowhere then return best end
  if not tagged and vm.offering.hosttags then refusal.internal "No suitable host found." end
  refusal.capacity("No destination found for a deployment for %s%s", placement.described(vm, "Stopped"),
    apart and ", Please check the affinity groups provided, there may not be sufficient capacity to follow them" or "")
end

-- Puts the VM's volumes that have no pool yet where its host reaches them.
function placement.settle(m, vm, host)
  for _, volume in ipairs(m:rows_by("volume", "vm", vm)) do
    if not volume.pool then volume.pool = placement.pool(m, volume, host) end
    volume.state = "Ready"
  end
end

return placement
