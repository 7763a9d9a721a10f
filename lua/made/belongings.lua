-- What belongs to a VM besides its disks: public addresses, firewall rules, places in load balancers. How it is tagged,
-- found by the tag, and taken away when the VM goes.
--
-- CloudStack shows none of it with the VM, so each thing carries a tag whose key is the VM's CID and whose value is its role:
-- what to do with it when the VM goes. One listTags by key finds them all, whatever their kind, also after the VM is
-- gone; and a load balancer has a tag for each of its VMs. An item is { kind, id, role }, kind a name of made/kinds.lua.

local addresses = require "cloudstack.addresses"
local firewall = require "cloudstack.firewall"
local kinds_of_belongings = require "made.kinds_of_belongings"
local load_balancer_end = require "made.load_balancer_end"
local load_balancers = require "cloudstack.load_balancers"
local orphans = require "made.orphans"
local refusals = require "cloudstack.refusals"
local tags = require "cloudstack.tags"

local belongings = {}

-- The rows of the kinds by name, and by CloudStack's name for them.
local kinds, by_cloudstack_name = {}, {}
for _, kind in ipairs(kinds_of_belongings) do kinds[kind.name], by_cloudstack_name[kind.in_cloudstack] = kind, kind end

-- Is the address's static NAT the VM's? Somebody may have moved it since.
local function is_of(row, vm_cid, vm)
  return row.isstaticnat and (vm and row.virtualmachineid == vm.id or row.virtualmachinename == vm_cid)
end

-- The roles. is_made: we made the thing for this VM, and it goes; the others stay and lose the VM's tag.
--   end_request(cpi, item, vm_cid, vm)   what ends the thing's use by the VM, or nil where there is nothing to do
--   has_ended(cpi, item, vm_cid, vm)     is that so, though its job failed? item.row: the thing as it is now
local roles = {
  [orphans.ACQUIRED] = { is_made = true, -- an address that we took
    end_request = function(cpi, item) return addresses.release_request(cpi, item.id) end,
    has_ended = function() return false end },
  rule = { is_made = true, -- a firewall rule that we made
    end_request = function(cpi, item) return firewall.delete_request(cpi, item.id) end,
    has_ended = function() return false end },
  vip = { is_made = false, -- an address that was there: only its static NAT ends
    end_request = function(cpi, item, vm_cid, vm)
      return is_of(item.row, vm_cid, vm) and addresses.disable_request(cpi, item.id) or nil
    end,
    has_ended = function(_, item, vm_cid, vm) return not is_of(item.row, vm_cid, vm) end },
  member = { is_made = false, -- a load balancer that the VM is in; deleted when we made it and no VM is in it any more
    end_request = function(cpi, item, _, vm) return vm and load_balancers.leave_request(cpi, item.id, vm) or nil end,
    has_ended = function(cpi, item, _, vm)
      return not load_balancers.has(cpi.cloudstack:rows(load_balancers.members_request(item.id)), vm)
    end },
}

-- ---------------------------------------------------------------------------------------------------------
-- taking note

-- The list of everything that has the VM's tag.
function belongings.request(vm_cid)
  return { "listTags", { key = tags.cut(vm_cid, 255) }, rows = "tag" }
end

local function create_tags_request(cpi, item, wanted)
  return tags.create_request(cpi, kinds[item.kind].in_cloudstack, item.id, tags.clean(wanted, cpi.json.null))
end

-- The request that tags one thing with the VM's CID. What we made says for which director; what was there gets no more
-- than the VM's tag.
function belongings.tag_request(cpi, item, vm_cid)
  local wanted = { [vm_cid] = item.role }
  if roles[item.role].is_made or item.made then
    wanted.director_uuid, wanted.bosh_request = cpi.context.director_uuid, cpi.context.request_id
  end
  if item.made then wanted[orphans.MADE] = cpi.context.director_uuid or "bosh" end
  return create_tags_request(cpi, item, wanted)
end

-- The request that tags what was made for this director and has no tag yet; a VM's tag is set by that VM's own process.
function belongings.mark_request(cpi, item)
  return create_tags_request(cpi, item, { director_uuid = cpi.context.director_uuid, bosh_request = cpi.context.request_id,
    [orphans.MADE] = cpi.context.director_uuid or "bosh" })
end

-- Does the failure of a tag request say that the tag was there? Then it stays what it was.
function belongings.is_tagged(failure)
  return refusals.is(failure, "tag_is_there")
end

