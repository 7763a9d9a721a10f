-- Whether a persistent disk may be made as it was ordered, and with which cloud_properties: the decision `disk`. Ours leaves every
-- order as it is, so where no file of the site decides, nothing is asked.

local admitted = require "request.admitted"
local disk_order = require "disks.order"

-- admission(cpi, verb, order, more) -> the order as it is to be made.
--   order  as disks/order.lua reads it, with `instance`: whose disk it is, by the tags of its VM or its own
--   more   { vm = { name, zone, offering }, disk_cid }, what is known
-- Raises CloudError in the site's words where it refuses the disk, and CpiError where its cloud_properties are none.
return function(cpi, verb, order, more)
  local function facts()
    return { verb = verb, size = order.gigabytes, cloud_properties = admitted.facts(order.given_properties, cpi.json.null), vm = more.vm,
      disk_cid = more.disk_cid }
  end
  if not cpi.decide.matters("disk", facts, order.instance, "as ordered") then return order end
  local answer = cpi.decide("disk", facts(), order.instance)
  return admitted.read(cpi, "disk", answer, order, disk_order.properties, disk_order.WHAT)
end
