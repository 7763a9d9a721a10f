-- Counters and durations of requests, kept in the store over all processes: by verb, by error class, by CloudStack's commands.
--
-- A row of the table for each verb, as JSON:
--   count, seconds                            of requests
--   buckets = { n, ... }                      how many took at most metrics.BUCKETS[i] seconds, and longer than the one before
--   failed = { CLASS = count }                CLASS without "Bosh::Clouds::"; "bug" for what is a bug
--   commands = { COMMAND = { count, seconds, waits, waited } }     replies; waits for jobs
--   since                                     when it was begun, seconds since 1970
-- Verbs, classes and commands are few, so is what is kept.

local errors = require "errors"

local metrics = { TABLE = "metrics", BUG = "bug", BUCKETS = { 0.1, 0.3, 1, 3, 10, 30, 100, 300, 1000 } } -- seconds

local TRIES = 20   -- where other processes count at the same time; then the request is not counted
local RENEWED = 15 -- seconds after which the text file is written anew
local STAMP = "textfile"

local function class_of(failure)
  if not errors.is(failure) then return metrics.BUG end
  return (failure.type:match "::([^:]+)$")
end

local function bucket_of(seconds)
  for i, most in ipairs(metrics.BUCKETS) do
    if seconds <= most then return i end
  end
  return #metrics.BUCKETS + 1
end

local function empty(now)
  local row = { count = 0, seconds = 0, buckets = {}, failed = {}, commands = {}, since = now }
  for i = 1, #metrics.BUCKETS + 1 do row.buckets[i] = 0 end
  return row
end

-- A row as it is kept, or nil where it is not one: it may be of another release, or spoilt.
local function read(json, text)
  local row = text and json.decode(text)
  local is_row = type(row) == "table" and math.type(row.count) == "integer" and math.type(row.seconds) and math.type(row.since)
    and type(row.buckets) == "table" and #row.buckets == #metrics.BUCKETS + 1 and type(row.failed) == "table"
    and type(row.commands) == "table"
  return is_row and row or nil
end

local function add_command(row, command, key, one)
  local there = row.commands[command] or { count = 0, seconds = 0, waits = 0, waited = 0 }
  row.commands[command] = there
  there[key[1]], there[key[2]] = there[key[1]] + one.count, there[key[2]] + one.seconds
end

local REPLIES, WAITS = { "count", "seconds" }, { "waits", "waited" }

local function add(row, seconds, failure, tally)
  local i = bucket_of(seconds)
  row.count, row.seconds, row.buckets[i] = row.count + 1, row.seconds + seconds, row.buckets[i] + 1
  if failure then
    local class = class_of(failure)
    row.failed[class] = (row.failed[class] or 0) + 1
  end
  for command, one in pairs(tally.commands) do add_command(row, command, REPLIES, one) end
  for command, one in pairs(tally.waited) do add_command(row, command, WAITS, one) end
end

-- record(store, json, now, verb, seconds, failure, tally): counts a request. now: seconds since 1970; failure: what it raised, or
-- nil; tally: cloudstack/tally.lua's. A store that fails loses the count and nothing else.
function metrics.record(store, json, now, verb, seconds, failure, tally)
  for _ = 1, TRIES do
    local text = store.get(metrics.TABLE, verb)
    local row = read(json, text) or empty(now)
    add(row, seconds, failure, tally)
    local fresh = json.encode(row)
    if not text then return store.put(metrics.TABLE, verb, fresh) end
    local replaced = store.replace(metrics.TABLE, verb, text, fresh)
    if replaced ~= false then return replaced end
  end
end

-- all(store, json) -> { VERB = row }; nil and why where the store cannot be read.
function metrics.all(store, json)
  local rows, why = store.rows(metrics.TABLE)
  if not rows then return nil, why end
  local all = {}
  for _, one in ipairs(rows) do
    if one.key ~= STAMP then all[one.key] = read(json, one.value) end
  end
  return all
end

-- by_command(all) -> { COMMAND = { count, seconds, waits, waited } }, of all verbs together. all: as all() returns it.
function metrics.by_command(all)
  local sums = {}
  for _, row in pairs(all) do
    for command, one in pairs(row.commands) do
      local sum = sums[command] or { count = 0, seconds = 0, waits = 0, waited = 0 }
      sums[command] = sum
      for key in pairs(sum) do sum[key] = sum[key] + (one[key] or 0) end
    end
  end
  return sums
end

-- is_due(store, now): is it time that somebody writes the text file? The first process that learns so is to do it.
function metrics.is_due(store, now)
  local text = store.get(metrics.TABLE, STAMP)
  local at = tonumber(text)
  if at and now >= at and now - at < RENEWED then return false end
  if not text then return store.put(metrics.TABLE, STAMP, tostring(now)) == true end
  return store.replace(metrics.TABLE, STAMP, text, tostring(now)) == true
end

return metrics
