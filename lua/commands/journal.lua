-- cpi journal show: what was begun and never seen to its end, by whom and when.
-- cpi journal replay [--director UUID]: removes what dead processes left of it; docs/day2.md says what it never does.
-- cpi journal forget NAME...: drops the entries of those names; nothing is asked of CloudStack. For what replay can never settle: an
-- account or a cloud that is gone.
-- On a terminal replay and forget ask before; without one they do what they are for.
-- Exit 0: nothing is left; 1: something is; 2: usage or configuration.

local command = require "operator.command"
local consent = require "operator.consent"
local configuration = require "setup.configuration"
local new_paper = require "operator.paper"
local liveness = require "setup.liveness"
local recovery = require "made.recovery"

local function store_of(host, settings)
  if settings.store.path == "" then error(command.refusal("store.path is not configured: there is no journal")) end
  local store, why = configuration.store(host, settings)
  return store or error(command.refusal("the journal cannot be read: %s", why))
end

-- Entries as { key, record }.
local function entries_of(host, settings)
  local rows, why = store_of(host, settings).rows "journal"
  if not rows then error(command.refusal("the journal cannot be read: %s", why)) end
  local list = {}
  for i, row in ipairs(rows) do list[i] = { key = row.key, record = host.json.decode(row.value) or {} } end
  return list
end

-- Prints entries: { record, state (what became of it) }. One line each: when, its state, what, by which request.
local function print_entries(host, list, left, as_json)
  local paper = new_paper(host)
  for i, one in ipairs(list) do
    local record = one.record
    if as_json then
      list[i] = { at = record.at, state = one.state, kind = record.kind, name = record.name, id = record.id,
        verb = record.verb, request = record.request, director = record.director }
    else
      paper:line("%s  %-11s  %-10s %s%s  %s of %s", tostring(record.at), one.state, tostring(record.kind),
        tostring(record.name), (record.vm and " for VM " .. record.vm or "") .. (record.id and " (" .. record.id .. ")" or ""),
        tostring(record.verb), tostring(record.request or record.director))
    end
  end
  if as_json then
    paper:json { entries = host.json.array(list), left = left }
  elseif left == 0 then
    paper:line "nothing is left in the journal"
  end
  return left == 0 and 0 or 1
end

-- What is known of an entry without asking CloudStack.
local function state_of(record, processes)
  if processes.alive(record.owner) then return "at work" end
  return record.written and "unclear: answered, and not seen to be taken"
    or record.answered and "unclear: ended while it answered" or "interrupted"
end

local function show(host, options)
  local settings = command.settings(host, {})
  local list, processes = {}, liveness.of(host.process, settings)
  for i, entry in ipairs(entries_of(host, settings)) do
    list[i] = { record = entry.record, state = state_of(entry.record, processes) }
  end
  return print_entries(host, list, #list, options.output)
end

-- On a terminal a person is asked; elsewhere the command itself is the consent.
local function check_consent(host, options, format, ...)
  if not host.console.interactive or consent(host, format:format(...), options.yes) then return end
  error(command.refusal "nothing was changed")
end

-- The director that is meant: the one named, else the only one that wrote anything.
local function director_of(entries, named)
  if named then return named end
  local only
  for _, entry in ipairs(entries) do
    local director = entry.record.director
    if only and director ~= only then error(command.refusal("several directors wrote the journal: say --director UUID")) end
    only = director
  end
  return only
end

local function replay(host, options)
  local entries, list, left = entries_of(host, command.settings(host, {})), {}, 0
  local director = director_of(entries, options.director)
  if #entries > 0 then check_consent(host, options, "Remove what dead processes left of %d entries?", #entries) end
  local cpi = require("cpi").parts(host, { method = "journal", context = { director_uuid = director }, api_version = 2 })
  for _, one in ipairs(recovery.replay(cpi, director, { looks = true })) do
    list[#list + 1] = { record = one.record, state = one.fate }
    if not one.is_over then left = left + 1 end
  end
  return print_entries(host, list, left, options.output)
end

-- The entries of those names, none of them of a process that may be alive.
local function to_forget(entries, names, processes)
  local list = {}
  for _, name in ipairs(names) do
    local count = 0
    for _, entry in ipairs(entries) do
      if entry.record.name == name then
        if processes.alive(entry.record.owner) then error(command.refusal("'%s' is at work: its process may be alive", name)) end
        count, list[#list + 1] = count + 1, entry
      end
    end
    if count == 0 then error(command.refusal("no entry of the journal has the name '%s'", name)) end
  end
  return list
end

local function forget(host, options, names)
  local settings = command.settings(host, {})
  local entries = to_forget(entries_of(host, settings), names, liveness.of(host.process, settings))
  check_consent(host, options, "Drop %d entries, whatever is left in CloudStack?", #entries)
  local list, left = {}, 0
  for i, entry in ipairs(entries) do
    local ok, why = host.store.delete("journal", entry.key)
    list[i] = { record = entry.record, state = ok and "forgotten" or "not forgotten: " .. tostring(why) }
    left = left + (ok and 0 or 1)
  end
  return print_entries(host, list, left, options.output)
end

return command.new("journal", function(host, words, options, refuse)
  if words[1] == "forget" and #words > 1 then return forget(host, options, { table.unpack(words, 2) }) end
  local run = words[1] == "show" and show or words[1] == "replay" and replay
  if not run or #words ~= 1 then refuse(words[1] == "forget" and "which entries? their names, as `cpi journal show` has them" or nil) end
  return run(host, options)
end)
