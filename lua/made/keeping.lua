-- VMs that failed and are kept for a look, as the failed_vm policy says: for good, or until a moment that a tag of the VM and the
-- journal have. From then on it is removed as anything that nobody needs: by gc, and by the next process that replays the journal.

local moment = require "base.moment"
local tables = require "base.tables"
local tags = require "cloudstack.tags"

local keeping = {}

local TAG = "bosh_keep_until" -- seconds since 1970

-- keep(cpi, vm, owned, entry, seconds)
--   vm       its row;  owned  the tags that it is to have, by which it is found again: it may have failed before it got them
--   entry    the journal's;  seconds  for how long, nil for good
function keeping.keep(cpi, vm, owned, entry, seconds)
  if seconds then
    local ending = math.floor(cpi.clock.utc() + seconds)
    cpi.log.warn("VM %s is kept as it failed until %s, as the failed_vm policy says", vm.name, moment.text(ending))
    entry.note { kept = true, kept_until = ending }
    owned = tables.with(owned, { [TAG] = tostring(ending) })
  else
    cpi.log.warn("VM %s is kept as it failed, as the failed_vm policy says", vm.name)
    entry.note { kept = true }
  end
  tags.merge(cpi, "UserVm", vm, owned)
end

-- Is the time over? ending: as the journal has it; nil: it is kept for good.
function keeping.is_over(ending, now)
  return math.type(ending) ~= nil and now >= ending
end

-- of(set, now) -> whether a VM with these tags is kept now; and why it may go, where it was.
function keeping.of(set, now)
  local ending = math.tointeger(tonumber(set[TAG]))
  if not ending then return false end
  if not keeping.is_over(ending, now) then return true end
  return false, "it failed, and was kept for a look until " .. moment.text(ending)
end

return keeping
