-- A new template, made of a stemcell's image: empty or on its way at first, tagged, filled, given the image's checksum as a tag while
-- CloudStack takes the image over, looked at until it is ready.
--
-- Two processes may be at it with the same image. Each tags its template before the long part and then looks for the
-- others': the process that sees one gives up its own, waits a while that chance decides, and begins again with the look; so one of
-- them, at most, goes on.

local arrival = require "stemcell.arrival"
local errors = require "errors"
local tables = require "base.tables"
local tags = require "cloudstack.tags"
local templates = require "cloudstack.templates"
local twins = require "stemcell.twins"

local making = {}

local function has_id(rows, id)
  for _, row in ipairs(rows) do
    if row.id == id then return true end
  end
  return false
end

-- What is left of the stemcell, deleted, unless another process has given it to BOSH. Templates of its name that were there before
-- stay.
-- id: of what was made, where it is known. A list may not have it: it hides templates of a hypervisor that no zone has.
local function remove(cpi, stemcell, id)
  local cid, ignored = stemcell.cid, stemcell.ignored or {}
  local rows = templates.named(cpi.cloudstack:rows(templates.request(cid, "self")), cid)
  if id and not has_id(rows, id) then rows[#rows + 1] = { id = id, name = cid } end
  local trouble -- with one of them, which keeps none of the others
  for _, left in ipairs(rows) do
    local may_go = not ignored[left.id] and twins.may_go(cpi, left)
    if may_go then
      local ok, why = pcall(templates.delete, cpi, left)
      trouble = trouble or not ok and why or nil
    elseif not ignored[left.id] then
      cpi.log.info("another process has given stemcell %s to BOSH: it stays", cid)
    end
  end
  if trouble then error(trouble, 0) end
end

-- The parameters of every new template, however its image gets there.
function making.parameters(cpi, stemcell)
  local site = cpi.settings.cloudstack.stemcell
  local params = {
    name = stemcell.cid, displaytext = stemcell.names.display_name, format = stemcell.file.format,
    hypervisor = stemcell.file.hypervisor, ostypeid = stemcell.os_type.id, isextractable = true,
    requireshvm = site.requires_hvm, bits = 64, ispublic = site.public_visibility or nil,
  }
  for name, value in pairs(stemcell.details) do params["details[0]." .. name] = value end
  return params
end

-- Sends what makes the template; returns the payload. When the reply is lost it may still appear: is_lost says so.
function making.begin(cpi, stemcell, command, params)
  local payload, failure = cpi.cloudstack:try(command, params)
  if payload then return payload end
  stemcell.is_lost = cpi.cloudstack.is_open(failure)
  cpi.cloudstack.raise(failure)
end

-- Adds tags to the template; returns whether CloudStack accepted them.
local function tag(cpi, id, wanted)
  local failure = cpi.cloudstack:run(tags.create_request(cpi, "Template", id, wanted)).failure
  if failure then cpi.log.warn("%s", cpi.cloudstack.say(failure)) end
  return not failure
end

-- Is somebody else at the same stemcell?
local function has_rival(cpi, stemcell, id)
  local rows = cpi.cloudstack:rows(twins.request(stemcell.name, stemcell.version))
  return twins.has_rival(twins.living(cpi, rows), id, stemcell)
end

-- Another process makes the stemcell. CloudStack may keep what nobody sent an image to for an hour (seen on 4.22): then a later
-- process removes it.
local function give_up(cpi, stemcell, id, entry)
  cpi.log.info("another process is creating this stemcell; abandoning %s", stemcell.cid)
  twins.unmark(cpi, id)
  if templates.delete_unsent(cpi, { id = id, name = stemcell.cid }) then return entry.close() end
  cpi.log.info("CloudStack keeps template %s until the time for its upload is over", stemcell.cid)
  entry.leave()
end

-- run(cpi, stemcell, way, undo) -> the template's id, ready in its zones; or nil when another process makes the same one
--   stemcell  { cid, name, version, file, zones, os_type, names = { display_name, tags }, details, ignored, is_further };
--             is_further: there is a template of that CID, in another zone; ignored: a
--             set of ids of templates that are not rivals, because they never show their image, or were there when this one
--             was decided upon; a file without checksum() is not there, and has none
--   way       { start = function(cpi, stemcell) -> id, zones it will be in, fill = function(cpi, stemcell) or nil }
-- Raises CloudError; what was made is removed by undo.
function making.run(cpi, stemcell, way, undo)
  local id, zones
  -- The others of that name, in other zones, are not what a later process may remove.
  local entry = cpi.journal.open { kind = "stemcell", name = stemcell.cid,
    others = stemcell.is_further and cpi.json.array(tables.sorted_keys(stemcell.ignored)) or nil }
  local is_given_up = false
  undo.add("stemcell " .. stemcell.cid, function()
    if is_given_up then return end
    remove(cpi, stemcell, id)
    if not stemcell.is_lost then entry.close() end
  end)
  id, zones = way.start(cpi, stemcell)
  if type(id) ~= "string" then
    error(errors.cloud("making the template of stemcell %s: the answer has no id", stemcell.cid))
  end
  entry.note { id = id }
  local is_tagged = tag(cpi, id, stemcell.names.tags) and stemcell.file.checksum ~= nil
  if is_tagged and has_rival(cpi, stemcell, id) then
    is_given_up = true
    give_up(cpi, stemcell, id, entry)
    return nil
  end
  if way.fill then way.fill(cpi, stemcell) end
  if is_tagged then tag(cpi, id, twins.image_tags(stemcell.file.checksum())) end
  local ok, why = pcall(arrival.wait, cpi, stemcell.cid, id, zones)
  if not ok and #zones > 1 and arrival.is_late(why) and arrival.is_there(cpi, id, zones[1]) then
    cpi.log.warn("%s; going on: a VM there waits for it", why.message)
    ok = true
  end
  if not ok and stemcell.doubt and errors.is(why) then
    error(errors.cloud("%s; the upload was answered by %s", errors.words(why), stemcell.doubt))
  end
  if not ok then error(why, 0) end
  return id
end

return making
