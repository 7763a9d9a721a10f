-- The memory of the simulated CloudStack: every object there is or was, by kind, with the ids, dates and
-- array marks that all nouns need. A removed object carries the date of its end, for CloudStack still knows the ids of
-- what is gone; the model knows those of the last ones.
local bucket = require "sim.bucket"
local dates = require "sim.dates"
local indexes = require "sim.indexes"
local queue = require "sim.queue"

local EVENTS = 5000 -- as many of the last are kept where nobody fetches them

local model = {}
model.__index = model

-- new{ json, bytes, world, version, schedule, base_url, generation, strict, images, has_guests, announced }
function model.new(parts)
  return setmetatable({
    json = parts.json, bytes = parts.bytes, world = parts.world, version = parts.version,
    schedule = parts.schedule, base_url = parts.base_url, settings = parts.world.settings,
    seed = ("%s#%d"):format(parts.world.seed, parts.generation), count = 0,
    kinds = {}, events = {}, announced = parts.announced or 0, awaited = {}, made = 0, strict = parts.strict, images = parts.images,
    has_guests = parts.has_guests,
  }, model)
end

function model:now() return self.schedule:now() end
function model:callers_now() return self.schedule:callers_now() end
function model.date(_, seconds) return dates.zoned(seconds) end
function model:array(list) return self.json.array(list or {}) end

local function as_uuid(digest)
  local variant = ("%x"):format(8 + tonumber(digest:sub(17, 17), 16) % 4)
  return table.concat({
    digest:sub(1, 8), digest:sub(9, 12), "4" .. digest:sub(14, 16), variant .. digest:sub(18, 20), digest:sub(21, 32),
  }, "-")
end

-- An id that follows from a name alone: what the world holds keeps its ids from run to run.
local ids = {} -- those made so far: every model of the same world asks for the same
function model:id_of(name)
  local text = self.world.seed .. ":" .. name
  ids[text] = ids[text] or as_uuid(self.bytes.sha256(text))
  return ids[text]
end

-- The next id of those that are handed out; the same calls give the same ids.
function model:fresh_id()
  self.count = self.count + 1
  return as_uuid(self.bytes.sha256(("%s/%d"):format(self.seed, self.count)))
end

local function shelf(self, kind)
  local found = self.kinds[kind]
  if not found then
    found = { living = bucket.new(), by_id = {}, by_number = {}, last = 0, gone = queue.new() }
    indexes.prepare(found, kind)
    self.kinds[kind] = found
  end
  return found
end

-- Keeps an object; it gets an id, a number (CloudStack's internal id) and a date unless it has them.
function model:add(kind, object)
  local place = shelf(self, kind)
  self.made = self.made + 1
  object.kind, object.seq = kind, self.made
  object.id = object.id or self:fresh_id()
  object.number = object.number or place.last + 1
  object.created = object.created or self:now()
  place.last = math.max(place.last, object.number)
  indexes.watch(place, kind, object)
  place.living:add(object)
  place.by_id[object.id] = object
  place.by_number[object.number] = object
  return object
end

-- As if it had never been: not even its id is known any more.
function model:forget(object)
  local place = shelf(self, object.kind)
  if place.by_id[object.id] ~= object then return end
  place.by_id[object.id], place.by_number[object.number] = nil, nil
  place.living:remove(object)
  object.removed = object.removed or self:now()
end

-- Of what nobody needs any more the last ones are kept, as many as the world says.
local function keep_last(self, list, object, most)
  list:push(object)
  while list:size() > most do model.forget(self, list:pop()) end
end

-- What is gone leaves the lists and the indexes; its id is still known, as long as not too many others are gone since.
function model:remove(object)
  if object.removed then return end
  local place = shelf(self, object.kind)
  place.living:remove(object)
  object.removed = self:now()
  keep_last(self, place.gone, object, self.world.keep.removed)
end

-- An object of a kind that is never removed has done its work.
function model:retire(object)
  keep_last(self, shelf(self, object.kind).gone, object, self.world.keep.jobs)
end

-- By id, removed or not.
function model:find(kind, id) return shelf(self, kind).by_id[id] end
function model:find_number(kind, number) return shelf(self, kind).by_number[number] end

-- All that are not removed, in the order of their making, that a function says yes to.
function model:rows(kind, fits) return shelf(self, kind).living:rows(fits) end
function model:first(kind, fits) return shelf(self, kind).living:first(fits) end

-- The same of those that an index has under a key; how many they are, and the sum of a field of theirs.
function model:rows_by(kind, index, key, fits)
  local found = indexes.bucket(shelf(self, kind), index, key)
  return found and found:rows(fits) or {}
end

function model:first_by(kind, index, key, fits)
  local found = indexes.bucket(shelf(self, kind), index, key)
  return found and found:first(fits)
end

function model:count_by(kind, index, key)
  local found = indexes.bucket(shelf(self, kind), index, key)
  return found and found.size or 0
end

function model:sum_by(kind, index, key, field)
  local found = indexes.bucket(shelf(self, kind), index, key)
  return found and found.sums[field] or 0
end

function model:has_index(kind, index) return indexes.has(shelf(self, kind), index) end

function model:named(kind, name)
  return self:first(kind, function(object) return object.name == name end)
end

-- Something that a program which plays the guests has to know of, with the next number.
function model:announce(event)
  local events = self.events
  self.announced = self.announced + 1
  event.number = self.announced
  events[#events + 1] = event
  if #events > 2 * EVENTS then self.events = table.move(events, #events - EVENTS + 1, #events, 1, {}) end
end

function model:setting(name)
  return self.settings[name]
end

return model
