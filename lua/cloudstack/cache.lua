-- What CloudStack said of things that hardly change (zones, offerings, OS types, networks, ready templates, what the
-- account may do), kept in the store for the processes to come. An answer counts for a while; all are forgotten when
-- a verb fails that went by them, so that what was right once costs one more look, never a wrong result.
--
-- new{ store, json, now, digest, account, seconds } -> cache
--   store    a function that returns the store, or nil; asked at the first look
--   now      the seconds of the wall clock;  digest(text) -> hex
--   account  a text that distinguishes one CloudStack account from another; what it holds is only ever hashed
--   seconds  how long an answer counts

local TABLE, DROPPED = "cache", "dropped"

local cache = {}
cache.__index = cache

local function new(parts)
  local id = parts.digest(parts.account):sub(1, 16)
  return setmetatable({ parts = parts, prefix = id .. " ", used = false }, cache)
end

local function key_of(self, request)
  return self.prefix .. request[1] .. " " .. self.parts.digest(self.parts.json.encode(request[2] or {})):sub(1, 32)
end

local function read(self, key)
  local store = self.parts.store()
  local text = store and store.get(TABLE, key)
  local entry = text and self.parts.json.decode(text)
  return type(entry) == "table" and type(entry.at) == "number" and entry or nil
end

-- When the account's answers were last forgotten.
local function dropped_at(self)
  local entry = read(self, self.prefix .. DROPPED)
  return entry and entry.at or 0
end

-- Young enough, and not from the future: the clock may have been set.
local function counts(self, entry, dropped)
  local age = self.parts.now() - entry.at
  return age >= 0 and age < self.parts.seconds and entry.at > dropped
end

-- take(requests): { name = request } -> { name = answer } of those that are `cached` and still known.
function cache:take(requests)
  local known, dropped = {}, nil
  for name, request in pairs(requests) do
    local entry = request.cached and not self.off and read(self, key_of(self, request))
    if entry then
      dropped = dropped or dropped_at(self)
      if counts(self, entry, dropped) then known[name], self.used = entry.answer, true end
    end
  end
  return known
end

-- Rows of older answers go when a new one comes: it is rare, and nobody else does it.
local function sweep(self, store)
  for _, row in ipairs(store.rows(TABLE) or {}) do
    local entry = self.parts.json.decode(row.value)
    local age = type(entry) == "table" and type(entry.at) == "number" and self.parts.now() - entry.at
    if not age or age < 0 or age >= self.parts.seconds then store.delete(TABLE, row.key) end
  end
end

-- put(requests, answers): keeps the answers of those that are `cached`. That there is nothing is not kept: it is
-- what changes first.
function cache:put(requests, answers)
  local store, swept
  for name, request in pairs(requests) do
    local answer = request.cached and not self.off and answers[name]
    if answer and next(answer) ~= nil then
      store = store or self.parts.store()
      if not store then return end
      if not swept then
        sweep(self, store)
        swept = true
      end
      store.put(TABLE, key_of(self, request), self.parts.json.encode { at = self.parts.now(), answer = answer })
    end
  end
end

-- Forgets everything of the account, for every process, and asks CloudStack itself from now on.
function cache:drop()
  local store = self.parts.store()
  self.off, self.used = true, false
  if store then store.put(TABLE, self.prefix .. DROPPED, self.parts.json.encode { at = self.parts.now() }) end
end

return new
