-- What the cloud runs on and only root admins see: pods, clusters, hosts and storage pools.
local lists = require "sim.lists"
local zones = require "sim.zones"

local infrastructure = {}

local GIB = 1024 * 1024 * 1024
local MIB = 1024 * 1024

local function seed_host(m, cluster, spec, at)
  local host = m:add("host", {
    id = m:id_of("host:" .. spec.name), name = spec.name, cluster = cluster, pod = cluster.pod, zone = cluster.zone,
    cpu = spec.cpu or 16, mhz = spec.mhz or 4000, memory = (spec.memory or 65536) * MIB, tags_offered = spec.tags,
    address = ("172.16.%d.%d"):format(15 + cluster.number, 10 + at),
  })
  m:add("pool", {
    id = m:id_of("local pool:" .. spec.name), name = spec.name .. "-local", cluster = cluster, pod = cluster.pod,
    zone = cluster.zone, host = host, size = (spec.pool or 1024) * GIB, address = host.address, type = "Filesystem",
  })
end

local function seed_cluster(m, spec)
  local zone = m:named("zone", spec.zone)
  local pod = m:named("pod", "pod-" .. zone.name)
    or m:add("pod", { id = m:id_of("pod:" .. zone.name), name = "pod-" .. zone.name, zone = zone })
  local cluster = m:add("cluster", { id = m:id_of("cluster:" .. spec.name), name = spec.name, pod = pod, zone = zone,
    hypervisor = spec.hypervisor or m.world.hypervisor, has_hosts = #spec.hosts > 0 })
  for i, host in ipairs(spec.hosts) do seed_host(m, cluster, host, i) end
  for _, pool in ipairs(spec.pools) do
    m:add("pool", {
      id = m:id_of("pool:" .. pool.name), name = pool.name, cluster = cluster, pod = pod, zone = zone,
      size = (pool.size or 1024) * GIB, tags_offered = pool.tags, address = "10.147.28.6", type = "NetworkFilesystem",
    })
  end
end

-- Pools that every host of a zone reaches.
local function seed_zone(m, spec)
  for _, pool in ipairs(spec.pools or {}) do
    m:add("pool", {
      id = m:id_of("pool:" .. pool.name), name = pool.name, zone = m:named("zone", spec.name),
      size = (pool.size or 1024) * GIB, tags_offered = pool.tags, address = "10.147.28.7", type = "RBD",
    })
  end
end

function infrastructure.seed(m)
  for _, spec in ipairs(m.world.clusters) do seed_cluster(m, spec) end
  for _, spec in ipairs(m.world.zones) do seed_zone(m, spec) end
end

-- ---------------------------------------------------------------------------------------------------------
-- rows

local function place(out, object)
  zones.show(out, object.zone)
  if object.pod then out.podid, out.podname = object.pod.id, object.pod.name end
  if object.cluster then out.clusterid, out.clustername = object.cluster.id, object.cluster.name end
  return out
end

local function percent(used, total)
  return ("%.2f%%"):format(total > 0 and used * 100 / total or 0)
end

local function host_row(m, host)
  local mhz, memory = infrastructure.used(m, host)
  return place({
    id = host.id, name = host.name, state = "Up", type = "Routing", ipaddress = host.address, version = m.version.text,
    hypervisor = host.cluster.hypervisor, cpunumber = host.cpu, cpuspeed = host.mhz, cpuallocatedvalue = mhz,
    cpuallocated = percent(mhz, host.cpu * host.mhz), memorytotal = host.memory, memoryallocated = memory,
    memoryallocatedbytes = memory, memoryallocatedpercentage = percent(memory, host.memory), capabilities = "hvm",
    clustertype = "CloudManaged", islocalstorageactive = true, created = m:date(host.created),
    hosttags = host.tags_offered, explicithosttags = host.tags_offered, istagarule = false, resourcestate = "Enabled",
    hahost = false, ueficapability = false, arch = "x86_64", hasannotations = false,
  }, host)
end

local function scope_of(pool)
  return pool.host and "HOST" or pool.cluster and "CLUSTER" or "ZONE"
end

function infrastructure.pool_row(m, pool)
  return place({
    id = pool.id, name = pool.name, ipaddress = pool.address, path = "/mnt/" .. pool.name,
    created = m:date(pool.created), type = pool.type, capacitybytes = pool.size, disksizetotal = pool.size,
    disksizeallocated = infrastructure.allocated(m, pool), disksizeused = 0, tags = pool.tags_offered,
    istagarule = false,
    state = "Up", scope = scope_of(pool), hypervisor = pool.cluster and pool.cluster.hypervisor or m.world.hypervisor,
    overprovisionfactor = ("%.1f"):format(m:setting "storage.overprovisioning.factor"), provider = "DefaultPrimary",
    managed = false, details = {}, hasannotations = false,
  }, pool)
end

local function cluster_row(_, cluster)
  local out = {
    id = cluster.id, name = cluster.name, hypervisortype = cluster.hypervisor, clustertype = "CloudManaged",
    allocationstate = "Enabled", managedstate = "Managed", cpuovercommitratio = "1.0", memoryovercommitratio = "1.0",
    arch = "x86_64", hasannotations = false,
  }
  zones.show(out, cluster.zone)
  out.podid, out.podname = cluster.pod.id, cluster.pod.name
  return out
end

local function pod_row(m, pod)
  local out = {
    id = pod.id, name = pod.name, gateway = "172.16.15.1", netmask = "255.255.255.0",
    startip = m:array { "172.16.15.2" }, endip = m:array { "172.16.15.200" }, allocationstate = "Enabled",
    hasannotations = false,
  }
  zones.show(out, pod.zone)
  return out
end

-- ---------------------------------------------------------------------------------------------------------
-- what is in use

-- MHz and bytes of memory that VMs take of a host.
function infrastructure.used(m, host)
  return m:sum_by("vm", "host", host, "load"), m:sum_by("vm", "host", host, "memory") * MIB
end

-- Bytes of a pool that volumes were promised.
function infrastructure.allocated(m, pool)
  return m:sum_by("volume", "pool", pool, "size")
end

-- May so many bytes more be promised?
function infrastructure.has_room(m, pool, size)
  local limit = pool.size * m:setting "storage.overprovisioning.factor"
    * m:setting "pool.storage.allocated.capacity.disablethreshold"
  return infrastructure.allocated(m, pool) + size <= limit
end

-- ---------------------------------------------------------------------------------------------------------
-- commands

local function list(kind, key, row, fits)
  return function(m, call)
    local arguments = call.arguments
    local found = m:rows(kind, function(object)
      return lists.fits(object, arguments, kind == "host" and not m.version:at_least "4.18")
        and (not arguments.zoneid or object.zone == arguments.zoneid)
        and (not arguments.podid or object.pod == arguments.podid)
        and (not arguments.clusterid or object.cluster == arguments.clusterid)
        and (not fits or fits(object, arguments))
    end)
    return lists.answer(m, call, key, found, function(object) return row(m, object) end)
  end
end

local function host_fits(host, arguments)
  return (not arguments.type or lists.same(arguments.type, "Routing"))
    and (not arguments.state or lists.same(arguments.state, "Up"))
    and (not arguments.virtualmachineid or arguments.virtualmachineid.host == host)
end

local function pool_fits(pool, arguments)
  return (not arguments.scope or lists.same(arguments.scope, scope_of(pool)))
    and (not arguments.hostid or pool.host == arguments.hostid
      or not pool.host and (not pool.cluster or pool.cluster == arguments.hostid.cluster))
end

local function places(kind, own)
  local out = {
    { "id", "uuid", of = kind }, { "name", "string" }, { "zoneid", "uuid", of = "zone" },
    { "podid", "uuid", of = "pod" }, { "clusterid", "uuid", of = "cluster" },
  }
  for _, spec in ipairs(own or {}) do out[#out + 1] = spec end
  return lists.parameters(out)
end

infrastructure.commands = {
  { name = "listHosts", admin = true, run = list("host", "host", host_row, host_fits), parameters = places("host", {
    { "type", "string" }, { "state", "string" }, { "virtualmachineid", "uuid", of = "vm" },
  }) },
  { name = "listClusters", admin = true, run = list("cluster", "cluster", cluster_row), parameters = places "cluster" },
  { name = "listPods", admin = true, run = list("pod", "pod", pod_row), parameters = places "pod" },
  { name = "listStoragePools", admin = true, run = list("pool", "storagepool", infrastructure.pool_row, pool_fits),
    parameters = places("pool", { { "scope", "string" }, { "hostid", "uuid", of = "host", since = "4.20" } }) },
}

return infrastructure