-- of(rows of request(), vm, untagged) -> a list of items. vm, where it is there: its row also shows addresses without a tag
-- (the Go and the Java CPI set none); untagged: as untagged.find gives it, or nil.
function belongings.of(rows, vm, untagged)
  local list, seen = {}, {}
  local function add(kind, id, role)
    if id and not seen[id] then list[#list + 1], seen[id] = { kind = kind, id = id, role = role }, true end
  end
  for _, item in ipairs(untagged or {}) do add(item.kind, item.id, item.role) end
  for _, row in ipairs(rows) do
    local kind = by_cloudstack_name[row.resourcetype]
    if kind then add(kind.name, row.resourceid, row.value) end
  end
  for _, nic in ipairs(vm and vm.nic or {}) do add("address", nic.publicipid, "vip") end
  add("address", vm and vm.publicipid, "vip")
  return list
end

-- ---------------------------------------------------------------------------------------------------------
-- taking away

-- The items that are still there, with their rows.
local function look_at(cpi, list)
  local requests, there = {}, {}
  for i, item in ipairs(list) do
    if kinds[item.kind] then requests[tostring(i)] = kinds[item.kind].request_by_id(item.id) end
  end
  local found = next(requests) and cpi.cloudstack:gather(requests) or {}
  for i, item in ipairs(list) do
    item.row = found[tostring(i)] and found[tostring(i)][1]
    if item.row then there[#there + 1] = item end
  end
  return there
end

-- Has another VM an address that was acquired for this one? Two processes may have been after the same one.
local function is_of_another(item, vm_cid, vm)
  return item.role == orphans.ACQUIRED and item.row.isstaticnat and not is_of(item.row, vm_cid, vm)
end

-- The request that takes one thing away, or nil where there is nothing to do. A role that is not in the table is somebody
-- else's tag.
local function request_for(cpi, item, vm_cid, vm)
  local role = roles[item.role]
  return role and not is_of_another(item, vm_cid, vm) and role.end_request(cpi, item, vm_cid, vm) or nil
end

-- Is it as it should be, whatever the job said? A second delete, another process or an operator may have been faster.
local function is_settled(cpi, item, vm_cid, vm)
  return #look_at(cpi, { item }) == 0 or roles[item.role].has_ended(cpi, item, vm_cid, vm)
end

-- The rules of an address that is released go with it.
local function goes_with_another(item, list)
  for _, other in ipairs(list) do
    if item.kind == "firewall rule" and other.role == orphans.ACQUIRED and other.id == item.row.ipaddressid then return true end
  end
  return false
end

local function run_all(cpi, list, vm_cid, vm)
  local requests, items = {}, {}
  for _, item in ipairs(list) do
    local request = not goes_with_another(item, list) and request_for(cpi, item, vm_cid, vm)
    if request then requests[#requests + 1], items[#items + 1] = request, item end
  end
  if #requests == 0 then return end
  for i, task in ipairs(cpi.cloudstack:run_all(requests)) do
    if task.failure and not is_settled(cpi, items[i], vm_cid, vm) then
      cpi.cloudstack.raise(task.failure, requests[i].what)
    end
  end
end

local function has_tag(row, key) return tags.of(row)[key] ~= nil end

-- Takes our tag off an address and makes it the heir's to release; nil, or why the heir's tag is still as it was.
local function bequeath(cpi, item, vm_cid, heir)
  local keys = {}
  for _, key in ipairs { vm_cid, heir } do keys[#keys + 1] = has_tag(item.row, key) and key or nil end
  if #keys > 0 then cpi.cloudstack:run(tags.delete_request(cpi, kinds[item.kind].in_cloudstack, item.id, keys)) end
  if not heir:find(orphans.OF_A_VM) then return nil end -- somebody's own VM
  local request = create_tags_request(cpi, item, { [heir] = item.role })
  return cpi.cloudstack:run(request).failure
end

-- An address that another VM has stays; where that is BOSH's, it goes with that one. That one may be setting its own tag
-- just now.
local TAG_TRIES = 3
local function hand_over(cpi, list, vm_cid, vm)
  for _, item in ipairs(list) do
    local heir = item.row and is_of_another(item, vm_cid, vm) and tostring(item.row.virtualmachinename)
    for try = 1, heir and TAG_TRIES or 0 do
      local failure = bequeath(cpi, item, vm_cid, heir)
      if not failure then cpi.log.info("address %s stays with VM %s", tostring(item.row.ipaddress), heir) break end
      if not belongings.is_tagged(failure) or try == TAG_TRIES or #look_at(cpi, { item }) == 0 then
        cpi.log.warn("%s", cpi.cloudstack.say(failure))
        break
      end
    end
  end
end

-- What stays loses the VM's tag: last, because it is what finds the rest again.
local function remove_tags(cpi, list, vm_cid)
  local requests, items = {}, {}
  for _, item in ipairs(list) do
    local role = roles[item.role]
    local stays = role and not role.is_made and item.row and not item.gone
    if stays and has_tag(item.row, vm_cid) then
      requests[#requests + 1], items[#items + 1] = tags.delete_request(cpi, kinds[item.kind].in_cloudstack, item.id, { vm_cid }), item
    end
  end
  if #requests == 0 then return end
  for i, task in ipairs(cpi.cloudstack:run_all(requests)) do
    local stays = task.failure and #look_at(cpi, { items[i] }) > 0 and has_tag(items[i].row, vm_cid)
    if stays then cpi.cloudstack.raise(task.failure, requests[i].what) end
  end
end

-- The VM's tag goes back on what is not deleted, so that the next delete_vm finds it.
local function tag_again(cpi, item, vm_cid)
  cpi.cloudstack:run(belongings.tag_request(cpi, { kind = item.kind, id = item.id, role = item.role }, vm_cid))
end

-- take_away(cpi, vm_cid, list, vm): list as of() gives it, vm its row where it is there. Nothing is asked for a VM that
-- has nothing. Raises CloudError when something stays.
function belongings.take_away(cpi, vm_cid, list, vm)
  if #list == 0 then return end
  local there = look_at(cpi, list)
  run_all(cpi, there, vm_cid, vm)
  hand_over(cpi, there, vm_cid, vm)
  load_balancer_end.delete_emptied(cpi, there, vm_cid)
  remove_tags(cpi, there, vm_cid)
  -- Two VMs that leave at once see each other's tags: the one that comes last sees none.
  load_balancer_end.delete_emptied(cpi, there, vm_cid, function(item) tag_again(cpi, item, vm_cid) end)
end

return belongings
