-- The end of a load balancer that we made: it goes with its last VM.

local load_balancers = require "cloudstack.load_balancers"
local made_by = require "cloudstack.made_by"
local orphans = require "made.orphans"
local tags = require "cloudstack.tags"

local load_balancer_end = {}

-- Is it without a VM, and without one about to join, other than the VM of that CID? A process that joins a VM sets the VM's tag before it
-- assigns the VM, so a tag of a VM counts as a VM.
local function is_empty(row, members, vm_cid)
  if #members > 0 then return false end
  for key in pairs(tags.of(row)) do
    if key:find(orphans.OF_A_VM) and key ~= vm_cid then return false end
  end
  return true
end

-- Did we make it? The description says so from its first moment on; the tag says so of one that we took over as well.
local function is_ours(cpi, item)
  local row = item.row
  return item.made or row and (tags.of(row)[orphans.MADE] ~= nil or made_by.us(cpi, row.description) ~= nil)
end

-- The load balancers among the items that we made and that are empty now.
local function emptied(cpi, list, vm_cid)
  local ours, requests = {}, {}
  for _, item in ipairs(list) do
    if item.role == "member" and not item.gone and is_ours(cpi, item) then
      ours[#ours + 1] = item
      requests["rule " .. #ours] = load_balancers.request_by_id(item.id)
      requests["members " .. #ours] = load_balancers.members_request(item.id)
    end
  end
  if #ours == 0 then return {} end
  local found, empty = cpi.cloudstack:gather(requests), {}
  for i, item in ipairs(ours) do
    local row = found["rule " .. i][1]
    if row and is_empty(row, found["members " .. i], vm_cid) then empty[#empty + 1] = item end
  end
  return empty
end

-- Deletes what the VM of that CID was the last to use among the items (made/belongings.lua), and notes on each that it is gone.
-- Raises CloudError when one stays; failed(item), where given, is called before that.
function load_balancer_end.delete_emptied(cpi, list, vm_cid, failed)
  local empty, requests = emptied(cpi, list, vm_cid), {}
  for i, item in ipairs(empty) do requests[i] = load_balancers.delete_request(cpi, item.id) end
  if #requests == 0 then return end
  for i, task in ipairs(cpi.cloudstack:wait(cpi.cloudstack:start(requests))) do
    if task.failure and #cpi.cloudstack:rows(load_balancers.request_by_id(empty[i].id)) > 0 then
      if failed then failed(empty[i]) end
      cpi.cloudstack.raise(task.failure, requests[i].what)
    end
    empty[i].gone = true
  end
end

return load_balancer_end
