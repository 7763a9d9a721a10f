-- resizeVolume, attached or not.
local jobs = require "sim.jobs"
local limits = require "sim.limits"
local refusal = require "sim.refusal"
local volume_rows = require "sim.volume_rows"

local resize = {}

local GIB = 1024 * 1024 * 1024

-- What the command refuses while its job runs has a code of its own.
local function refuse(format, ...)
  error(refusal.new(432, nil, format:format(...)), 0)
end

local function refuse_custom_size(m, gigabytes)
  local least, most = m:setting "custom.diskoffering.size.min", m:setting "custom.diskoffering.size.max"
  if gigabytes < least or gigabytes > most then
    refuse("Volume size: %d GB is out of allowed range. Min: %d. Max: %d", gigabytes, least, most)
  end
end

local function new_size(m, volume, arguments)
  local offering = arguments.diskofferingid or volume.offering
  if offering and not offering.customized then
    if not arguments.diskofferingid and arguments.size then
      refuse "To resize a volume without providing a disk offering, its current disk offering must be customizable."
    end
    return offering.size * GIB
  end
  if not arguments.size then
    refuse "To change a volume's size without providing a new disk offering, its size has to be specified."
  end
  refuse_custom_size(m, arguments.size)
  return arguments.size * GIB
end

local function refuse_resize(m, volume, arguments, account)
  if volume.ghost or volume.removed then refusal.invalid "No such volume" end
  if volume.state ~= "Ready" and volume.state ~= "Allocated" then
    refuse("Volume %s is not in ready or allocated state", volume_rows.described(volume))
  end
  local size = new_size(m, volume, arguments)
  if size < volume.size and not arguments.shrinkok then
    refuse("Going from existing size of %d to size of %d would shrink the volume.Need to sign off by supplying the "
      .. "shrinkok parameter with value of true.", volume.size, size)
  end
  limits.check(m, volume.account or account, { primary_storage = size - volume.size })
  return size
end

local function run(m, call)
  local volume, arguments = call.arguments.id, call.arguments
  return jobs.answer(jobs.start(m, call, {
    instance = volume, instance_type = "Volume", queue = volume.vm,
    check = function() refuse_resize(m, volume, arguments, call.account) end,
    finish = function()
      volume.size = refuse_resize(m, volume, arguments, call.account)
      volume.offering = arguments.diskofferingid or volume.offering
      return { volume = volume_rows.row(m, volume, call.account) }
    end,
  }))
end

resize.commands = {
  { name = "resizeVolume", run = run, class = "org.apache.cloudstack.api.command.user.volume.ResizeVolumeCmd",
    admin_class = "org.apache.cloudstack.api.command.admin.volume.ResizeVolumeCmdByAdmin", parameters = {
      { "id", "uuid", of = "volume", required = true, acl = true }, { "size", "long" }, { "shrinkok", "boolean" },
      { "diskofferingid", "uuid", of = "disk_offering" },
    } },
}

return resize
