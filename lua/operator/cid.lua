-- What a CID, an address, an instance or a name says by its form, and which object of CloudStack's it is.
--
-- describe(client, word) -> { cid = word, form = words, objects = { { kind, name, id, fields = { { name, value } }, tags } },
--   failures = { words } }
-- history(client, objects) -> nothing: adds `events` to each object, the newest first: { at, level, type, state, text, user };
--   and `jobs`, those under way: { command, since }. What the role may not list is in object.failures.

local address = require "base.address"
local bosh_names = require "operator.bosh_names"
local exact = require "cloudstack.exact"
local nics = require "cloudstack.nics"
local tables = require "base.tables"
local tags = require "cloudstack.tags"
local templates = require "cloudstack.templates"

-- What the form of a CID says: a pattern, words, and the kinds of object that it can be.
local forms = {
  { "^cpivm%-", "a VM, named by this CPI or by the Go and the Java CPI", { "vm" } },
  { "^cpi%-disk%-", "a persistent disk, named by this CPI or by the Go and the Java CPI", { "disk" } },
  { "^cpi%-ephemeral%-disk%-", "an ephemeral disk of the Go or the Java CPI", { "disk" } },
  { "^cpi%-snapshot%-", "the name of a snapshot; its CID is CloudStack's id", { "snapshot" } },
  { "^cpitemplate%-", "a stemcell that was uploaded", { "stemcell" } },
  { "^light%-", "a light stemcell: a template that somebody else made", { "stemcell" } },
}
local ANY = { "vm", "disk", "stemcell", "snapshot", "network" }

-- -> words, kinds that it can be, and whether it cannot be the name of an object: then every object of those kinds is looked at.
local function form_of(word)
  for _, form in ipairs(forms) do
    if word:find(form[1]) then return form[2], form[3], false end
  end
  if exact.is_id(word) then return "an id of CloudStack's: a snapshot's CID looks so, or an object that BOSH did not make", ANY, false end
  if address.family(word) then return "an address", { "vm", "address" }, true end
  if word:find "^[^/]+/[^/]+$" then return "an instance of BOSH's", { "vm", "disk" }, true end
  return "no form that a CPI for CloudStack gives; it may be a name", ANY, true
end

-- ---------------------------------------------------------------------------------------------------------

local function addresses_of(row)
  local list = {}
  for i, nic in ipairs(row.nic or {}) do
    local all = table.concat(nics.addresses(nic), " and ")
    list[i] = ("%s in %s"):format(all ~= "" and all or "no address", tostring(nic.networkname or nic.networkid))
  end
  return #list > 0 and table.concat(list, ", ") or nil
end

local GIB = 1024 * 1024 * 1024

local function has_address(row, wanted)
  for _, nic in ipairs(row.nic or {}) do
    if nics.has(nic, wanted) then return true end
  end
  return false
end

local function is_instance(row, wanted)
  return tables.place(bosh_names.instances(tags.of(row)), wanted) ~= nil
end

