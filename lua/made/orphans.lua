-- What was made for a VM and outlived it: public addresses, firewall rules, load balancers, affinity groups.
--
-- They carry the VM's tag and the director's (vm/belongings), and a group says in its description whose it is. CloudStack
-- tells no dates of rules and load balancers: they are as old as the address that was taken for the same VM, and otherwise
-- that the VM is gone is what counts. A thing that anybody else uses is none of ours:
-- an address with static NAT, with a load balancer or with a firewall rule that is not ours; a rule with members or with
-- the tag of a VM that lives; a group with a living VM.

local addresses = require "cloudstack.addresses"
local affinity_claims = require "made.affinity_claims"
local affinity_groups = require "cloudstack.affinity_groups"
local belongings = require "made.belongings"
local dates = require "cloudstack.dates"
local errors = require "errors"
local firewall = require "cloudstack.firewall"
local load_balancers = require "cloudstack.load_balancers"
local made_by = require "cloudstack.made_by"
local refusals = require "cloudstack.refusals"
local tags = require "cloudstack.tags"
local vms = require "cloudstack.vms"

local orphans = {}

local LISTS = {
  { "address", addresses.request_all }, { "firewall rule", firewall.request_all },
  { "load balancer", load_balancers.request_all }, { "affinity group", affinity_groups.request },
}

-- The rows of each kind, for find(). A role that never makes such things need not allow their lists.
function orphans.look_up(cpi)
  local requests, rows = {}, {}
  for i, one in ipairs(LISTS) do requests[i] = one[2]() end
  for i, task in ipairs(cpi.cloudstack:start(requests)) do
    local failure = task.failure
    if failure and not refusals.is(failure, "command_not_allowed") then cpi.cloudstack.raise(failure) end
    if failure then cpi.log.warn("not looked at: %s", cpi.cloudstack.say(failure)) end
    rows[LISTS[i][1]] = failure and {} or task.rows
  end
  return rows
end

-- The VMs whose tag a row of this director carries; nil for somebody else's, and where one of them lives.
local function gone_vms(cpi, row, search)
  local set, list = tags.of(row), {}
  if set.director_uuid ~= cpi.context.director_uuid then return nil end
  for key in pairs(set) do
    if key:find(belongings.MEMBER) then
      if search.vms[key] or search.young[key] then return nil end
      list[#list + 1] = key
    end
  end
  table.sort(list)
  return #list > 0 and list or nil
end

local function is_any(rows, test)
  for _, row in ipairs(rows) do
    if test(row) then return true end
  end
  return false
end

local judges = {}

-- The VMs for which an address was taken lately: what they have beside it is no older.
local function young_vms(rows, search)
  local young = {}
  for _, row in ipairs(rows.address) do
    local allocated = dates.seconds(row.allocated)
    for key, role in pairs(tags.of(row)) do
      if role == "acquired" and not (allocated and search.now - allocated >= search.older_than) then young[key] = true end
    end
  end
  return young
end

judges.address = function(cpi, row, search, rows)
  if row.issourcenat or row.isstaticnat then return nil end
  local gone = gone_vms(cpi, row, search)
  if not gone or tags.of(row)[gone[1]] ~= "acquired" then return nil end
  local is_used = is_any(rows["load balancer"], function(one) return one.publicipid == row.id end)
    or is_any(rows["firewall rule"], function(one)
      return one.ipaddressid == row.id and tags.of(one).director_uuid ~= cpi.context.director_uuid
    end)
  return not is_used and gone or nil
end

judges["firewall rule"] = gone_vms

-- Does the description say that this director had it made, long enough ago?
local function is_old_and_ours(cpi, row, search)
  local made = made_by.us(cpi, row.description)
  return made ~= nil and search.now - made.since >= search.older_than
end

-- Its process may have been killed before it could tag it: then the description tells whose it is.
judges["load balancer"] = function(cpi, row, search)
  local gone
  if next(tags.of(row)) == nil then
    gone = is_old_and_ours(cpi, row, search) and {}
  elseif tags.of(row)[belongings.MADE] == cpi.context.director_uuid then
    gone = gone_vms(cpi, row, search)
  end
  return gone and #cpi.cloudstack:rows(load_balancers.members_request(row.id)) == 0 and gone or nil
end

judges["affinity group"] = function(cpi, row, search)
  return is_old_and_ours(cpi, row, search) and affinity_groups.is_empty(cpi, row) and {} or nil
end

-- find(cpi, rows, search) -> list of { kind, cid, id, row, why, gone = CIDs of its VMs }; rows as look_up() gives them;
-- search: { vms = set of the CIDs of VMs that live, looked at after the rows, older_than = seconds,
-- now = seconds since 1970 }. Raises CloudError.
function orphans.find(cpi, rows, search)
  local found = {}
  search.young = young_vms(rows, search)
  for _, one in ipairs(LISTS) do
    local kind = one[1]
    for _, row in ipairs(rows[kind]) do
      local gone = judges[kind](cpi, row, search, rows)
      if gone then
        found[#found + 1] = { kind = kind, cid = row.ipaddress or row.name or gone[1], id = row.id, row = row, gone = gone,
          is_suspect = false, why = #gone > 0 and ("its VM %s is gone"):format(table.concat(gone, ", ")) or "no VM is in it" }
      end
    end
  end
  return found
end

-- Removes it as delete_vm would have. Raises CloudError where it stays.
function orphans.remove(cpi, one)
  if one.kind == "affinity group" then
    affinity_claims.remove(cpi, one.row)
  elseif #one.gone == 0 then
    cpi.cloudstack:job(load_balancers.delete_request(cpi, one.id))
  end
  for _, vm_cid in ipairs(one.gone) do
    if vms.find(cpi, vm_cid) then error(errors.cloud("VM %s is there", vm_cid)) end
    belongings.take_away(cpi, vm_cid, belongings.of(cpi.cloudstack:rows(belongings.request(vm_cid)), nil), nil)
  end
end

return orphans
