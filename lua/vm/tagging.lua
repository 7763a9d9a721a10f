-- The tags of a new VM, and of the disk that is made with it, which cannot be given a name.

local naming = require "made.names"
local refusals = require "cloudstack.refusals"
local tags = require "cloudstack.tags"
local vm_disks = require "disks.with_vm"
local volumes = require "cloudstack.volumes"

local tagging = {}

-- requests(cpi, one) -> the first ones, which go out together: the VM's tags, and where a disk was made with it the question
-- which one that is. one: an attempt (vm/attempt.lua).
function tagging.requests(cpi, one)
  return { tags.create_request(cpi, "UserVm", one.id, one.try.names.tags),
    one.plan.disks.ephemeral and volumes.request_of_vm({ id = one.id }) or nil }
end

-- follow(cpi, one, of_vm, look): the tasks of those requests; tags the disks too -> the tasks under way.
function tagging.follow(cpi, one, of_vm, look)
  local more, tasks = {}, { of_vm, look }
  for _, volume in ipairs(vm_disks.made_with(look and look.rows or {})) do
    local wanted = naming.of(cpi, "ephemeral-disk", volume.name, { vm_cid = one.try.vm_cid, instance = one.try.instance }).tags
    wanted[volumes.EPHEMERAL_TAG] = one.try.vm_cid
    more[#more + 1] = tags.create_request(cpi, "Volume", volume.id, wanted)
  end
  for _, task in ipairs(#more > 0 and cpi.cloudstack:start(more) or {}) do tasks[#tasks + 1] = task end
  return tasks
end

-- mend(cpi, one): once the VM runs and the tasks one.tags are over. A VM is worth more than its tags, yet the ephemeral disk is
-- deleted by its tag: what failed is tried again, and only then warned about.
function tagging.mend(cpi, one)
  local failed
  for _, task in ipairs(one.tags) do failed = failed or task.failure end
  if not failed then return end
  local first = cpi.cloudstack:start(tagging.requests(cpi, one))
  for _, task in ipairs(cpi.cloudstack:wait(tagging.follow(cpi, one, first[1], first[2]))) do
    if task.failure and not refusals.is(task.failure, "tag_is_there") then
      cpi.log.warn("VM %s lacks a tag: %s", one.try.vm_cid, cpi.cloudstack.say(task.failure))
    end
  end
end

return tagging
