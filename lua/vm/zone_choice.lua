-- The zones of a VM, one after the other: where it may be, and what its plan is there.

local aspects = require "vm.aspects"
local disk_placement = require "disks.placement"
local errors = require "errors"
local tables = require "base.tables"
local templates = require "cloudstack.templates"
local zones = require "cloudstack.zones"

-- zone_choice(cpi, order, list, found, prepare) -> next(wanted) -> { found, plan } of the zone to try next, of those that the
-- manifest allows, or nil: `wanted` is the name of the one that the policy would have, else they come in their order. What is
-- wrong in the first one is raised; a later one that cannot do is passed over. All decisions fall here, before a VM is made.
--   list     the aspects that the VM has; order, found and plan as vm/aspects.lua has them
--   prepare  prepare(found, is_to_copy) makes the stemcell's template ready in found.zone
return function(cpi, order, list, found, prepare)
  local left, place = disk_placement.of_vm(cpi, order, found)
  local earlier

  local function take(wanted)
    for i, name in ipairs(left) do
      if name == (wanted or left[1]) then return table.remove(left, i) end
    end
  end

  local function choose(name)
    local zone = zones.pick(found.zones, name)
    local template, is_to_copy = templates.pick(found.templates, order.stemcell_cid, zone)
    local seen = tables.with(found, { zone = zone, template = template, zones_left = left })
    local plan = aspects.plan(list, cpi, order, seen, earlier)
    prepare(seen, is_to_copy)
    if not earlier then plan.placement = place end
    return { found = seen, plan = plan }
  end

  return function(wanted)
    while #left > 0 do
      local name = take(wanted) or take()
      local ok, choice = pcall(choose, name)
      if ok then
        earlier = earlier or choice.plan
        return choice
      end
      if not earlier or not errors.is(choice) then error(choice, 0) end
      cpi.log.warn("zone '%s' will not do: %s", name, errors.words(choice))
    end
  end
end
