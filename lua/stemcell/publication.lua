-- Publishing a stemcell's image: it lies in templates.directory under a name that nobody can guess, where cpi-server
-- templates serves it, until CloudStack has fetched it.

local errors = require "errors"
local registration = require "stemcell.registration"

local publication = {}

-- When it was begun, so that what is left of a killed process is known by its name; 128 random bits; the extension.
local function name_of(cpi, file)
  local secret = cpi.bytes.random(16):gsub(".", function(byte) return ("%02x"):format(byte:byte()) end)
  return ("%d-%s.%s"):format(cpi.clock.utc(), secret, file.extension)
end

-- Seconds since 1970 when the file of that name was published; nil for a name that is none of ours.
function publication.begun_at(name)
  local began = name:match "^(%d+)%-%x+%.[%w.]+$"
  return began and #name < 200 and math.tointeger(tonumber(began)) or nil
end

-- of(cpi, file, undo) -> a way of making for lua/stemcell/making.lua, and a function that ends the publication; undo ends
-- it too. Raises CpiError where there is no place for it.
function publication.of(cpi, file, undo)
  local site = cpi.settings.templates
  if site.directory == "" or site.url == "" then
    error(errors.cpi "publishing a stemcell needs templates.directory and templates.url")
  elseif file.member then
    error(errors.cloud "the stemcell's image is inside an archive: it can be uploaded, not published")
  end
  local name = name_of(cpi, file)
  local place = site.directory .. "/" .. name
  cpi.log.secret(name)
  local function withdraw()
    local ok, why = cpi.images.withdraw(place)
    if not ok then cpi.log.warn("a published image stays for a day: %s", why) end
  end
  undo.add("the published image", withdraw)
  local ok, why = cpi.images.publish(file.path, place)
  if not ok then error(errors.cpi("the stemcell's image cannot be published: %s", why)) end
  return registration.of(site.url:gsub("/$", "") .. "/" .. name, "{SHA-256}" .. file.checksum()), withdraw
end

return publication
