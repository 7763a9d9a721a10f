-- The tags of a new VM, and of the disk that is made with it, which cannot be given a name.

local naming = require "made.names"
local refusals = require "cloudstack.refusals"
local tags = require "cloudstack.tags"
local vm_disks = require "disks.with_vm"
local volumes = require "cloudstack.volumes"

local tagging = {}

-- start(cpi, vm_id, plan, try) -> tasks under way. Called while the VM starts.
function tagging.start(cpi, vm_id, plan, try)
  local client = cpi.cloudstack
  local requests = { tags.create_request(cpi, "UserVm", vm_id, try.names.tags) }
  if plan.disks.ephemeral then requests[2] = volumes.request_of_vm({ id = vm_id }) end
  local tasks = client:start(requests)
  local more = {}
  for _, volume in ipairs(vm_disks.made_with(tasks[2] and tasks[2].rows or {})) do
    local wanted = naming.of(cpi, "ephemeral-disk", volume.name, { vm_cid = try.vm_cid, instance = try.instance }).tags
    wanted[volumes.EPHEMERAL_TAG] = try.vm_cid
    more[#more + 1] = tags.create_request(cpi, "Volume", volume.id, wanted)
  end
  for _, task in ipairs(#more > 0 and client:start(more) or {}) do tasks[#tasks + 1] = task end
  return tasks
end

-- Once the VM runs: tasks, those of start(), are over. A VM is worth more than its tags, yet the ephemeral disk is deleted by
-- its tag: what failed is tried again, and only then warned about.
function tagging.mend(cpi, tasks, vm_id, plan, try)
  local failed
  for _, task in ipairs(tasks) do failed = failed or task.failure end
  if not failed then return end
  for _, task in ipairs(cpi.cloudstack:wait(tagging.start(cpi, vm_id, plan, try))) do
    if task.failure and not refusals.is(task.failure, "tag_is_there") then
      cpi.log.warn("VM %s lacks a tag: %s", try.vm_cid, cpi.cloudstack.say(task.failure))
    end
  end
end

return tagging
