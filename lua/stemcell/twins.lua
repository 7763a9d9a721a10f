-- Templates that were made of the same image: they carry its checksum as a tag, and which stemcell of which director
-- they were made for.

local arrival = require "stemcell.arrival"
local dates = require "cloudstack.dates"
local tags = require "cloudstack.tags"

local twins = {}

local IMAGE, STEMCELL = "bosh_image_sha256", "bosh_stemcell"

-- All of the account's, in every state.
function twins.request(checksum)
  return { "listTemplates", { templatefilter = "self", ["tags[0].key"] = IMAGE, ["tags[0].value"] = checksum },
    rows = "template" }
end

-- Adds to the tags of a new template those by which the others find it.
function twins.mark(wanted, checksum, name, version)
  wanted[IMAGE], wanted[STEMCELL] = checksum, ("%s/%s"):format(name or "", version or "")
end

-- Will nothing come of the template any more? It has failed, or whoever makes it is known to have died, or should have
-- been done long ago.
function twins.is_abandoned(cpi, row)
  -- Ready or not: what a dead process began may be removed at any time, because BOSH never had its CID.
  if cpi.journal.is_interrupted(row.name) then return true end
  if row.isready then return false end
  if arrival.has_failed(row.status) then return true end
  local created = dates.seconds(row.created)
  return created ~= nil and cpi.clock.utc() - created > cpi.settings.cloudstack.timeout.poll_template
end

-- Those of the rows that are templates, or will be.
function twins.living(cpi, rows)
  local list = {}
  for _, row in ipairs(rows) do
    if not twins.is_abandoned(cpi, row) then list[#list + 1] = row end
  end
  return list
end

-- The rows as the stemcell policy is told of them.
function twins.facts(rows)
  local list = {}
  for _, row in ipairs(rows) do
    local set = tags.of(row)
    list[#list + 1] = { id = row.id, name = row.name, zone_id = row.zoneid, ready = row.isready == true,
      director_uuid = set.director_uuid, stemcell = set[STEMCELL] }
  end
  return list
end

-- Was one of the rows made for the same stemcell and director as the template of that id, and is not that? known: a set of
-- the ids of which the policy was told when it decided; those are none.
function twins.has_rival(rows, id, wanted, known)
  for _, row in ipairs(rows) do
    local set = tags.of(row)
    local is_other = row.id ~= id and not known[row.id]
    if is_other and set[STEMCELL] == wanted[STEMCELL] and set.director_uuid == wanted.director_uuid then return true end
  end
  return false
end

return twins
