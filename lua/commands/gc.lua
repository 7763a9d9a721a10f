-- cpi gc: leftovers in CloudStack; with --apply they are removed, on a terminal after the person has consented.
-- Exit 0: there is nothing (any more); 1: a finding; 2: usage or configuration, or no consent.

local ages = require "operator.ages"
local command = require "operator.command"
local consent = require "operator.consent"
local errors = require "errors"
local exact = require "cloudstack.exact"
local inventory = require "operator.inventory"
local leftovers = require "made.leftovers"
local new_paper = require "operator.paper"
local parking = require "made.parking"

local AGE = 3600 -- seconds; longer than a create takes
local UNITS = { s = 1, m = 60, h = 3600, d = 86400 }

-- "90", "90s", "15m", "2h", "1d" -> seconds
local function seconds_of(text, refuse)
  local number, unit = text:match "^(%d+)([smhd]?)$"
  if not number then refuse(("--older-than '%s' is not a time such as 90s, 15m, 2h or 1d"):format(text)) end
  return tonumber(number) * (UNITS[unit] or 1)
end

local function is_cid(word)
  return word:find "^cpi[%w-]*%-%x" ~= nil or word:find "^light%-" ~= nil or exact.is_id(word)
end

-- The CIDs in a text, whatever is around them: the output of the bosh CLI will do. A text without any is a mistake: with it everything
-- that BOSH has would count as unknown to it.
local function cids_in(text, path)
  local set, count = {}, 0
  for word in text:gmatch "[%w_-]+" do
    set[word] = true
    count = count + (is_cid(word) and 1 or 0)
  end
  if count > 0 then return set end
  error(command.refusal("--known %s has no CID in it; where BOSH knows of nothing any more, say --none-known", path))
end

local function known_of(host, options, refuse)
  if options.known and options["none-known"] then refuse "--known and --none-known are both given" end
  if options["none-known"] then return {} end
  return options.known and cids_in(command.read(host, options.known), options.known) or nil
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

-- ---------------------------------------------------------------------------------------------------------
-- what is shown

local function word_of(one) return one.is_suspect and "suspect" or "leftover" end

-- What helps a person to know it again, beside its CID.
local function described(cpi, one, fate)
  local row, addresses = one.row, {}
  for _, nic in ipairs(row.nic or {}) do addresses[#addresses + 1] = nic.ipaddress end
  local display_name = row.displayname or row.displaytext
  return { is = word_of(one), kind = one.kind, cid = one.cid, id = one.id, state = row.state or row.status, why = one.why, fate = fate,
    age = ages.of(row.created or row.allocated, cpi.clock.utc()), addresses = cpi.json.array(addresses),
    display_name = display_name ~= one.cid and display_name or nil }
end

local function line_of(shown)
  local parts = { tostring(shown.state or "-") }
  if shown.age then parts[#parts + 1] = ages.words(shown.age) end
  if #shown.addresses > 0 then parts[#parts + 1] = table.concat(shown.addresses, " ") end
  if shown.display_name then parts[#parts + 1] = ("'%s'"):format(shown.display_name) end
  return ("%-9s %-8s %s (%s)  %s: %s"):format(shown.is, shown.kind, shown.cid, tostring(shown.id), table.concat(parts, ", "),
    shown.why .. (shown.fate and "; " .. shown.fate or ""))
end

-- Nothing of the director is there: its uuid may be misspelt. -> the others that are there, or nil
local function others_of(host, settings, director)
  local others = inventory.others(command.client(host, settings), director, host.clock.utc())
  return others and #others > 0 and others or nil
end

-- ---------------------------------------------------------------------------------------------------------

local function apply(cpi, one)
  if one.is_suspect then return false, "left alone" end
  local ok, why = pcall(leftovers.remove, cpi, one)
  return ok, ok and "removed" or "not removed: " .. errors.words(why)
end

local function count_leftovers(found)
  local count = 0
  for _, one in ipairs(found) do count = count + (one.is_suspect and 0 or 1) end
  return count
end

-- Shows a person what the question is about. Standard output is a program's where JSON is wanted.
local function show_before(host, cpi, found, paper, options)
  for _, one in ipairs(found) do
    local line = line_of(described(cpi, one))
    if options.output then host.console.error(host.console.clean(host.log.mask(line)) .. "\n") else paper:line("%s", line) end
  end
end

-- Is --apply to be done? On a terminal what is found is listed first, and the person asked.
local function may_apply(host, cpi, found, paper, options)
  local count = count_leftovers(found)
  if not options.apply or count == 0 or options.yes or not host.console.interactive then return options.apply end
  show_before(host, cpi, found, paper, options)
  if consent(host, ("Remove %d leftover%s?"):format(count, count == 1 and "" or "s")) then return true end
  error(command.refusal "nothing was removed")
end

-- Removes where it is wanted, prints where it is for people -> what is shown of each, how many are left.
local function go_through(cpi, found, is_to_apply, paper)
  local list, left = {}, 0
  for i, one in ipairs(found) do
    local is_gone, fate
    if is_to_apply then is_gone, fate = apply(cpi, one) end
    list[i] = described(cpi, one, fate)
    if paper then paper:line("%s", line_of(list[i])) end
    if not is_gone then left = left + 1 end
  end
  return list, left
end

-- Addresses that deleted VMs hold until CloudStack expunges them, as far as the store has noted where they were moved to. They are
-- CloudStack's to free, and no leftovers.
local function parked_of(cpi)
  local list, now = {}, cpi.clock.utc()
  for i, note in ipairs(parking.notes(cpi)) do
    list[i] = { address = note.address, vm = note.cid, network_id = note.network_id, age = now - note.at }
  end
  return list
end

local function print_parked(paper, parked)
  if #parked == 0 then return end
  paper:line("%d address%s held by deleted VMs until CloudStack expunges them:", #parked, #parked == 1 and " is" or "es are")
  for _, one in ipairs(parked) do paper:line("  %-15s %s, for %s", one.address, one.vm, ages.words(one.age)) end
end

local function print_sum(paper, found, left, younger, others)
  paper:line("%d found, %d left", #found, left)
  if #younger > 0 then
    paper:line("%d more would be on the list, %s younger than --older-than", #younger, #younger == 1 and "but is" or "but are")
  end
  if others then
    paper:line("nothing in CloudStack carries this director; directors that are there: %s", table.concat(others, ", "))
  end
end

return command.new("gc", function(host, words, options, refuse)
  if #words > 0 then refuse "no such argument" end
  if not options.director then refuse "whose leftovers is not said: --director UUID" end
  local older_than = options["older-than"] and seconds_of(options["older-than"], refuse) or AGE
  local known = known_of(host, options, refuse)
  local settings = command.settings(host, {})
  local cpi = require("cpi").parts(host, { method = "gc", context = { director_uuid = options.director }, api_version = 2 })
  local paper = new_paper(host)
  local found, younger = leftovers.find(cpi, { known = known, older_than = older_than, earlier_cpis = options["earlier-cpis"],
    busy = busy(cpi) })
  local is_to_apply = may_apply(host, cpi, found, paper, options)
  local list, left = go_through(cpi, found, is_to_apply, not options.output and paper)
  local others = #found == 0 and #younger == 0 and others_of(host, settings, options.director) or nil
  if options.output then
    paper:json { found = host.json.array(list), left = left, younger = #younger, other_directors = others and host.json.array(others),
      parked = host.json.array(parked_of(cpi)) }
  else
    print_sum(paper, found, left, younger, others)
    print_parked(paper, parked_of(cpi))
  end
  return left == 0 and 0 or 1
end)
