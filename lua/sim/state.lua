-- Everything there is, as plain data for tests: each object with its fields, and a count of what would be left.
local affinity = require "sim.affinity"
local jobs = require "sim.jobs"
local nics = require "sim.nics"
local tags = require "sim.tags"
local userdata = require "sim.userdata"
local limits = require "sim.limits"

local state = {}

local function tag_map(object)
  local out = {}
  for _, tag in ipairs(object.tags or {}) do out[tag.key] = tag.value end
  return out
end

local function id_of(object) return object and object.id end
local function name_of(object) return object and object.name end

local function nic(m, entry)
  local secondary = m:array()
  for i, one in ipairs(entry.secondary) do secondary[i] = one.address end
  return {
    id = entry.id, network = entry.network.name, networkid = entry.network.id, address = entry.address, mac = entry.mac,
    device = entry.device, default = entry.is_default, address6 = entry.address6, secondary = secondary,
  }
end

local function groups_of(m, object)
  local out = m:array()
  for i, group in ipairs(object.security_groups or {}) do out[i] = group.name end
  return out
end

local function vm(m, object)
  local cards = m:array()
  for i, entry in ipairs(nics.of(m, object)) do cards[i] = nic(m, entry) end
  return {
    id = object.id, number = object.number, name = object.name, displayname = object.displayname, state = object.state,
    account = object.account.name, zone = object.zone.name, host = name_of(object.host),
    template = object.template.name,
    templateid = object.template.id, serviceoffering = object.offering.name, cpu = object.cpu, memory = object.memory,
    nics = cards, userdata = object.userdata, userdata_decoded = object.userdata and userdata.decoded(m, object),
    keypairs = m:array { table.unpack(object.keypairs) }, details = object.details, tags = tag_map(object),
    securitygroups = groups_of(m, object), group = object.group, created = m:date(object.created), reboots = object.reboots or 0,
  }
end

local function volume(m, object)
  return {
    id = object.id, name = object.name, type = object.type, state = object.state, size = object.size,
    account = object.account.name, zone = object.zone.name, virtualmachineid = id_of(object.vm),
    deviceid = object.device,
    pool = name_of(object.pool), host = object.pool and name_of(object.pool.host),
    diskoffering = name_of(object.offering),
    tags = tag_map(object), created = m:date(object.created),
  }
end

local function template(m, object)
  local copies = m:array()
  for i, copy in ipairs(object.copies) do copies[i] = { zone = copy.zone.name, ready = copy.ready } end
  return {
    id = object.id, name = object.name, state = object.state, account = object.account.name, format = object.format,
    hypervisor = object.hypervisor, zones = copies, uploaded = object.uploaded, url = object.url, error = object.error,
    details = object.details, tags = tag_map(object), of_world = object.of_world or false, checksum = object.checksum,
    displaytext = object.displaytext, ostype = object.ostype.name, public = object.public,
  }
end

local function snapshot(m, object)
  return {
    id = object.id, name = object.name, state = object.state, account = object.account.name, volumeid = object.volume.id,
    volume = object.volume.name, size = object.size, tags = tag_map(object), created = m:date(object.created),
  }
end

local function job(m, object)
  return {
    id = object.id, command = object.command, account = object.account.name, status = object.status, code = object.code,
    instanceid = id_of(object.instance), result = object.result, created = m:date(object.created),
    completed = object.completed and m:date(object.completed), known = jobs.is_known(m, object),
  }
end

local function network(_, object)
  return {
    id = object.id, name = object.name, type = object.type, state = object.state, cidr = object.cidr,
    gateway = object.gateway, account = name_of(object.account), zone = object.zone.name, tags = tag_map(object),
    vpc = name_of(object.vpc), acl = name_of(object.acl), services = object.services,
  }
end

local function public_address(m, object)
  return {
    id = object.id, address = object.address, account = object.account.name, network = name_of(object.network),
    vpc = name_of(object.vpc), sourcenat = object.source_nat or false, virtualmachineid = id_of(object.vm),
    virtualmachine = name_of(object.vm), guest = object.nic and (object.guest or object.nic.address) or nil, tags = tag_map(object),
    created = m:date(object.created),
  }
