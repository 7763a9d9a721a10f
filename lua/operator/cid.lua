-- What a CID says by its form, and where its object is in CloudStack.
--
-- describe(client, cid) -> { cid, form = words, objects = { { kind, row, fields } }, failures = { words } }

local exact = require "cloudstack.exact"
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

local function form_of(cid)
  for _, form in ipairs(forms) do
    if cid:find(form[1]) then return form[2], form[3] end
  end
  if exact.is_id(cid) then return "an id of CloudStack's: a snapshot's CID looks so, or an object that BOSH did not make", ANY end
  return "no form that a CPI for CloudStack gives; it may be a name", ANY
end

-- ---------------------------------------------------------------------------------------------------------

local function tags_of(row)
  local tags = {}
  for _, tag in ipairs(row.tags or {}) do tags[tag.key] = tag.value end
  return next(tags) and tags or nil
end

local function addresses_of(row)
  local list = {}
  for i, nic in ipairs(row.nic or {}) do
    list[i] = ("%s in %s"):format(tostring(nic.ipaddress), tostring(nic.networkname or nic.networkid))
  end
  return #list > 0 and table.concat(list, ", ") or nil
end

local GIB = 1024 * 1024 * 1024

-- kind = { command, what the rows are called, further parameters, fields(row) }
local kinds = {
  vm = { "listVirtualMachines", "virtualmachine", {}, function(row)
    return { { "state", row.state }, { "shown as", row.displayname }, { "zone", row.zonename }, { "host", row.hostname },
      { "service offering", row.serviceofferingname }, { "stemcell", row.templatename }, { "addresses", addresses_of(row) } }
  end },
  disk = { "listVolumes", "volume", {}, function(row)
    local size = math.type(row.size) and ("%d GB"):format(math.tointeger(row.size // GIB))
    return { { "state", row.state }, { "kind", row.type }, { "size", size }, { "zone", row.zonename },
      { "disk offering", row.diskofferingname }, { "storage", row.storage },
      { "attached to", row.vmname and ("%s, device %s"):format(row.vmname, tostring(row.deviceid)) or nil } }
  end },
  stemcell = { "listTemplates", "template", { templatefilter = "executable" }, function(row)
    return { { "ready", row.isready }, { "status", row.status }, { "zone", row.zonename }, { "format", row.format },
      { "hypervisor", row.hypervisor } }
  end },
  snapshot = { "listSnapshots", "snapshot", {}, function(row)
    return { { "state", row.state }, { "of disk", row.volumename } }
  end },
  network = { "listNetworks", "network", {}, function(row)
    return { { "state", row.state }, { "type", row.type }, { "zone", row.zonename }, { "range", row.cidr } }
  end },
}

local function request_of(kind, wanted)
  local params = exact.filter(wanted)
  for key, value in pairs(kinds[kind][3]) do params[key] = value end
  return { kinds[kind][1], params, rows = kinds[kind][2] }
end

local function object_of(kind, row)
  local fields = { { "id", row.id } }
  for _, field in ipairs(kinds[kind][4](row)) do
    if field[2] ~= nil and field[2] ~= "" then fields[#fields + 1] = field end
  end
  fields[#fields + 1] = { "made", row.created }
  return { kind = kind, name = row.name or row.id, fields = fields, tags = tags_of(row) }
end

local function describe(client, cid)
  local words, possible = form_of(cid)
  local wanted, requests = templates.wanted(cid), {}
  for i, kind in ipairs(possible) do requests[i] = request_of(kind, wanted) end
  local description = { cid = cid, form = words, objects = {}, failures = {} }
  for i, outcome in ipairs(client:wave(requests)) do
    -- where the kind is a guess, a refusal only says that it is none of these
    if outcome.failure and #possible == 1 then description.failures[1] = client.say(outcome.failure) end
    for _, row in ipairs(outcome.rows or {}) do
      if row.name == wanted or row.id == wanted then description.objects[#description.objects + 1] = object_of(possible[i], row) end
    end
  end
  return description
end

return { describe = describe }
