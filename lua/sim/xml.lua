-- The same answer as XML, which CloudStack gives to those that do not ask for JSON.
local xml = {}

local ESCAPES = { ["<"] = "&lt;", [">"] = "&gt;", ["&"] = "&amp;", ['"'] = "&quot;" }

local function text(value)
  return (tostring(value):gsub('[<>&"]', ESCAPES))
end

local element

local function members(json, value, out)
  local names = {}
  for name in pairs(value) do names[#names + 1] = name end
  table.sort(names)
  for _, name in ipairs(names) do element(json, name, value[name], out) end
end

function element(json, name, value, out)
  if type(value) == "table" and json.is_array(value) then
    for _, item in ipairs(value) do element(json, name, item, out) end
    return
  end
  out[#out + 1] = "<" .. name .. ">"
  if type(value) == "table" then members(json, value, out) else out[#out + 1] = text(value) end
  out[#out + 1] = "</" .. name .. ">"
end

-- translate(m, reply): changes the body from JSON to XML
function xml.translate(m, reply)
  local name, value = next(m.json.decode(reply.body))
  local out = {
    '<?xml version="1.0" encoding="UTF-8"?>', ('<%s cloud-stack-version="%s">'):format(name, m.version.text),
  }
  members(m.json, value, out)
  out[#out + 1] = ("</%s>"):format(name)
  reply.type, reply.body = "text/xml;charset=utf-8", table.concat(out)
end

return xml
