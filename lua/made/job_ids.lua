-- The ids of the jobs that make a VM's addresses and firewall rules. The CPI may choose them (customjobid): they follow from the
-- VM's CID, so that what a killed process could not tag is found by its job (made/untagged.lua).

local job_ids = {}

-- The id of the job that makes the VM's nth thing of that kind, from 1 on. kind: a name of made/kinds.lua. The rule never
-- changes: jobs of an earlier version are found by it.
function job_ids.of(cpi, vm_cid, kind, nth)
  local digits = cpi.bytes.sha256(("%s %d of VM %s"):format(kind, nth, vm_cid))
  return ("%s-%s-4%s-8%s-%s"):format(digits:sub(1, 8), digits:sub(9, 12), digits:sub(13, 15), digits:sub(16, 18), digits:sub(19, 30))
end

return job_ids
