-- What cpi doctor says of the stemcells that are in CloudStack: which are ready in the zone, which are not, and which will not
-- boot there.
--
-- ready_stemcells.requests() -> { { subject, request } }, as lua/operator/examination.lua asks them
-- ready_stemcells.check(found, asked, settings): adds findings; asked: the outcomes by subject

local arrival = require "stemcell.arrival"
local infrastructure = require "stemcell.infrastructure"
local tags = require "cloudstack.tags"

local ready_stemcells = {}

local STEMCELL = "bosh_stemcell" -- the tag of lua/stemcell/twins.lua: name/version
local MOST_NAMED = 12

function ready_stemcells.requests()
  return { { "stemcells", { "listTemplates", { templatefilter = "self" }, rows = "template" } } }
end

-- What people call it: the stemcell's name and version, else the template's name. nil for what is not a stemcell's.
local function title_of(row)
  return tags.of(row)[STEMCELL] or (row.name or ""):find "^cpitemplate%-" and row.name or nil
end

-- One that is not ready: is it on its way, or will nothing come of it?
local function note_unready(found, title, row)
  local text = ("'%s' is not ready in zone '%s': %s"):format(title, tostring(row.zonename), tostring(row.status or "no status"))
  if arrival.has_failed(row.status) then
    found:problem("stemcells", text, "delete the stemcell and upload it again; the secondary storage VM's log says why")
  else
    found:remark("stemcells", text, "nothing to do while it is being filled")
  end
end

-- bosh-openstack-kvm-ubuntu-jammy-go_agent was published for openstack.
local function note_infrastructure(found, title)
  local name = title:match "^bosh%-(%l+)%-"
  if not infrastructure.is_of_others(name) then return end
  found:remark("stemcells",
    ("'%s' was published for %s: its agents find their settings only where the site serves them"):format(title, name),
    "nothing to do where it does (cloudstack.stemcell.any_infrastructure); else make one with `cpi stemcell convert`")
end

local function sorted(set)
  local list = {}
  for name in pairs(set) do list[#list + 1] = name end
  table.sort(list)
  return list
end

function ready_stemcells.check(found, asked, settings)
  local outcome = asked.stemcells
  if outcome.failure then return end -- a right that is missing is a finding of permissions
  local wanted, ready, all = settings.cloudstack.default_zone, {}, {}
  for _, row in ipairs(outcome.rows) do
    local title = title_of(row)
    if title then
      all[title] = true
      if not row.isready then note_unready(found, title, row) end
      if row.isready and (row.zonename == wanted or row.zoneid == wanted) then ready[title] = true end
    end
  end
  for _, title in ipairs(sorted(all)) do note_infrastructure(found, title) end
  local names = sorted(ready)
  if #names > 0 then
    found:good("stemcells", "ready in zone '%s': %s%s", wanted, table.concat(names, ", ", 1, math.min(#names, MOST_NAMED)),
      #names > MOST_NAMED and (" and %d more"):format(#names - MOST_NAMED) or "")
  else
    found:remark("stemcells", ("no stemcell of the CPI is ready in zone '%s'"):format(wanted),
      "upload one; docs/stemcells.md has how to come by it")
  end
end

return ready_stemcells
