-- A configuration file and a context: settings, or one error that lists what is wrong; never a bug.

local errors = require "errors"
local settings = require "setup.settings"

return function(host)
  return function(text)
    local file = host.json.decode(text)
    if file == nil then return end
    local function warn() end
    for _, sources in ipairs { { file = file, context = {} }, { file = {}, context = type(file) == "table" and file or {} } } do
      sources.has_secret, sources.null, sources.warn = true, host.json.null, warn
      local ok, result = host.attempt(settings.load, sources)
      if not ok and not errors.is(result) then error(result, 0) end
    end
  end
end
