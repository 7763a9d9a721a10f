-- The vocabulary of the observed scenarios: short ways to write the calls that lead to a situation.
-- "$name" stands for an id of the world or one that an earlier step kept; the spec puts it in.
local steps = {}

-- Values that a row's `has` can ask for beside plain ones.
local shape = require "tests.support.shape"
steps.ABSENT, steps.ANY = shape.ABSENT, shape.ANY

-- An id of the right form that nothing ever had.
steps.NOBODY = "7d5d1a3e-52f5-4c6a-9f0b-2f6d3f1c9b11"

-- The text of every id, foreign or malformed, that a command cannot resolve.
function steps.unresolved(command, parameter, value)
  return ("Unable to execute API command %s due to invalid value. Invalid parameter %s value=%s due to incorrect"
    .. " long value format, or entity does not exist or due to incorrect parameter annotation for the field in api"
    .. " cmd class."):format(command:lower(), parameter, value)
end

steps.MASKED = "Internal error executing command, please contact your system administrator"
steps.FORBIDDEN = "Caller does not have permission to operate with provided resource."

local function merged(base, more)
  for name, value in pairs(more or {}) do base[name] = value end
  for name, value in pairs(base) do
    if value == steps.ABSENT then base[name] = nil end
  end
  return base
end

-- A step is { command, parameters, as = name under which its id is kept, by = who sends it }.
function steps.call(command, parameters, how)
  return merged({ command, parameters or {} }, how)
end

function steps.deploy(name, more, how)
  return steps.call("deployVirtualMachine", merged({
    name = name, zoneid = "$zone", templateid = "$template", serviceofferingid = "$offering.shared.small",
    networkids = "$net.bosh-net",
  }, more), how)
end

function steps.vm(name, more)
  return steps.deploy(name, more, { as = "vm" })
end

function steps.volume(name, more, how)
  return steps.call("createVolume", merged({
    name = name, zoneid = "$zone", diskofferingid = "$disk.shared.custom", size = 1,
  }, more), how)
end

function steps.disk(name, more)
  return steps.volume(name, more, { as = "disk" })
end

function steps.attach(more, how)
  return steps.call("attachVolume", merged({ id = "$disk", virtualmachineid = "$vm" }, more), how)
end

function steps.on_vm(command, more, how)
  return steps.call(command, merged({ id = "$vm" }, more), how)
end

function steps.on_disk(command, more, how)
  return steps.call(command, merged({ id = "$disk" }, more), how)
end

function steps.tags(command, resource, kind, key, value, how)
  return steps.call(command, {
    resourceids = resource, resourcetype = kind, ["tags[0].key"] = key, ["tags[0].value"] = value,
  }, how)
end

function steps.list(command, parameters, how)
  return steps.call(command, parameters, how)
end

-- The commands of an admin on behalf of the account whose CPI is observed.
function steps.on_behalf(more)
  return merged({ account = "bosh", domainid = "$domain" }, more)
end

return steps
