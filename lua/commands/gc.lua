-- cpi gc: leftovers in CloudStack; with --apply they are removed.
-- Exit 0: there is nothing (any more); 1: a finding; 2: usage or configuration.

local command = require "operator.command"
local errors = require "errors"
local leftovers = require "made.leftovers"
local new_paper = require "operator.paper"

local AGE = 3600 -- seconds; longer than a create takes
local UNITS = { s = 1, m = 60, h = 3600, d = 86400 }

-- "90", "90s", "15m", "2h", "1d" -> seconds
local function seconds_of(text, refuse)
  local number, unit = text:match "^(%d+)([smhd]?)$"
  if not number then refuse(("--older-than '%s' is not a time such as 90s, 15m, 2h or 1d"):format(text)) end
  return tonumber(number) * (UNITS[unit] or 1)
end

-- The CIDs in a text, whatever is around them: the output of the bosh CLI will do.
local function cids_in(text)
  local set = {}
  for word in text:gmatch "[%w_-]+" do set[word] = true end
  return set
end

-- What living processes are working on, by the journal; one that exists and cannot be read does not count as empty.
local function busy(cpi)
  local set, rows, why = {}, {}, nil
  if cpi.store then rows, why = cpi.store.rows "journal" end
  why = why or cpi.store_trouble
  if why then error(command.refusal("what living processes are at is in the journal, which cannot be read: %s", why)) end
  for _, row in ipairs(rows) do
    local record = cpi.json.decode(row.value)
    if type(record) == "table" and record.name and cpi.liveness.alive(record.owner) then set[record.name] = true end
  end
  return set
end

local function word_of(one) return one.is_suspect and "suspect" or "leftover" end

local function print_one(paper, one, fate)
  paper:line("%-9s %-8s %s (%s)  %s: %s", word_of(one), one.kind, one.cid, one.id,
    tostring(one.row.state or one.row.status or "-"), one.why .. (fate and "; " .. fate or ""))
end

local function described(one, fate)
  return { is = word_of(one), kind = one.kind, cid = one.cid, id = one.id, state = one.row.state or one.row.status,
    why = one.why, fate = fate }
end

local function apply(cpi, one)
  if one.is_suspect then return false, "left alone" end
  local ok, why = pcall(leftovers.remove, cpi, one)
  return ok, ok and "removed" or "not removed: " .. errors.words(why)
end

return command.new("gc", function(host, words, options, refuse)
  if #words > 0 then refuse "no such argument" end
  if not options.director then refuse "whose leftovers is not said: --director UUID" end
  local older_than = options["older-than"] and seconds_of(options["older-than"], refuse) or AGE
  local known = options.known and cids_in(command.read(host, options.known))
  command.settings(host, {})
  local cpi = require("cpi").parts(host, { method = "gc", context = { director_uuid = options.director }, api_version = 2 })
  local paper, list = new_paper(host), {}
  local left = 0
  local found = leftovers.find(cpi, { known = known, older_than = older_than, earlier_cpis = options["earlier-cpis"],
    busy = busy(cpi) })
  for _, one in ipairs(found) do
    local is_gone, fate
    if options.apply then is_gone, fate = apply(cpi, one) end
    list[#list + 1] = described(one, fate)
    if not options.output then print_one(paper, one, fate) end
    if not is_gone then left = left + 1 end
  end
  if options.output then
    paper:json { found = host.json.array(list), left = left }
  else
    paper:line("%d found, %d left", #found, left)
  end
  return left == 0 and 0 or 1
end)
