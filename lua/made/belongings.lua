-- What belongs to a VM besides its disks: public addresses, firewall rules, places in load balancers.
--
-- CloudStack shows none of it with the VM, so each thing carries a tag whose key is the VM's CID and whose value says
-- what to do with it when the VM goes. One listTags by key finds them all, whatever their kind, also after the VM is
-- gone; and a load balancer has a tag for each of its VMs.
--
--   acquired   an address that we took: released        rule    a firewall rule that we made: deleted
--   vip        an address that was there: only its      member  a load balancer that the VM is in: left, and deleted
--              static NAT ends                                  when we made it and nobody is in it any more

local addresses = require "cloudstack.addresses"
local errors = require "errors"
local firewall = require "cloudstack.firewall"
local load_balancers = require "cloudstack.load_balancers"
local made_by = require "cloudstack.made_by"
local refusals = require "cloudstack.refusals"
local tags = require "cloudstack.tags"

local belongings = {}

-- The tag of a load balancer that we made. Its value is the director's uuid.
belongings.MADE = "bosh_made_for"

belongings.MEMBER = "^cpivm%-" -- keys of the tags of VMs

-- ---------------------------------------------------------------------------------------------------------
-- taking note

-- The list of everything that has the VM's tag.
function belongings.request(vm_cid)
  return { "listTags", { key = tags.cut(vm_cid, 255) }, rows = "tag" }
end

-- The request that tags one thing. What we made says for which director; what was there gets no more than the VM's tag.
function belongings.tag_request(cpi, item, vm_cid)
  local wanted = { [vm_cid] = item.role }
  if item.role == "acquired" or item.role == "rule" or item.made then
    wanted.director_uuid, wanted.bosh_request = cpi.context.director_uuid, cpi.context.request_id
  end
  if item.made then wanted[belongings.MADE] = cpi.context.director_uuid or "bosh" end
  return tags.create_request(cpi, item.kind, item.id, tags.clean(wanted, cpi.json.null))
end

-- The request that tags what was made for this director and has no tag yet; the VM's own tag is another one's business.
function belongings.mark_request(cpi, item)
  return tags.create_request(cpi, item.kind, item.id, tags.clean({ director_uuid = cpi.context.director_uuid,
    bosh_request = cpi.context.request_id, [belongings.MADE] = cpi.context.director_uuid or "bosh" }, cpi.json.null))
end

-- Did the tag stay what it was, because it was there?
function belongings.is_tagged(failure)
  return refusals.is(failure, "tag_is_there")
end