end

local function firewall_rule(_, object)
  return {
    id = object.id, address = object.address.address, protocol = object.protocol, startport = object.first,
    endport = object.last, cidrs = object.cidrs, tags = tag_map(object),
  }
end

local function load_balancer(m, object)
  local members = m:array()
  for i, member in ipairs(object.members) do members[i] = member.name end
  return {
    id = object.id, name = object.name, address = object.address.address, publicport = object.first,
    privateport = object.private, algorithm = object.algorithm, network = object.network.name, members = members,
    tags = tag_map(object),
  }
end

local function key(_, object)
  return { id = object.id, name = object.name, account = object.account.name, publickey = object.publickey,
    fingerprint = object.fingerprint }
end

local function account(m, object)
  local used = {}
  for name, amount in pairs(limits.amounts) do used[name] = amount(m, object) end
  return {
    id = object.id, name = object.name, role = object.role, domain = object.domain.name, domainid = object.domain.id,
    limits = object.limits, used = used,
  }
end

local function affinity_group(m, object)
  local vms = m:array()
  for i, one in ipairs(m:rows("vm", function(one) return affinity.is_in(one, object) end)) do vms[i] = one.name end
  return { id = object.id, name = object.name, type = object.type, account = object.account.name, vms = vms,
    description = object.description }
end

local function project(_, object)
  return { id = object.id, name = object.name, state = object.state, account = object.account.name }
end

local function named(_, object) return { id = object.id, name = object.name } end

local function collect(m, kind, show)
  local out = m:array()
  for i, object in ipairs(m:rows(kind)) do out[i] = show(m, object) end
  return out
end

-- What a CPI that has cleaned up leaves none of; what the world brought along does not count, nor does the address
-- that a network has by its router.
local function left(m)
  local function made(kind)
    return #m:rows(kind, function(object) return not object.of_world and not object.source_nat end)
  end
  local tagged = 0
  for _, entry in ipairs(tags.all(m)) do
    if not entry.object.of_world then tagged = tagged + 1 end
  end
  return {
    vms = made "vm", volumes = made "volume", templates = made "template", networks = made "network",
    public_addresses = made "public_address", rules = #m:rows "firewall_rule" + #m:rows "loadbalancer" + #m:rows "port_forwarding",
    tags = tagged,
    snapshots = #m:rows "snapshot", affinity_groups = #m:rows "affinity_group",
    addresses = made "nic",
  }
end

local function all_tags(m)
  local out = m:array()
  for i, entry in ipairs(tags.all(m)) do
    out[i] = { key = entry.tag.key, value = entry.tag.value, resourcetype = entry.kind, resourceid = entry.object.id }
  end
  return out
end

-- of(m) -> a table without a tie to the model
function state.of(m)
  return {
    time = m:date(m:now()), version = m.version.text, left = left(m), vms = collect(m, "vm", vm),
    volumes = collect(m, "volume", volume), templates = collect(m, "template", template), jobs = collect(m, "job", job),
    networks = collect(m, "network", network), keys = collect(m, "key", key), accounts = collect(m, "account", account),
    projects = collect(m, "project", project),
    affinitygroups = collect(m, "affinity_group", affinity_group), zones = collect(m, "zone", named),
    serviceofferings = collect(m, "service_offering", named),
    diskofferings = collect(m, "disk_offering", named), hosts = collect(m, "host", named),
    pools = collect(m, "pool", named),
    ostypes = collect(m, "ostype", named), tags = all_tags(m), snapshots = collect(m, "snapshot", snapshot), groups = m:array(),
    publicaddresses = collect(m, "public_address", public_address), vpcs = collect(m, "vpc", named),
    firewallrules = collect(m, "firewall_rule", firewall_rule), loadbalancers = collect(m, "loadbalancer", load_balancer),
    securitygroups = collect(m, "security_group", named),
  }
end

return state
