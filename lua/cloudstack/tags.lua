-- Tags: how CloudStack remembers whose an object is and what BOSH said of it. CloudStack compares their keys as its database does:
-- without case, accents and trailing blanks (spec/sim/observed/collation.lua).

local collation = require "base.collation"
local refusals = require "cloudstack.refusals"
local tables = require "base.tables"

local tags = {}

local LONGEST = 255

-- At most n bytes, cut between characters.
function tags.cut(text, n)
  if #text <= n then return text end
  local at = n
  while at > 0 and (text:byte(at + 1) or 0) & 0xC0 == 0x80 do at = at - 1 end
  return text:sub(1, at)
end

-- CloudStack prints a stored \u0041 as invalid JSON and refuses control characters: neither is stored.
local function harmless(text)
  return (text:gsub("[%c]", " "):gsub("\\", "/"))
end

-- A number as people write it: an integer that is too large for one comes as a float.
local LARGEST = 1e300
local function words_of(value)
  if math.type(value) == "float" and value % 1 == 0 and math.abs(value) < LARGEST then return ("%.0f"):format(value) end
  return tostring(value)
end

-- Metadata as tags that CloudStack takes: strings, at most 255 bytes, none empty (one empty value would fail
-- the whole call). null is the decoder's null.
function tags.clean(metadata, null)
  local clean = {}
  for key, value in pairs(metadata) do
    local kind = type(value)
    if value ~= null and kind ~= "table" and kind ~= "nil" then
      key, value = tags.cut(harmless(tostring(key)), LONGEST), tags.cut(harmless(words_of(value)), LONGEST)
      if key:find "%S" and value:find "%S" then clean[key] = value end
    end
  end
  return clean
end

-- Keys that the CPI itself goes by: whose an object is, what it is called, with which VM it is deleted.
local function is_ours(key)
  key = collation.fold(key)
  return key:find "^bosh_" ~= nil or key == "director_uuid"
end

-- joined(cpi, list, ...) -> the tags of all the tables in one. Of keys that CloudStack takes for one the first table's counts, and
-- within one table the first in the order of their bytes; the others are logged.
function tags.joined(cpi, ...)
  local all, by_fold = {}, {}
  for _, some in ipairs { ... } do
    for _, key in ipairs(tables.sorted_keys(some)) do
      local fold = collation.fold(key)
      local other = by_fold[fold]
      if not other then
        by_fold[fold], all[key] = key, some[key]
      elseif other ~= key then
        cpi.log.debug("tag '%s' is '%s' to CloudStack, which is set: it is not", key, other)
      end
    end
  end
  return all
end

-- What BOSH or a manifest wants as tags, as tags.clean makes it, without the CPI's own keys, which are logged: a disk with
-- the tag of an ephemeral one would be deleted with its VM.
function tags.of_others(cpi, metadata)
  local clean = tags.joined(cpi, tags.clean(metadata, cpi.json.null))
  for key, value in pairs(clean) do
    if is_ours(key) then
      -- The director's metadata of a snapshot have its uuid, which the snapshot gets anyway.
      if value ~= cpi.context.director_uuid then cpi.log.warn("tag '%s' is the CPI's own: it is not set", key) end
      clean[key] = nil
    end
  end
  return clean
end

-- Tags as parameters: of createTags, and of a command that creates and tags at once.
function tags.parameters(wanted)
  local params = {}
  for i, key in ipairs(tables.sorted_keys(wanted)) do
    params[("tags[%d].key"):format(i - 1)] = key
    params[("tags[%d].value"):format(i - 1)] = wanted[key]
  end
  return params
end

-- The createTags request for client.start; kind: UserVm, Volume, Template, Snapshot, Network, PublicIpAddress, ...
function tags.create_request(cpi, kind, id, wanted)
  local params = tags.parameters(wanted)
  params.resourceids, params.resourcetype = id, kind
  return { "createTags", params, job = true, idempotent = true, what = "tagging",
    timeout = cpi.settings.cloudstack.timeout.global }
end

-- The deleteTags request for client.start; keys: a list.
function tags.delete_request(cpi, kind, id, keys)
  local params = { resourceids = id, resourcetype = kind }
  for i, key in ipairs(keys) do params[("tags[%d].key"):format(i - 1)] = key end
  return { "deleteTags", params, job = true, idempotent = true, what = "removing old tags",
    timeout = cpi.settings.cloudstack.timeout.global }
end

-- Row tags as { key = value }.
function tags.of(row)
  local set = {}
  for _, tag in ipairs(row.tags or {}) do set[tag.key] = tag.value end
  return set
end

-- One createTags refused: one bad tag fails the whole call, so each is set for itself and the bad ones are
-- warned about. Metadata is never worth a VM.
local function set_one_by_one(cpi, kind, id, wanted)
  local requests, keys = {}, tables.sorted_keys(wanted)
  for i, key in ipairs(keys) do requests[i] = tags.create_request(cpi, kind, id, { [key] = wanted[key] }) end
  for i, task in ipairs(cpi.cloudstack:run_all(requests)) do
    local failure = task.failure
    if failure and not refusals.is(failure, "tag_is_there") then
      cpi.log.warn("tag '%s' of %s %s was not set: %s", keys[i], kind, id, cpi.cloudstack.say(failure))
    end
  end
end

-- Takes tags off; once more where a restarted management server left it open whether it had.
local function remove(cpi, kind, row, keys)
  local client = cpi.cloudstack
  for try = 1, 2 do
    local task = client:run(tags.delete_request(cpi, kind, row.id, keys))
    if not task.failure then return end
    if try == 2 or not client.is_open(task.failure) then
      return cpi.log.warn("tags of %s keep their old values: %s", tostring(row.name), client.say(task.failure))
    end
  end
end

-- The tags of a row by what CloudStack compares.
local function by_fold(row)
  local set = {}
  for _, tag in ipairs(row.tags or {}) do set[collation.fold(tag.key)] = tag end
  return set
end

-- What differs between the tags that a row has and those that are wanted -> the tags to be set, under the keys that are there where
-- there are some; the keys to be removed before, because CloudStack refuses a key that exists.
local function differences(cpi, row, wanted)
  local present, new, old = by_fold(row), {}, {}
  for _, key in ipairs(tables.sorted_keys(wanted)) do
    local there = present[collation.fold(key)]
    if there and there.key ~= key then
      cpi.log.debug("tag '%s' is there as '%s' and stays so called", key, there.key)
    end
    if not there or there.value ~= wanted[key] then new[there and there.key or key] = wanted[key] end
    if there and there.value ~= wanted[key] then old[#old + 1] = there.key end
  end
  return new, old
end

-- Sets tags on an object whose row is at hand, and removes those of the keys in `gone` (a list, optional) that it has; other tags
-- stay as they are. Only what differs is touched.
function tags.merge(cpi, kind, row, wanted, gone)
  local client = cpi.cloudstack
  local new, old = differences(cpi, row, tags.joined(cpi, wanted))
  local present = by_fold(row)
  for _, key in ipairs(gone or {}) do
    local there = present[collation.fold(key)]
    if there then old[#old + 1] = there.key end
  end
  table.sort(old)
  if #old > 0 then remove(cpi, kind, row, old) end
  if next(new) == nil then return end
  local failure = client:run(tags.create_request(cpi, kind, row.id, new)).failure
  if not failure then return end
  if failure.kind == "job" or failure.kind == "refused" then return set_one_by_one(cpi, kind, row.id, new) end
  client.raise(failure, "tagging " .. tostring(row.name))
end

return tags
