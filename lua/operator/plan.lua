-- What a request would do, in about ten lines: what would be sent, with names in place of ids, and what was decided.

local tables = require "base.tables"

-- Parameters that say nothing to a person, or too much.
local SILENT = { customjobid = true, userdata = true, password = true, displayname = true, startvm = true, resourcetype = true, page = true,
  pagesize = true, displaytext = true, hypervisor = true, format = true, ostypeid = true, url = true }

local LONGEST = 60 -- bytes of a value

-- "iptonetworklist[0].networkid" -> "network"; "serviceofferingid" -> "serviceoffering"
local function short(name)
  name = name:gsub("^[%a]+%[%d+%]%.", "")
  return (name:gsub("ids?$", function(tail) return name == tail and tail or "" end))
end

local function value_of(value, names)
  local text = tostring(value)
  text = text:gsub("[^,]+", function(id) return names[id] end)
  return #text > LONGEST and text:sub(1, LONGEST) .. "..." or text
end

local function tag_keys(params)
  local keys = {}
  for name, value in pairs(params) do
    if name:find "^tags%[%d+%]%.key$" then keys[#keys + 1] = value end
  end
  table.sort(keys)
  return #keys > 0 and "tags " .. table.concat(keys, " ") or nil
end

-- "deployVirtualMachine name=cpivm-… serviceoffering=shared.small network=bosh-net ip=10.0.0.50"
local function sent(request, names)
  local words = { request.command }
  for _, name in ipairs(tables.sorted_keys(request.params)) do
    if not SILENT[name] and not name:find "^tags%[" then
      words[#words + 1] = ("%s=%s"):format(short(name), value_of(request.params[name], names))
    end
  end
  words[#words + 1] = tag_keys(request.params)
  return table.concat(words, " ")
end

-- Whose names the answer has, in the order in which they would be tried: of offerings.
local function chosen(event)
  local ranked, list = {}, {}
  for _, one in ipairs(event.candidates or {}) do
    if one.rank then ranked[one.rank] = one.name end
  end
  for _, rank in ipairs(tables.sorted_keys(ranked)) do list[#list + 1] = ranked[rank] end
  return table.concat(list, ", then ")
end

local function decided(event)
  local answer = event.failure or chosen(event)
  local by = event.is_site and " by " .. event.file or ""
  if answer == "" and by == "" then return nil end -- ours, and of no consequence that the calls do not show
  return ("%s%s%s"):format(event.decision, by, answer ~= "" and ": " .. answer or "")
end

local function add_events(lines, events, names)
  for _, event in ipairs(events) do
    if event.kind == "send" then
      for _, request in ipairs(event.requests) do lines[#lines + 1] = sent(request, names) end
    elseif event.kind == "decide" then
      lines[#lines + 1] = decided(event)
    elseif event.kind == "registry" then
      lines[#lines + 1] = ("registry: %s the settings of VM %s"):format(event.action, event.vm)
    end
  end
end

local plan = {}

-- of(story) -> lines; a story as operator/explanation.lua has it.
function plan.of(story)
  local lines = {}
  add_events(lines, story.events, story.names)
  return lines
end

-- otherwise(story) -> lines of what comes when a command fails that a decision waits for; none where nothing does.
function plan.otherwise(story)
  local lines, other = {}, story.otherwise
  if other then add_events(lines, other.events, setmetatable(other.names, { __index = story.names })) end
  return lines
end

return plan
