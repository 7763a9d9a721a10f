-- Templates that were made of the same image. Each says by a tag which stemcell of which director it was made for, before
-- its image is there; and by another the image's checksum, which is worked out while CloudStack takes the image over: only
-- a process that finds a template of the same stemcell has to read the image twice.

local arrival = require "stemcell.arrival"
local dates = require "cloudstack.dates"
local refusals = require "cloudstack.refusals"
local tags = require "cloudstack.tags"
local templates = require "cloudstack.templates"

local twins = {}

local IMAGE, STEMCELL, SHARED = "bosh_image_sha256", "bosh_stemcell", "bosh_shared"
local SILENCE = 60 -- seconds that a template may be ready and not show its image; then its process has died

-- What a stemcell is called in tags.
local function label(name, version)
  return tags.cut(("%s/%s"):format(name or "", version or ""), 255)
end

-- All of the account's that were made for the stemcell of that name and version, in every state.
function twins.request(name, version)
  return { "listTemplates", { templatefilter = "self", ["tags[0].key"] = STEMCELL, ["tags[0].value"] = label(name, version) },
    rows = "template" }
end

-- Adds to the tags of a new template the one by which the others find it.
function twins.mark(wanted, name, version)
  wanted[STEMCELL] = label(name, version)
end

-- The template is not one of the stemcell any more: nobody waits for it, and it is nobody's rival.
function twins.unmark(cpi, id)
  local failure = cpi.cloudstack:run(tags.delete_request(cpi, "Template", id, { STEMCELL })).failure
  if failure then cpi.log.warn("%s", cpi.cloudstack.say(failure)) end
end

-- The tags of a template that shows its image.
function twins.image_tags(checksum)
  return { [IMAGE] = checksum }
end

-- Is it ready, and does it show its image?
function twins.is_finished(row)
  return row.isready == true and tags.of(row)[IMAGE] ~= nil
end

-- Will nothing come of the template any more? It has failed, or whoever makes it is known to have died, or should have
-- been done long ago.
function twins.is_abandoned(cpi, row)
  -- What a dead process began may be removed at any time, because BOSH never had its CID. A finished template is good for
  -- BOSH all the same: whoever removes it and whoever shares it see each other.
  if twins.is_finished(row) then return false end
  if not twins.is_shared(row) and cpi.journal.is_interrupted(row.name) then return true end
  if row.isready then return false end
  if arrival.has_failed(row.status) then return true end
  local created = dates.seconds(row.created)
  return created ~= nil and cpi.clock.utc() - created > cpi.settings.cloudstack.timeout.poll_template
end

-- ---------------------------------------------------------------------------------------------------------
-- one template, given to BOSH by a process that did not make it
--
-- Its maker may still fail, or die and be cleaned up after. So the process that gives it to BOSH tags it and then looks
-- whether it still shows its image; the process that is about to remove it takes that away and then looks for the tag. At
-- least one of them sees the other.

local function again(cpi, id)
  return cpi.cloudstack:rows(templates.request_by_id(id))[1]
end

-- Was it given to BOSH by another process than the one that made it?
function twins.is_shared(row)
  return tags.of(row)[SHARED] ~= nil
end

-- Shares a template that shows its image. false: it is being removed. Without the right to tag it is believed to stay.
function twins.share(cpi, id)
  local request = tags.create_request(cpi, "Template", id, { [SHARED] = cpi.context.director_uuid or "bosh" })
  local failure = cpi.cloudstack:run(request).failure
  if failure and not refusals.is(failure, "tag_is_there") then cpi.log.warn("%s", cpi.cloudstack.say(failure)) end
  local row = again(cpi, id)
  return row ~= nil and tags.of(row)[IMAGE] ~= nil
end

-- May its maker, or a process that cleans up after that, remove it? row: as it was just looked at.
function twins.may_go(cpi, row)
  if twins.is_shared(row) then return false end
  if not tags.of(row)[IMAGE] then return true end
  local failure = cpi.cloudstack:run(tags.delete_request(cpi, "Template", row.id, { IMAGE })).failure
  if failure then cpi.log.warn("%s", cpi.cloudstack.say(failure)) end
  local now = again(cpi, row.id)
  if not now or not twins.is_shared(now) then return true end
  cpi.cloudstack:run(tags.create_request(cpi, "Template", row.id, { [IMAGE] = tags.of(row)[IMAGE] }))
  return false
end

-- ---------------------------------------------------------------------------------------------------------
-- all of them

-- Those of the rows that are templates, or will be.
function twins.living(cpi, rows)
  local list = {}
  for _, row in ipairs(rows) do
    if not twins.is_abandoned(cpi, row) then list[#list + 1] = row end
  end
  return list
end

-- The rows as facts of the stemcell policy.
function twins.facts(rows)
  local list = {}
  for _, row in ipairs(rows) do
    local set = tags.of(row)
    list[#list + 1] = { id = row.id, name = row.name, zone_id = row.zoneid, ready = row.isready == true,
      director_uuid = set.director_uuid, stemcell = set[STEMCELL] }
  end
  return list
end

-- of_image(cpi, rows, file, ignored) -> those of the rows that were made of the very image, and one of this director's that
-- does not show its image yet, or nil. ignored: a set of ids of those that are not waited for.
function twins.of_image(cpi, rows, file, ignored)
  local same, untold = {}, nil
  for _, row in ipairs(rows) do
    local set = tags.of(row)
    if set[IMAGE] then
      if set[IMAGE] == file.checksum() then same[#same + 1] = row end
    elseif set.director_uuid == cpi.context.director_uuid and not ignored[row.id] then
      untold = untold or row
    end
  end
  return same, untold
end

-- Waits until the template that another process makes shows its image, or is gone; false when it never will.
function twins.await(cpi, id)
  local clock, limit = cpi.clock, cpi.settings.cloudstack.timeout.poll_template
  local began, ready_since = clock.now(), nil
  while true do
    local row = cpi.cloudstack:rows(templates.request_by_id(id))[1]
    if not row or tags.of(row)[IMAGE] or twins.is_abandoned(cpi, row) then return true end
    local now = clock.now()
    ready_since = ready_since or row.isready and now or nil
    if now - began >= limit or ready_since and now - ready_since >= SILENCE then return false end
    cpi.wait(arrival.pause(now - began), function() return "waiting for the template that another process makes of this image" end, began)
  end
end

-- Was one of the rows made for the same stemcell and director as the template of that id, and is not that? Another image
-- of the same stemcell is not a rival.
function twins.has_rival(rows, id, stemcell)
  local wanted = stemcell.names.tags
  for _, row in ipairs(rows) do
    local set = tags.of(row)
    if row.id ~= id and set[STEMCELL] == wanted[STEMCELL] and set.director_uuid == wanted.director_uuid
      and not stemcell.ignored[row.id] and (not set[IMAGE] or set[IMAGE] == stemcell.file.checksum()) then
      return true
    end
  end
  return false
end

return twins
