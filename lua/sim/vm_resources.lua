-- What a VM is to have: processors and memory by its offering, a root disk by its template, a data disk.
local parameters = require "sim.parameters"
local refusal = require "sim.refusal"

local vm_resources = {}

local GIB = 1024 * 1024 * 1024
local GREATEST = 2147483647

local function whole(text, name, least, most)
  local number = math.tointeger(tonumber(text))
  least, most = tonumber(least) or 1, tonumber(most) or GREATEST
  if not number or number < least or number > most then
    refusal.invalid("Invalid %s value, specify a value between %d and %d", name, least, most)
  end
  return number
end

-- Custom offerings take the numbers from details[n], fixed ones refuse them there.
function vm_resources.compute(offering, details)
  local cpu, mhz, memory = details.cpuNumber, details.cpuSpeed, details.memory
  if not offering.customized then
    if cpu or mhz or memory then
      refusal.invalid "cpuNumber or cpuSpeed or memory should not be specified for static service offering"
    end
    return offering.cpu, offering.mhz, offering.memory
  end
  if not (cpu and mhz and memory) then
    refusal.invalid "Need to specify custom parameter values cpu, cpu speed and memory when using custom offering"
  end
  local limits = offering.limits or {}
  return whole(cpu, "CPU cores", limits.mincpunumber, limits.maxcpunumber), whole(mhz, "CPU speed"),
    whole(memory, "memory", limits.minmemory, limits.maxmemory)
end

local function refuse_root_size(m, template, gigabytes)
  if gigabytes <= 0 then refusal.invalid "Root disk size should be a positive number." end
  local most = m:setting "storage.max.volume.size"
  if gigabytes > most then
    local shown = gigabytes >= 1024 and ("%.4f TB"):format(gigabytes / 1024) or ("%.2f GB"):format(gigabytes)
    refusal.invalid("Requested volume size is %s, but the maximum size allowed is %d GB.", shown, most)
  end
  if gigabytes * GIB < template.size then
    refusal.invalid("Unsupported: rootdisksize override (%d GB) is smaller than template size (%.2f GB) %d", gigabytes,
      template.size / GIB, template.size)
  end
end

-- Bytes of the root disk: what is asked for, else what the offering says, else the template's size.
function vm_resources.root_size(m, template, arguments, details)
  local wanted = arguments.rootdisksize
  if not wanted and details.rootdisksize then
    wanted = math.tointeger(tonumber(details.rootdisksize)) or 0
  end
  if wanted then
    refuse_root_size(m, template, wanted)
    return wanted * GIB
  end
  return math.max(template.size, arguments.serviceofferingid.rootdisksize * GIB)
end

local function refuse_custom_size(m, gigabytes)
  local least, most = m:setting "custom.diskoffering.size.min", m:setting "custom.diskoffering.size.max"
  if gigabytes < least or gigabytes > most then
    refusal.invalid("Volume size: %d GB is out of allowed range. Min: %d. Max: %d", gigabytes, least, most)
  end
end
vm_resources.refuse_custom_size = refuse_custom_size

-- Bytes of the data disk that is made with the VM; a size given with a fixed offering is not looked at.
function vm_resources.data_size(m, offering, gigabytes)
  if not offering then return nil end
  if not offering.customized then return offering.size * GIB end
  if not gigabytes then refusal.invalid "This disk offering requires a custom size specified" end
  refuse_custom_size(m, gigabytes)
  return gigabytes * GIB
end

-- An offering that is restricted to a zone can't be used in another one.
function vm_resources.refuse_foreign_zone(account_text, offering, zone, kind)
  if offering and offering.zone and offering.zone ~= zone then
    refusal.denied("There's no way to confirm %s has access to %s {\"id\":%d,\"name\":\"%s\",\"uuid\":\"%s\"}.",
      account_text, kind, offering.number, offering.name, offering.id)
  end
end

-- The details that stay with the VM and are shown.
function vm_resources.kept_details(map)
  local out = parameters.merged(map)
  out.rootdisksize = nil
  return out
end

return vm_resources
