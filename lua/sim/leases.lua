-- Leases of VMs, which are since 4.21 where instance.lease.enabled says so: when the days of its lease are over CloudStack stops or
-- destroys the VM, whatever runs in it. A deploy may name a lease; without one it gets its service offering's, unless leaseduration
-- is -1 (source: VmLeaseServiceImpl and VMLeaseManagerImpl).
local refusal = require "sim.refusal"
local vm_destroy = require "sim.vm_destroy"
local vm_running = require "sim.vm_running"

local leases = {}

local DAY, LONGEST = 86400, 36500 -- seconds; days
local ACTIONS = { STOP = true, DESTROY = true }

local function is_modelled(m) return m.version:at_least "4.21" and m:setting "instance.lease.enabled" end

-- Refuses a lease that a deploy names and that is half a lease.
function leases.check(m, arguments)
  local days, action = arguments.leaseduration, arguments.leaseexpiryaction
  if not is_modelled(m) or days == -1 or not (days or action) then return end
  if not days or days < 1 or days > LONGEST then
    refusal.invalid "Invalid leaseduration: must be a natural number (>=1) or -1, max supported value is 36500"
  end
  if not action then refusal.invalid "Provide values for both: leaseduration and leaseexpiryaction" end
  if not ACTIONS[action:upper()] then
    refusal.invalid "Invalid value configured for leaseexpiryaction, valid values are: STOP, DESTROY"
  end
end

local END = {}

function END.STOP(m, vm)
  if vm.host then vm_running.stopped(m, vm) end
end

function END.DESTROY(m, vm)
  if not vm.protected then vm_destroy.destroy(m, vm) end
end

local function expire(m, vm)
  if vm.removed or vm.state ~= "Running" and vm.state ~= "Stopped" then return end
  END[vm.lease.action](m, vm)
end

-- Gives a new VM the lease that the deploy's arguments or its offering name, if any.
function leases.give(m, vm, arguments)
  local days, action = arguments.leaseduration or vm.offering.lease_days, arguments.leaseexpiryaction or vm.offering.lease_action
  if not is_modelled(m) or not days or days < 1 or not action then return end
  vm.lease = { days = days, action = action:upper(), ends = m:now() + days * DAY }
  m.schedule:after(days * DAY, function() expire(m, vm) end)
end

function leases.show_offering(m, out, offering)
  if m.version:at_least "4.21" then out.leaseduration, out.leaseexpiryaction = offering.lease_days, offering.lease_action end
end

return leases
