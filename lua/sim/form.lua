-- Query strings and form bodies to names and values, as the servlet reads them. Pure.
local form = {}

local function unescape(text)
  return (text:gsub("+", " "):gsub("%%(%x%x)", function(hex) return string.char(tonumber(hex, 16)) end))
end

-- Adds the pairs of a text to a list. A part without '=' is none; names are left as they were sent.
local function read(text, into, at)
  for part in text:gmatch "[^&]+" do
    local name, value = part:match "^([^=]+)=(.*)$"
    if name then
      name, value = unescape(name), unescape(value)
      if at[name] then
        into[at[name]][2] = value -- of duplicates the last wins
      else
        into[#into + 1] = { name, value }
        at[name] = #into
      end
    end
  end
end

-- pairs_of(query, body) -> { {name, value}, ... } of both
function form.pairs_of(query, body)
  local out, at = {}, {}
  read(query or "", out, at)
  read(body or "", out, at)
  return out
end

return form
