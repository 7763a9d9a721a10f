-- Public addresses and firewall rules created for a VM by a process that was killed before it could tag them.
--
-- CloudStack gives them no name, but the job that makes one has an id that follows from the VM's CID (made/job_ids.lua):
-- whoever has the CID can ask what came of the job, as long as CloudStack remembers it (job.expire.minutes: a day).

local dates = require "cloudstack.dates"
local firewall = require "cloudstack.firewall"
local job_ids = require "made.job_ids"
local kinds_of_belongings = require "made.kinds_of_belongings"
local load_balancers = require "cloudstack.load_balancers"
local refusals = require "cloudstack.refusals"
local tags = require "cloudstack.tags"

local untagged = {}

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

-- What CloudStack reports of a job of that kind when the job is over.
local function over(cpi, kind, jobid, answer)
  if answer.jobstatus ~= PENDING then return answer end
  cpi.cloudstack:made_by(kind.command, jobid, cpi.settings.cloudstack.timeout.global)
  return ask(cpi, { jobid })[1]
end

-- Adds the next things of a kind to the list -> whether there may be more.
local function add_next(cpi, kind, vm_cid, from, list)
  local jobids, is_any_known = {}, false
  for nth = from, from + AT_ONCE - 1 do jobids[#jobids + 1] = job_ids.of(cpi, vm_cid, kind.name, nth) end
  for i, answer in ipairs(ask(cpi, jobids)) do
    local job = answer and over(cpi, kind, jobids[i], answer)
    is_any_known = is_any_known or answer ~= false
    if job and type(job.jobinstanceid) == "string" then
      list[#list + 1] = { kind = kind.name, role = kind.role, id = job.jobinstanceid, request = kind.request_by_id(job.jobinstanceid),
        made = dates.seconds(job.completed) or dates.seconds(job.created) }
    end
  end
  return is_any_known
end

-- ---------------------------------------------------------------------------------------------------------
-- what is still as it was made

-- An address that was released and taken again is somebody else's, under the same id.
local function is_as_made(item)
  local row = item.row
  if not row or next(tags.of(row)) ~= nil then return false end
  if item.kind ~= "address" then return true end
  local allocated = dates.seconds(row.allocated)
  return not row.issourcenat and allocated ~= nil and item.made ~= nil and allocated <= item.made + SLACK
end

-- Has somebody else found a use for the address? vm: the row of the VM, or nil; ours: a set of the ids that the jobs made. A
-- role that never makes firewall rules or load balancers need not be allowed their lists.
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

-- find(cpi, vm_cid, vm) -> list of { kind, id, role, row } as belongings.take_away wants them; vm: its row, or nil where
-- it is gone. Raises CloudError.
function untagged.find(cpi, vm_cid, vm)
  local list, requests, ours, found = {}, {}, {}, {}
  for _, kind in ipairs(kinds_of_belongings) do
    local from = 1
    while kind.command and add_next(cpi, kind, vm_cid, from, list) do from = from + AT_ONCE end
  end
  for i, item in ipairs(list) do requests[tostring(i)], ours[item.id] = item.request, true end
  local rows = #list > 0 and cpi.cloudstack:gather(requests) or {}
  for i, item in ipairs(list) do
    item.row = rows[tostring(i)][1]
    if is_as_made(item) and not (item.kind == "address" and is_used(cpi, item, vm, ours)) then found[#found + 1] = item end
  end
  return found
end

return untagged
