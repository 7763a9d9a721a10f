-- What a process was killed over after it had made it for a VM, and before it could tag it: public addresses and firewall
-- rules. CloudStack gives them no name, but the job that makes one has an id that follows from the VM's CID (made/job_ids.lua):
-- whoever has the CID can ask what came of the job, as long as CloudStack remembers it (job.expire.minutes: a day).

local addresses = require "cloudstack.addresses"
local dates = require "cloudstack.dates"
local firewall = require "cloudstack.firewall"
local job_ids = require "made.job_ids"
local load_balancers = require "cloudstack.load_balancers"
local refusals = require "cloudstack.refusals"
local tags = require "cloudstack.tags"

local untagged = {}

local KINDS = {
  { word = "address", kind = "PublicIpAddress", role = "acquired", command = "associateIpAddress", look = addresses.request_by_id },
  { word = "firewall rule", kind = "FirewallRule", role = "rule", command = "createFirewallRule", look = firewall.request_by_id },
}
local AT_ONCE = 4 -- jobs of each kind that are asked for together, until CloudStack knows none of them
local PENDING = 0
local SLACK = 5 -- seconds between an address and the end of its job

-- ---------------------------------------------------------------------------------------------------------
-- asking the jobs

-- The answers to queryAsyncJobResult, false for jobs that CloudStack does not know. Raises CloudError.
local function ask(cpi, jobids)
  local requests, answers = {}, {}
  for i, jobid in ipairs(jobids) do requests[i] = { "queryAsyncJobResult", { jobid = jobid } } end
  for i, outcome in ipairs(#requests > 0 and cpi.cloudstack:wave(requests) or {}) do
    local failure = outcome.failure
    if failure and not refusals.is(failure, "bad_parameter") then cpi.cloudstack.raise(failure) end
    answers[i] = outcome.payload or false
  end
  return answers
end

-- What a job of that kind says when it is over.
local function over(cpi, one, jobid, answer)
  if answer.jobstatus ~= PENDING then return answer end
  cpi.cloudstack:made_by(one.command, jobid, cpi.settings.cloudstack.timeout.global)
  return ask(cpi, { jobid })[1]
end

-- Adds the next things of a kind to the list -> whether there may be more.
local function add_next(cpi, one, vm_cid, from, list)
  local jobids, is_known = {}, false
  for nth = from, from + AT_ONCE - 1 do jobids[#jobids + 1] = job_ids.of(cpi, vm_cid, one.word, nth) end
  for i, answer in ipairs(ask(cpi, jobids)) do
    local job = answer and over(cpi, one, jobids[i], answer)
    is_known = is_known or answer ~= false
    if job and type(job.jobinstanceid) == "string" then
      list[#list + 1] = { kind = one.kind, word = one.word, role = one.role, id = job.jobinstanceid, look = one.look,
        made = dates.seconds(job.completed) or dates.seconds(job.created) }
    end
  end
  return is_known
end

-- ---------------------------------------------------------------------------------------------------------
-- what is still as it was made

-- An address that was released and taken again is another's, under the same id.
local function is_as_made(item)
  local row = item.row
  if not row or next(tags.of(row)) ~= nil then return false end
  if item.kind ~= "PublicIpAddress" then return true end
  local allocated = dates.seconds(row.allocated)
  return not row.issourcenat and allocated ~= nil and item.made ~= nil and allocated <= item.made + SLACK
end

-- Has somebody else found a use for the address? vm: the row of the VM, or nil. A role that never makes such rules need not
-- allow their lists.
local function is_used(cpi, item, vm, ours)
  local row = item.row
  if row.isstaticnat and not (vm and row.virtualmachineid == vm.id) then return true end
  for i, task in ipairs(cpi.cloudstack:start { load_balancers.request_on(item.id), firewall.request(item.id) }) do
    if task.failure and not refusals.is(task.failure, "command_not_allowed") then cpi.cloudstack.raise(task.failure) end
    for _, rule in ipairs(task.rows or {}) do
      if i == 1 or not ours[rule.id] then return true end
    end
  end
  return false
end

-- find(cpi, vm_cid, vm) -> list of { kind, word, id, role, row } as belongings.take_away wants them; vm: its row, or nil where
-- it is gone. Raises CloudError.
function untagged.find(cpi, vm_cid, vm)
  local list, requests, ours, found = {}, {}, {}, {}
  for _, one in ipairs(KINDS) do
    local from = 1
    while add_next(cpi, one, vm_cid, from, list) do from = from + AT_ONCE end
  end
  for i, item in ipairs(list) do requests[tostring(i)], ours[item.id] = item.look(item.id), true end
  local rows = #list > 0 and cpi.cloudstack:gather(requests) or {}
  for i, item in ipairs(list) do
    item.row = rows[tostring(i)][1]
    if is_as_made(item) and not (item.kind == "PublicIpAddress" and is_used(cpi, item, vm, ours)) then found[#found + 1] = item end
  end
  return found
end

return untagged
