-- Spans of IPv4 addresses, as people write them: "10.0.0.240-10.0.0.254", "10.0.0.250", or a list of such texts. Pure.

local ipv4 = require "base.ipv4"

local spans = {}

-- "10.0.0.240-10.0.0.254" or "10.0.0.250" -> { first, last } as numbers | nil
local function read_one(text)
  if type(text) ~= "string" then return nil end
  local from, to = text:match "^%s*([%d.]+)%s*%-%s*([%d.]+)%s*$"
  local first = ipv4.number(from or text:match "^%s*([%d.]+)%s*$" or "")
  local last = to and ipv4.number(to) or not to and first or nil
  if not first or not last or last < first then return nil end
  return { first = first, last = last }
end

-- read(value) -> a list of { first, last }, at least one | nil and the part that is not a span
function spans.read(value)
  if type(value) == "string" then value = { value } end
  if type(value) ~= "table" then return nil, tostring(value) end
  local list, count = {}, 0
  for _ in pairs(value) do count = count + 1 end
  for i = 1, count do
    list[i] = read_one(value[i])
    if not list[i] then return nil, tostring(value[i]) end
  end
  if count == 0 then return nil, "nothing" end
  return list
end

-- How many addresses are in them?
function spans.count(list)
  local count = 0
  for _, span in ipairs(list) do count = count + span.last - span.first + 1 end
  return count
end

-- The nth address, from 0 on, as a number.
function spans.nth(list, n)
  for _, span in ipairs(list) do
    local size = span.last - span.first + 1
    if n < size then return span.first + n end
    n = n - size
  end
end

return spans
