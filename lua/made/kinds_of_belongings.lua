-- The rows of made/kinds.lua for what a VM has outside itself: public addresses, firewall rules, load balancers. They stand
-- below the others because a VM's removal goes by them (made/belongings.lua, made/untagged.lua).
--
-- Besides the fields that every row has (made/kinds.lua):
--   request_by_id(id)   the list of the one of that id
--   command             what makes it, where its job has an id that follows from the VM's CID (made/job_ids.lua); else false
--   role                the VM's tag on one that was made for the VM alone (made/belongings.lua); false where it is shared
--
-- They have no CID of their own. One without any tag was made by a process that did not live to tag it; with the VM's tag it
-- goes with the VM.

local addresses = require "cloudstack.addresses"
local firewall = require "cloudstack.firewall"
local load_balancers = require "cloudstack.load_balancers"
local orphans = require "made.orphans"
local recognition = require "made.recognition"
local tags = require "cloudstack.tags"
local vms = require "cloudstack.vms"

local function is_not_wanted() return false end

local function has_tags(row) return next(tags.of(row)) ~= nil end

local function is_any(rows, test)
  for _, row in ipairs(rows) do
    if test(row) then return true end
  end
  return false
end

local address = {
  name = "address", in_gc = "address", in_cloudstack = "PublicIpAddress", in_names = false,
  phase = "orphans", list = addresses.request_all, request_by_id = addresses.request_by_id,
  command = "associateIpAddress", role = orphans.ACQUIRED, is_wanted = is_not_wanted,
}

function address.find(cpi, record) return recognition.by_id_or_job(cpi, record, addresses.request_by_id) end

-- An address that leads to the VM it was acquired for is not yet used: nobody may know that VM, and where the VM's tag is
-- missing, no delete_vm would release the address.
function address.is_used(cpi, row, record)
  if row.issourcenat or has_tags(row) then return true end
  if not row.isstaticnat then return false end
  local vm = row.virtualmachinename == record.vm and vms.find(cpi, record.vm)
  return not vm or recognition.is_vm_used(cpi, vm)
end

-- One with static NAT, with a load balancer or with a firewall rule that is not ours is somebody's.
function address.judge(cpi, row, search, rows)
  if row.issourcenat or row.isstaticnat then return nil end
  local gone = orphans.gone_vms(cpi, row, search)
  if not gone or tags.of(row)[gone[1]] ~= address.role then return nil end
  local is_used = is_any(rows["load balancer"], function(one) return one.publicipid == row.id end)
    or is_any(rows["firewall rule"], function(one)
      return one.ipaddressid == row.id and tags.of(one).director_uuid ~= cpi.context.director_uuid
    end)
  return not is_used and orphans.outlived(row, gone) or nil
end

function address.remove(cpi, row)
  if row then cpi.cloudstack:job(addresses.release_request(cpi, row.id)) end
end

local firewall_rule = {
  name = "firewall rule", in_gc = "firewall rule", in_cloudstack = "FirewallRule", in_names = false,
  phase = "orphans", list = firewall.request_all, request_by_id = firewall.request_by_id,
  command = "createFirewallRule", role = "rule", is_wanted = is_not_wanted,
}

function firewall_rule.find(cpi, record) return recognition.by_id_or_job(cpi, record, firewall.request_by_id) end
function firewall_rule.is_used(_, row) return has_tags(row) end

function firewall_rule.judge(cpi, row, search)
  return orphans.outlived(row, orphans.gone_vms(cpi, row, search))
end

function firewall_rule.remove(cpi, row)
  if row then cpi.cloudstack:job(firewall.delete_request(cpi, row.id)) end
end

local load_balancer = {
  name = "load balancer", in_gc = "load balancer", in_cloudstack = "LoadBalancer", in_names = false,
  phase = "orphans", list = load_balancers.request_all, request_by_id = load_balancers.request_by_id,
  command = false, role = false, is_wanted = is_not_wanted,
}

local function has_members(cpi, row) return #cpi.cloudstack:rows(load_balancers.members_request(row.id)) > 0 end

function load_balancer.find(cpi, record) return recognition.by_id_or_job(cpi, record, load_balancers.request_by_id) end
function load_balancer.is_used(cpi, row) return has_tags(row) or has_members(cpi, row) end

-- Where its process was killed before it could tag it, the description says whose it is.
function load_balancer.judge(cpi, row, search)
  local gone
  if not has_tags(row) then
    gone = orphans.is_old_and_ours(cpi, row, search) and {} or nil
  elseif tags.of(row)[orphans.MADE] == cpi.context.director_uuid then
    gone = orphans.gone_vms(cpi, row, search)
  end
  return gone and not has_members(cpi, row) and orphans.outlived(row, gone) or nil
end

function load_balancer.remove(cpi, row)
  if row then cpi.cloudstack:job(load_balancers.delete_request(cpi, row.id)) end
end

return { address, firewall_rule, load_balancer }