-- kind = { command, what the rows are called, further parameters of each list of them, fields(row), is(row, wanted): what else than
-- its name and id it is found by; resource: CloudStack's name of it in events }
local kinds = {
  vm = { "listVirtualMachines", "virtualmachine", { {} }, function(row)
    return { { "state", row.state }, { "shown as", row.displayname }, { "zone", row.zonename }, { "host", row.hostname },
      { "service offering", row.serviceofferingname }, { "stemcell", row.templatename }, { "addresses", addresses_of(row) } }
  end, function(row, wanted) return row.displayname == wanted or has_address(row, wanted) or is_instance(row, wanted) end,
    resource = "VirtualMachine" },
  disk = { "listVolumes", "volume", { {} }, function(row)
    local size = math.type(row.size) and ("%d GB"):format(math.tointeger(row.size // GIB))
    return { { "state", row.state }, { "kind", row.type }, { "size", size }, { "zone", row.zonename },
      { "disk offering", row.diskofferingname }, { "storage", row.storage },
      { "attached to", row.vmname and ("%s, device %s"):format(row.vmname, tostring(row.deviceid)) or nil } }
  end, is_instance, resource = "Volume" },
  stemcell = { "listTemplates", "template", { { templatefilter = "executable" }, { templatefilter = "self" } }, function(row)
    return { { "ready", row.isready }, { "status", row.status }, { "zone", row.zonename }, { "format", row.format },
      { "hypervisor", row.hypervisor } }
  end, function(row, wanted) return row.displaytext == wanted end, resource = "Template" },
  snapshot = { "listSnapshots", "snapshot", { {} }, function(row)
    return { { "state", row.state }, { "of disk", row.volumename } }
  end, function() return false end, resource = "Snapshot" },
  network = { "listNetworks", "network", { {} }, function(row)
    return { { "state", row.state }, { "type", row.type }, { "zone", row.zonename }, { "range", row.cidr } }
  end, function(row, wanted) return row.displaytext == wanted end, resource = "Network" },
  address = { "listPublicIpAddresses", "publicipaddress", { {} }, function(row)
    return { { "state", row.state }, { "zone", row.zonename }, { "network", row.associatednetworkname },
      { "static NAT to", row.virtualmachinename }, { "source NAT", row.issourcenat } }
  end, function(row, wanted) return row.ipaddress == wanted end, resource = "IpAddress" },
}

-- The requests that find an object of the kind, a list each.
local function requests_of(kind, wanted, is_free)
  local list = {}
  for i, further in ipairs(kinds[kind][3]) do
    local params = is_free and {} or exact.filter(wanted)
    for key, value in pairs(further) do params[key] = value end
    list[i] = { kinds[kind][1], params, rows = kinds[kind][2] }
  end
  return list
end

local function object_of(kind, row)
  local fields = { { "id", row.id } }
  for _, field in ipairs(kinds[kind][4](row)) do
    if field[2] ~= nil and field[2] ~= "" then fields[#fields + 1] = field end
  end
  fields[#fields + 1] = { "made", row.created or row.allocated }
  local set = tags.of(row)
  return { kind = kind, id = row.id, name = row.name or row.ipaddress or row.id, fields = fields, tags = next(set) and set or nil }
end

local function describe(client, word)
  local words, possible, is_free = form_of(word)
  local wanted, requests, kind_of = templates.wanted(word), {}, {}
  for _, kind in ipairs(possible) do
    for _, request in ipairs(requests_of(kind, wanted, is_free)) do
      requests[#requests + 1], kind_of[#kind_of + 1] = request, kind
    end
  end
  local description, seen = { cid = word, form = words, objects = {}, failures = {} }, {}
  for i, outcome in ipairs(client:wave(requests)) do
    local kind = kind_of[i]
    -- where the kind is a guess, a refusal only says that it is none of these
    if outcome.failure and #possible <= 2 then description.failures[#description.failures + 1] = client.say(outcome.failure) end
    for _, row in ipairs(outcome.rows or {}) do
      local place = ("%s %s"):format(tostring(row.id), tostring(row.zoneid))
      local is_it = row.name == wanted or row.id == wanted or is_free and kinds[kind][5](row, wanted)
      if is_it and not seen[place] then
        description.objects[#description.objects + 1], seen[place] = object_of(kind, row), true
      end
    end
  end
  return description
end

-- ---------------------------------------------------------------------------------------------------------
-- what happened to it

local LATEST = 10 -- events of an object

local function events_of(payload, id)
  local list = {}
  for _, row in ipairs(payload.event or {}) do
    -- a server before 4.17 does not know the filter
    if row.resourceid == nil or row.resourceid == id then
      list[#list + 1] = { at = row.created, level = row.level, type = row.type, state = row.state, text = row.description,
        user = row.username }
    end
  end
  return list
end

local function jobs_of(payload, id)
  local list = {}
  for _, row in ipairs(payload.asyncjobs or {}) do
    if row.jobinstanceid == id then list[#list + 1] = { command = (row.cmd or ""):match "[^.]*$", since = row.created } end
  end
  return list
end

-- history(client, objects): each object, as describe() has them, gets events, jobs, and the failures of these looks. All in one wave:
-- CloudStack lists the jobs of all objects at once.
local function history(client, objects)
  local requests = {}
  for i, object in ipairs(objects) do
    requests[i] = { "listEvents", { resourceid = object.id, resourcetype = kinds[object.kind].resource, page = 1, pagesize = LATEST } }
  end
  if #requests == 0 then return end
  requests[#requests + 1] = { "listAsyncJobs", {} }
  local outcomes = client:wave(requests)
  local jobs = table.remove(outcomes)
  for i, object in ipairs(objects) do
    object.failures = {}
    for _, outcome in ipairs { outcomes[i], jobs } do
      if outcome.failure then object.failures[#object.failures + 1] = client.say(outcome.failure) end
    end
    object.events = events_of(outcomes[i].payload or {}, object.id)
    object.jobs = jobs_of(jobs.payload or {}, object.id)
  end
end

return { describe = describe, history = history }
