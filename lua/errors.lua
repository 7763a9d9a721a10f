-- The ten errors that a BOSH director knows; any other type becomes "Unknown CPI error" there.
--
-- Every constructor takes (format, ...) as string.format does and returns an error value
-- { type, message, ok_to_retry } for error(). An error value is never changed: a caller that knows more raises another one,
-- error:wrapped(words) or error:with{ ... }. Only create_vm's VMCreationFailed is ever retried by the
-- director (bosh src/bosh-director/lib/bosh/director/deployment_plan/steps/create_vm_step.rb), so only
-- vm_creation_retriable says ok_to_retry.

local Error = {}
Error.__index = Error

function Error.__newindex(_, name)
  error(("an error value is not changed: '%s'"):format(tostring(name)), 2)
end

function Error:__tostring()
  return self.type .. ": " .. self.message
end

-- The same error with other fields: message, ok_to_retry, or failure (the record of the CloudStack command that failed, as
-- lua/cloudstack/failures.lua makes it).
function Error:with(fields)
  local other = {}
  for name, value in pairs(self) do other[name] = value end
  for name, value in pairs(fields) do other[name] = value end
  return setmetatable(other, Error)
end

-- The same error with more to say. cause is the error as it was.
function Error:wrapped(message)
  return self:with { message = message, cause = self }
end

local classes = {} -- each name once

-- exit_code: what the error is worth where an operator's command ends with it; 1 without one.
local function kind(name, ok_to_retry, exit_code)
  classes[name] = true
  return function(format, ...)
    return setmetatable({
      type = "Bosh::Clouds::" .. name,
      message = format:format(...),
      ok_to_retry = ok_to_retry or false, exit_code = exit_code,
    }, Error)
  end
end

local errors = {
  cpi = kind "CpiError",
  configuration = kind("CpiError", false, 2),
  not_supported = kind "NotSupported",
  not_implemented = kind "NotImplemented",
  cloud = kind "CloudError",
  vm_not_found = kind "VMNotFound",
  network_not_found = kind "NetworkNotFound",
  no_disk_space = kind "NoDiskSpace",
  disk_not_attached = kind "DiskNotAttached",
  disk_not_found = kind "DiskNotFound",
  vm_creation_failed = kind "VMCreationFailed",
  vm_creation_retriable = kind("VMCreationFailed", true),
}

errors.CLASSES = classes -- { NAME = true } of the classes without "Bosh::Clouds::"

-- Is this an error value of ours (and not a bug's string)?
function errors.is(value)
  return getmetatable(value) == Error
end

-- The words of any error value, for a message that quotes it.
function errors.words(value)
  return errors.is(value) and value.message or tostring(value)
end

return errors
