-- What `info` has to know of the configuration. BOSH sends it before every other request, and it answers whatever is wrong
-- with the configuration: the file is read, and not checked.

local early_settings = {}

local function at(value, ...)
  for _, key in ipairs { ... } do
    if type(value) ~= "table" then return nil end
    value = value[key]
  end
  return value
end

-- cloudstack.stemcell.any_infrastructure: of the context, which wins, or of the file.
function early_settings.takes_any_infrastructure(host, context)
  for _, place in ipairs { { context, "cloudstack" }, { context } } do
    local value = at(place[1], table.unpack(place, 2))
    value = at(value, "stemcell", "any_infrastructure")
    if type(value) == "boolean" then return value end
  end
  local ok, file = pcall(host.config.read)
  return ok and at(file, "cloudstack", "stemcell", "any_infrastructure") == true
end

return early_settings