-- of(rows of request(), vm, untagged) -> { { kind, id, role }, ... }; vm, where it is there: addresses that the VM has
-- without a tag (the Go and the Java CPI set none) are told by its own row; untagged: as made/untagged.lua finds it, or nil.
function belongings.of(rows, vm, untagged)
  local list, seen = {}, {}
  local function add(kind, id, role)
    if id and not seen[id] then list[#list + 1], seen[id] = { kind = kind, id = id, role = role }, true end
  end
  for _, item in ipairs(untagged or {}) do add(item.kind, item.id, item.role) end
  for _, row in ipairs(rows) do add(row.resourcetype, row.resourceid, row.value) end
  for _, nic in ipairs(vm and vm.nic or {}) do add("PublicIpAddress", nic.publicipid, "vip") end
  add("PublicIpAddress", vm and vm.publicipid, "vip")
  return list
end

-- ---------------------------------------------------------------------------------------------------------
-- taking away

-- How each kind is looked at: the request for its row, by id.
local look = { PublicIpAddress = addresses.request_by_id, FirewallRule = firewall.request_by_id,
  LoadBalancer = load_balancers.request_by_id }

-- The items that are still there, with their rows.
local function look_at(cpi, list)
  local requests, there = {}, {}
  for i, item in ipairs(list) do
    if look[item.kind] then requests[tostring(i)] = look[item.kind](item.id) end
  end
  local found = next(requests) and cpi.cloudstack:gather(requests) or {}
  for i, item in ipairs(list) do
    item.row = found[tostring(i)] and found[tostring(i)][1]
    if item.row then there[#there + 1] = item end
  end
  return there
end

-- Is the address's static NAT the VM's? Somebody may have moved it since.
local function is_of(row, vm_cid, vm)
  return row.isstaticnat and (vm and row.virtualmachineid == vm.id or row.virtualmachinename == vm_cid)
end

-- Has another VM an address that was acquired for this one? Two processes may have been after the same one.
local function is_of_another(item, vm_cid, vm)
  return item.role == "acquired" and item.row.isstaticnat and not is_of(item.row, vm_cid, vm)
end

-- The request that takes one thing away, or nil where there is nothing to do.
local function request_for(cpi, item, vm_cid, vm)
  if is_of_another(item, vm_cid, vm) then return nil end
  if item.role == "acquired" then return addresses.release_request(cpi, item.id) end
  if item.role == "vip" then return is_of(item.row, vm_cid, vm) and addresses.disable_request(cpi, item.id) or nil end
  if item.role == "rule" then return firewall.delete_request(cpi, item.id) end
  return item.role == "member" and vm and load_balancers.leave_request(cpi, item.id, vm) or nil
end

-- Is it as it should be, whatever the job said? A second delete, another process or an operator may have been faster.
local function is_settled(cpi, item, vm_cid, vm)
  if #look_at(cpi, { item }) == 0 then return true end
  if item.role == "vip" then return not is_of(item.row, vm_cid, vm) end
  if item.role ~= "member" then return false end
  return not load_balancers.has(cpi.cloudstack:rows(load_balancers.members_request(item.id)), vm)
end

-- The rules of an address that is released go with it.
local function goes_with_another(item, list)
  for _, other in ipairs(list) do
    if item.role == "rule" and other.role == "acquired" and other.id == item.row.ipaddressid then return true end
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
  if #keys > 0 then cpi.cloudstack:run(tags.delete_request(cpi, item.kind, item.id, keys)) end
  if not heir:find(belongings.MEMBER) then return nil end -- somebody's own VM
  local request = tags.create_request(cpi, item.kind, item.id, { [heir] = item.role })
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
    local stays = (item.role == "vip" or item.role == "member") and item.row and not item.gone
    if stays and has_tag(item.row, vm_cid) then
      requests[#requests + 1], items[#items + 1] = tags.delete_request(cpi, item.kind, item.id, { vm_cid }), item
    end
  end
  if #requests == 0 then return end
  for i, task in ipairs(cpi.cloudstack:run_all(requests)) do
    local stays = task.failure and #look_at(cpi, { items[i] }) > 0 and has_tag(items[i].row, vm_cid)
    if stays then cpi.cloudstack.raise(task.failure, requests[i].what) end
  end
end

-- Is nobody in the load balancer, nor on his way? Who joins tags it before he assigns, so a tag of a VM is a VM.
local function is_empty(row, members, vm_cid)
  if #members > 0 then return false end
  for key in pairs(tags.of(row)) do
    if key:find(belongings.MEMBER) and key ~= vm_cid then return false end
  end
  return true
end

-- Did we make it? The description says so from its first moment on, the tag of one that we took over as well.
local function is_ours(cpi, item)
  local row = item.row
  return item.made or row and (has_tag(row, belongings.MADE) or made_by.us(cpi, row.description) ~= nil)
end

-- The load balancers among the items that we made and that are empty now.
local function empty_ones(cpi, list, vm_cid)
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

-- A load balancer that we made goes with its last VM. Raises CloudError when one stays; `failed` is called before.
local function collect(cpi, list, vm_cid, failed)
  local empty, requests = empty_ones(cpi, list, vm_cid), {}
  for i, item in ipairs(empty) do requests[i] = load_balancers.delete_request(cpi, item.id) end
  if #requests == 0 then return end
  for i, task in ipairs(cpi.cloudstack:run_all(requests)) do
    if task.failure and #look_at(cpi, { empty[i] }) > 0 then
      if failed then failed(empty[i]) end
      cpi.cloudstack.raise(task.failure, requests[i].what)
    end
    empty[i].gone = true
  end
end

-- The VM's tag goes back on what is not deleted, so that the next delete_vm finds it.
local function mark_again(cpi, item, vm_cid)
  cpi.cloudstack:run(belongings.tag_request(cpi, { kind = item.kind, id = item.id, role = item.role }, vm_cid))
end

-- take_away(cpi, vm_cid, list, vm): list as of() gives it, vm its row where it is there. Nothing is asked for a VM that
-- has nothing. Raises CloudError when something stays.
function belongings.take_away(cpi, vm_cid, list, vm)
  if #list == 0 then return end
  local there = look_at(cpi, list)
  run_all(cpi, there, vm_cid, vm)
  hand_over(cpi, there, vm_cid, vm)
  collect(cpi, there, vm_cid)
  remove_tags(cpi, there, vm_cid)
  -- Two VMs that leave at once saw each other's tags: who comes last finds nobody.
  collect(cpi, there, vm_cid, function(item) mark_again(cpi, item, vm_cid) end)
end

-- ---------------------------------------------------------------------------------------------------------
-- a new VM's

local SHORT_WAIT = 10 -- seconds: the verb has failed already

-- What was asked for and never answered, as items where CloudStack knows its job by now; the others stay asked for.
local function find_asked(cpi, self)
  local unknown = {}
  for _, one in ipairs(self.asked) do
    local id, failure = cpi.cloudstack:made_by(one.kind, one.jobid, SHORT_WAIT)
    local is_nothing = one.is_refused and not (failure and refusals.is(failure, "internal_error"))
    if id then self.add(one.kind, id, one.role, one.entry)
    elseif is_nothing then one.entry.close()
    else unknown[#unknown + 1] = one end
  end
  self.asked = unknown
end

-- Waits for what may go on although it was refused, so that the look that follows sees what it has done.
local function await(cpi, self)
  for _, request in ipairs(self.doubted) do cpi.cloudstack:made_by(request[1], request[2].customjobid, SHORT_WAIT) end
  self.doubted = {}
end

-- What may be left of them, for people.
local function told(list, asked)
  local words = {}
  for _, one in ipairs(asked) do words[#words + 1] = ("%s %s, asked for by job %s"):format(one.kind, one.name, one.jobid) end
  for _, item in ipairs(list) do
    words[#words + 1] = ("%s %s"):format(item.kind, item.name and ("%s (%s)"):format(item.name, item.id) or item.id)
  end
  return #words > 0 and table.concat(words, ", ") or "whatever they are"
end

-- new(cpi, vm_cid, vm, undo) -> { vm_cid, vm, open(kind, name) -> entry, add(kind, id, role, entry, name) -> item,
-- ask(kind, role, name, task, entry), doubt(task) }
-- What is added or was asked for, and what has the VM's tag, is taken away again when the verb fails; then the journal entry
-- of what we made, where there is one, is closed.
function belongings.new(cpi, vm_cid, vm, undo)
  local self, entries = { vm_cid = vm_cid, vm = vm, items = {}, asked = {}, doubted = {} }, {}
  -- A journal entry of something that is made for the VM.
  function self.open(kind, name)
    local entry = cpi.journal.open { kind = kind, name = name, vm = vm_cid }
    entries[#entries + 1] = entry
    return entry
  end
  function self.add(kind, id, role, entry, name)
    for _, item in ipairs(self.items) do
      if item.id == id then return item end
    end
    local item = { kind = kind, id = id or error(errors.cpi("a %s without an id", kind)), role = role, entry = entry, name = name }
    self.items[#self.items + 1] = item
    return item
  end
  -- A create that nobody answered, by its task; its journal entry stays open. Where CloudStack refused it by an internal
  -- error it may have made the thing before: its job, if it has one, knows. Answers whether it will be asked.
  function self.ask(kind, role, name, task, entry)
    local is_lost = task.failure and cpi.cloudstack.is_open(task.failure)
    local is_refused = task.failure and not is_lost and refusals.is(task.failure, "internal_error")
    if not is_lost and not is_refused then
      entry.close()
      return false
    end
    table.insert(self.asked, { kind = kind, role = role, name = name, entry = entry, is_refused = is_refused,
      jobid = task.jobid or task.request[2].customjobid })
    return true
  end
  -- What failed, by its task: a job may be under way all the same after an internal error at its request, and after a look
  -- at it that was refused.
  function self.doubt(task)
    local kind, request = task.failure.kind, task.request
    local may_go_on = kind == "job" or kind == "vanished" or kind == "lost" or refusals.is(task.failure, "internal_error_of_request")
    if request.job and may_go_on then table.insert(self.doubted, request) end
  end
  undo.add("the addresses and load balancers of VM " .. vm_cid, function()
    local list, seen = self.items, {}
    for _, entry in ipairs(entries) do
      if not entry.has_begun() then entry.close() end
    end
    local ok, why = pcall(function()
      find_asked(cpi, self)
      await(cpi, self)
      for _, item in ipairs(list) do seen[item.id] = true end
      for _, item in ipairs(belongings.of(cpi.cloudstack:rows(belongings.request(vm_cid)), nil)) do
        if not seen[item.id] then list[#list + 1] = item end
      end
      belongings.take_away(cpi, vm_cid, list, vm)
    end)
    if not ok then
      cpi.journal.open({ kind = "vm", name = vm_cid }).leave() -- the VM may be gone: its tags lead to the rest
      error(errors.cloud("%s: %s", told(list, self.asked), errors.words(why)))
    end
    for _, item in ipairs(list) do
      if item.entry then item.entry.close() end
    end
  end)
  return self
end

return belongings
