-- Where a VM goes that is to have disks, and what becomes of a disk that its VM does not reach. The form of this file:
-- lua/decisions/README.md.

local rows = require "decision.rows"

local function has(list, field, value)
  for _, one in ipairs(list) do
    if one[field] == value then return true end
  end
  return false
end

-- create_vm: a zone of the disks, a host that was looked up, a cluster of either.
local function match_place(answer, facts)
  if answer == "anywhere" then return {} end
  if type(answer) ~= "table" then return nil, 'for create_vm it must be "anywhere" or { host = id, cluster = id, zone = id }' end
  local known = { host = true, cluster = true, zone = true, strict = true }
  for key in pairs(answer) do
    if not known[key] then return nil, ("for create_vm it has no '%s'"):format(tostring(key)) end
  end
  if (answer.host or answer.cluster) and not facts.sees_storage then
    return nil, "this account may name neither host nor cluster"
  elseif answer.host and not has(facts.hosts, "id", answer.host) then
    return nil, "its host is none of facts.hosts"
  elseif answer.cluster and not has(facts.hosts, "cluster_id", answer.cluster)
    and not has(facts.disks, "cluster_id", answer.cluster) then
    return nil, "its cluster is neither that of a host nor that of a disk"
  elseif answer.zone and facts.zone_named and answer.zone ~= facts.zone.id then
    return nil, "the manifest names the zone"
  elseif answer.zone and answer.zone ~= facts.zone.id and not has(facts.disks, "zone_id", answer.zone) then
    return nil, "its zone is that of no disk"
  end
  return { host = answer.host, cluster = answer.cluster, zone = answer.zone, strict = answer.strict ~= false }
end

local function match_fate(answer, facts)
  if answer == "attach" then return {} end
  if type(answer) ~= "table" or answer.migrate == nil then
    return nil, 'for attach_disk it must be "attach" or { migrate = id of a pool }'
  elseif not has(facts.pools, "id", answer.migrate) then
    return nil, "its pool is none of facts.pools"
  end
  return { migrate = answer.migrate }
end

