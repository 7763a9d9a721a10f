-- A volume made another where it lies: larger, or of another disk offering. CloudStack keeps its data and its id; what
-- it cannot do there is NotImplemented, so that the director copies the disk instead.

local capabilities = require "cloudstack.capabilities"
local errors = require "errors"
local refusals = require "cloudstack.refusals"
local volumes = require "cloudstack.volumes"

local changes = {}

local GIB = 1024 * 1024 * 1024

-- Raises for a disk that would become smaller. The director copies it then.
function changes.refuse_smaller(volume, gigabytes)
  local has = volumes.gigabytes(volume)
  if gigabytes < has then
    error(errors.not_supported("disk '%s' has %d GB and is not made smaller, %d GB are asked for", volume.name, has, gigabytes))
  end
end

local function raise(cpi, failure, what)
  local words = ("%s: %s"):format(what, cpi.cloudstack.say(failure))
  if refusals.is(failure, "disk_cannot_change_in_place") then error(errors.not_implemented("%s", words)) end
  if refusals.is(failure, "no_storage_to_grow") then error(errors.no_disk_space("%s", words)) end
  cpi.cloudstack.raise(failure, what)
end

-- Sends one command to its end. After a lost reply, or a job that died, the volume itself shows whether it was done.
local function change(cpi, volume, command, params, wanted)
  local function done()
    local row = volumes.again(cpi, volume)
    local is_done = row and row.size >= wanted.gigabytes * GIB
      and (not wanted.offering or row.diskofferingid == wanted.offering.id)
    return is_done and { volume = row } or nil
  end
  params.id = volume.id
  local task = cpi.cloudstack:run {
    command, params, job = true, idempotent = true, find = done, what = wanted.what,
    timeout = cpi.settings.cloudstack.timeout.resize_volume,
  }
  if task.failure and task.failure.kind ~= "refused" and done() then return end
  return task.failure
end

-- grow(cpi, volume, gigabytes): the same offering, more room. Raises.
function changes.grow(cpi, volume, gigabytes)
  local what = ("resizing disk %s to %d GB"):format(volume.name, gigabytes)
  local failure = change(cpi, volume, "resizeVolume", { size = gigabytes }, { gigabytes = gigabytes, what = what })
  if failure then raise(cpi, failure, what) end
end

-- May a volume of that offering get another size with nothing else changed?
function changes.may_grow(offering, version)
  if offering.iscustomized then return true end
  return capabilities.at_least(version, 4, 17) and not offering.disksizestrictness
end

local function tags_of(offering)
  local list = {}
  for tag in tostring(offering.tags or ""):gmatch "[^,%s]+" do list[#list + 1] = tag end
  table.sort(list)
  return table.concat(list, ",")
end

-- The offerings into which resizeVolume takes a volume of `offering`: of the same kind of storage, tags and strictness.
function changes.alike(rows, offering)
  local list = {}
  for _, row in ipairs(rows) do
    if row.storagetype == offering.storagetype and tags_of(row) == tags_of(offering)
      and (row.disksizestrictness or false) == (offering.disksizestrictness or false) then
      list[#list + 1] = row
    end
  end
  return list
end

-- move(cpi, volume, { offering, size }, version): another offering, with its size. CloudStack moves the volume to storage
-- that suits, where it can. Raises.
--   choice   as disk_choice answers it;  version  of the server: changeOfferingForVolume is there since 4.17
function changes.move(cpi, volume, choice, version)
  local what = ("giving disk %s the offering '%s'"):format(volume.name, choice.offering.name)
  local wanted = { offering = choice.offering, gigabytes = choice.size or choice.offering.disksize or 0, what = what }
  local failure
  if capabilities.at_least(version, 4, 17) then
    failure = change(cpi, volume, "changeOfferingForVolume",
      { diskofferingid = choice.offering.id, size = choice.size, automigrate = true }, wanted)
    if not failure then return end
    if refusals.is(failure, "bad_parameter_of_job") then
      error(errors.not_implemented("%s: %s", what, cpi.cloudstack.say(failure)))
    end
  end
  if not failure or refusals.is(failure, "command_is_missing") then
    failure = change(cpi, volume, "resizeVolume", { diskofferingid = choice.offering.id, size = choice.size }, wanted)
  end
  if failure then raise(cpi, failure, what) end
end

return changes