return {
  summary = "Where a VM goes that is to have disks, and what becomes of a disk that its VM does not reach: a local disk is "
    .. "reached from one host only, others from the hosts of a cluster or of a zone.",
  asked = "Asked by `create_vm` where the request names disks (`verb` is `create_vm`), and by `attach_disk` for a disk that no VM "
    .. "has.",
  verbs = { "create_vm", "attach_disk" },
  facts = rows.of_a_new_one {
    { "verb", '"create_vm"|"attach_disk"', "what is being done" },
    { "sees_storage", "boolean", "does the account see pools and hosts? Root admins do, and only they may name a host and "
      .. "move a disk" },
    { "zone", "object", "where the VM would be, or is", fields = rows.zone },
    { "zone_named", "boolean", "does the manifest name that zone and no other?" },
    { "vm", "object", "the VM that gets the disk; `attach_disk` only", optional = true, fields = {
      { "name", "string", "its CID" },
      { "state", "string", "CloudStack's word" },
      { "host", "string", "its host's name; root admins see it while the VM runs", optional = true },
      { "host_id", "string", "its host", optional = true },
      { "cluster", "string", "its cluster's name; where the disk is reached from one host or cluster only", optional = true },
      { "cluster_id", "string", "its cluster", optional = true },
    } },
    { "disks", "object[]", "the disks that the VM is to have", fields = {
      { "cid", "string", "the CID" },
      { "id", "string", "CloudStack's id" },
      { "size", "integer", "GB" },
      { "state", "string", "CloudStack's word; `Allocated` while the disk lies nowhere" },
      { "zone_id", "string", "its zone" },
      { "zone", "string", "its zone's name", optional = true },
      { "offering", "string", "its disk offering's name", optional = true },
      { "storage", '"shared"|"local"', "its kind of storage; a user sees the offering's, and in `create_vm` only",
        optional = true },
      { "scope", '"host"|"cluster"|"zone"', "from where its pool is reached; absent while it lies nowhere or is not seen",
        optional = true },
      { "pool", "string", "its pool's name, where it is seen", optional = true },
      { "pool_id", "string", "its pool", optional = true },
      { "host", "string", "the name of the host of a local pool", optional = true },
      { "host_id", "string", "that host", optional = true },
      { "cluster", "string", "the name of its pool's cluster", optional = true },
      { "cluster_id", "string", "that cluster", optional = true },
    } },
    { "hosts", "object[]", "the hosts that there are; empty where they are not seen, or no disk is tied to some", fields = {
      { "id", "string", "CloudStack's id" },
      { "name", "string", "its name" },
      { "cluster", "string", "its cluster's name", optional = true },
      { "cluster_id", "string", "its cluster", optional = true },
      { "state", "string", "`Up`, `Down`, ...", optional = true },
      { "tags", "string", "its tags, with commas", optional = true },
    } },
    { "pools", "object[]", "`attach_disk`, for a disk on another host than the VM's: the pools that it may be moved to", fields = {
      { "id", "string", "CloudStack's id" },
      { "name", "string", "its name" },
      { "scope", '"host"|"cluster"|"zone"', "from where it is reached" },
      { "host_id", "string", "the host of a local pool", optional = true },
      { "host", "string", "that host's name", optional = true },
      { "cluster_id", "string", "its cluster", optional = true },
      { "tags", "string", "its tags, with commas", optional = true },
      { "free", "integer", "GB that it may still promise" },
      { "suitable", "boolean", "is it up, and of the kind and with the tags that the disk's offering asks for?" },
    } },
  },
  answer = {
    type = 'answer|"anywhere"|"attach"',
    fields = {
      { "host", "string", "create_vm: id of a host", optional = true },
      { "cluster", "string", "create_vm: id of a cluster", optional = true },
      { "zone", "string", "create_vm: id of a zone of the disks, where the manifest names none", optional = true },
      { "strict", "boolean", "create_vm: no VM where there is no room (the default), or one elsewhere (false)", optional = true },
      { "migrate", "string", "attach_disk: id of the pool to which the disk goes first", optional = true },
    },
    text = [[
for `create_vm`, `"anywhere"` or `{ host = id, cluster = id, zone = id, strict = boolean }` with one or more of the
first three; with `strict = false` the VM goes elsewhere when CloudStack has no room there. For `attach_disk`, `"attach"`, or
`{ migrate = id }` to move the disk to one of `facts.pools` first. `nil` and a reason refuses either.]],
  },
  ours = "a VM goes to the host that has most GB of its local disks (strictly), else to the cluster that has most GB of its "
    .. "disks (where there is room), and to the zone of its disks where the manifest names none. A disk on another host than "
    .. "its VM's goes to a local pool of that host, and is refused where none has room; every other disk is attached as it is.",
  example = {
    verb = "create_vm", sees_storage = true, zone = { id = "z1", name = "zone1" }, zone_named = false, pools = {},
    disks = {
      { cid = "cpi-disk-6d2c9f0a-6a3e-4a53-8d0c-5b8f0a1c2d3e", id = "d1", size = 50, state = "Ready", zone_id = "z1",
        zone = "zone1", offering = "local.custom", storage = "local", scope = "host", pool = "host2-local", pool_id = "p2",
        host = "host2", host_id = "h2", cluster = "cluster1", cluster_id = "c1" },
    },
    hosts = {
      { id = "h1", name = "host1", cluster = "cluster1", cluster_id = "c1", state = "Up" },
      { id = "h2", name = "host2", cluster = "cluster1", cluster_id = "c1", state = "Up" },
    },
  },
  match = function(answer, facts)
    return (facts.verb == "create_vm" and match_place or match_fate)(answer, facts)
  end,
}
