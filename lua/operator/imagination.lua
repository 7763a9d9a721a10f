-- What CloudStack would say to requests that are not sent: enough for a verb to go on as if they had been, so that
-- `cpi explain` sees them all. What was imagined to be made is found by its id and its name, what was imagined to be
-- deleted is not found; everything else stays with the real CloudStack.

local refusals = require "cloudstack.refusals"
local replies = require "cloudstack.replies"

local imagination = {}
imagination.__index = imagination

-- imagination(json, uuid, failing) -> one that has imagined nothing yet. failing: the command whose jobs fail in it, or nil.
local function new(json, uuid, failing)
  return setmetatable({ json = json, uuid = uuid, failing = failing, real = {}, made = {}, gone = {}, jobs = {}, seen_any = false },
    imagination)
end

-- A command is a verb and what it is about; that is also what the answer's object is called, but for these.
local object_names = { loadbalancerrule = "loadbalancer", vmnicip = "virtualmachine", offeringforvolume = "volume",
  serviceforvirtualmachine = "virtualmachine",
  uploadparamsfortemplate = "getuploadparams", ipaddresses = "ipaddress" }

-- Where a list calls its rows by another name than the create does: what it is about by the command's name, and the rows.
local listed = { loadbalancerrule = { "loadbalancer", "loadbalancerrule" }, publicipaddresse = { "ipaddress", "publicipaddress" } }

local function split(command)
  local verb, rest = command:match "^(%l+)(.*)$"
  rest = (rest or ""):lower()
  return verb or "", object_names[rest] or rest
end

local function is_ending(verb)
  return verb == "delete" or verb == "destroy" or verb == "expunge" or verb == "disassociate" or verb == "remove"
end

-- The NICs that a deploy asks for.
local function nics_of(params)
  local nics = {}
  for i = 0, 63 do
    local prefix = ("iptonetworklist[%d]."):format(i)
    local network = params[prefix .. "networkid"]
    if not network then break end
    nics[#nics + 1] = { id = "imagined-nic-" .. i, networkid = network, ipaddress = params[prefix .. "ip"],
      macaddress = params[prefix .. "mac"], isdefault = i == 0 }
  end
  return nics
end

-- What these commands do to a VM's state.
local state_after = { deployVirtualMachine = "Running", startVirtualMachine = "Running", rebootVirtualMachine = "Running",
  stopVirtualMachine = "Stopped" }

-- Fields that an object has once its job is done, whatever was asked for.
local function finished(kind, params, command)
  if kind == "virtualmachine" then
    return { state = params.startvm == false and "Stopped" or state_after[command], nic = nics_of(params) }
  end
  if kind == "volume" then return { state = "Ready", deviceid = 1 } end
  if kind == "snapshot" then return { state = "BackedUp" } end
  if kind == "template" then return { isready = true, status = "Download Complete" } end
  if kind == "getuploadparams" then
    return { postURL = "http://imagined/upload", metadata = "imagined", signature = "imagined", expires = "imagined" }
  end
  return {}
end

-- The tags that a command gives to what it makes, as a row has them; nil where it gives none.
local function tags_given(json, params)
  local tags = json.array {}
  while params[("tags[%d].key"):format(#tags)] do
    local prefix = ("tags[%d]."):format(#tags)
    tags[#tags + 1] = { key = params[prefix .. "key"], value = params[prefix .. "value"] }
  end
  return #tags > 0 and tags or nil
end

-- The row of an object after the request: what was seen or imagined of it before, and what is asked for.
local function row_after(self, kind, params, id, command)
  local row = {}
  for key, value in pairs(self.made[id] and self.made[id].row or self.real[id] or {}) do row[key] = value end
  for key, value in pairs(params) do
    if not key:find "[%[.]" then row[key] = value end
  end
  for key, value in pairs(finished(kind, params, command)) do
    if row[key] == nil or key == "state" or key == "nic" and #value > 0 then row[key] = value end
  end
  row.id, row.tags, row.zoneid = id, tags_given(self.json, params) or row.tags, params.destzoneid or row.zoneid
  return row
end

-- A deploy makes disks too.
local function imagine_disks(self, vm, params)
  local kinds = { { "ROOT", 0 } }
  if params.diskofferingid then kinds[2] = { "DATADISK", 1 } end
  for _, one in ipairs(kinds) do
    local id = self.uuid()
    self.made[id] = { kind = "volume", row = { id = id, type = one[1], name = one[1] == "ROOT" and "ROOT-imagined" or "DATA-0",
      deviceid = one[2], virtualmachineid = vm.id, zoneid = params.zoneid, state = "Ready", tags = self.json.array {} } }
  end
end

-- A further address shows in the VM's NIC.
local function imagine_address(self, params, id)
  for _, one in pairs(self.made) do
    for _, nic in ipairs(one.kind == "virtualmachine" and one.row.nic or {}) do
      if nic.id == params.nicid then
        nic.secondaryip = nic.secondaryip or self.json.array {}
        table.insert(nic.secondaryip, { id = id, ipaddress = params.ipaddress })
      end
    end
  end
end

-- The answer as the host gives it.
local function reply(self, command, payload)
  return { status = 200, type = "application/json", seconds = 0,
    body = self.json.encode { [replies.envelope_of(command)] = payload } }
end

-- answer(request) -> what CloudStack would say to a request that changes something
function imagination:answer(request)
  local command, params = request.command, request.params or {}
  local verb, kind = split(command)
  local id = params.id or params.resourceids or (verb == "detach" or verb == "migrate") and params.volumeid or nil
  self.seen_any = true
  local result = { success = true }
  if is_ending(verb) then
    if id and kind ~= "tags" then self.gone[id] = true end
  elseif kind ~= "tags" then
    local is_new = not id
    id = id or self.uuid()
    local row = row_after(self, kind, params, id, command)
    if kind == "getuploadparams" then
      self.made[id] = { kind = "template", row = row_after(self, "template", params, id) }
    else
      local place = self.made[id] and params.destzoneid and ("%s in %s"):format(id, params.destzoneid) or id
      self.made[place] = { kind = kind, row = row } -- a template has a row in each zone
    end
    if is_new and kind == "virtualmachine" then imagine_disks(self, row, params) end
    if command == "addIpToNic" then imagine_address(self, params, id) end
    result = { [kind] = row }
  end
  if not params.customjobid then return reply(self, command, result) end
  local job = { result = result, id = id }
  if command == self.failing then
    self.made[id].row.state = "Error"
    job = { id = id, result = { errorcode = refusals.INTERNAL_ERROR, errortext = "a failure that is imagined" }, has_failed = true }
  end
  self.jobs[params.customjobid] = job
  return reply(self, command, { jobid = params.customjobid, id = id })
end

-- ---------------------------------------------------------------------------------------------------------
-- reads

local function matches(row, params, noted)
  for _, key in ipairs { "id", "name", "virtualmachineid" } do
    if params[key] ~= nil and params[key] ~= row[key] then return false end
  end
  return noted
end

-- recall(request) -> the answer to a read that is about something imagined, or nil: the real one is to be asked
function imagination:recall(request)
  local command, params = request.command, request.params or {}
  if command:find "^query" then
    local job = self.jobs[params.jobid]
    return job and reply(self, command, { jobid = params.jobid, jobstatus = job.has_failed and 2 or 1,
      jobresultcode = job.has_failed and job.result.errorcode or 0, jobinstanceid = job.id, jobresult = job.result })
  end
  if self.gone[params.id] or self.gone[params.virtualmachineid] then return reply(self, command, {}) end
  local kind, rows = (command:match "^list(.*)$" or ""):lower():gsub("s$", ""), {}
  local key = kind
  if listed[kind] then kind, key = table.unpack(listed[kind]) end
  local is_about_them = self.made[params.id] or self.made[params.virtualmachineid]
  for _, one in pairs(self.made) do
    if one.kind == kind and matches(one.row, params, is_about_them or params.name) then rows[#rows + 1] = one.row end
  end
  if #rows > 0 or is_about_them then
    return reply(self, command, { count = #rows, [key] = #rows > 0 and self.json.array(rows) or nil })
  end
end

-- notice(payload): the objects in a real answer are remembered by their ids.
function imagination:notice(payload)
  for _, rows in pairs(payload) do
    if type(rows) == "table" then
      for _, row in ipairs(rows) do
        if type(row) == "table" and row.id then self.real[row.id] = row end
      end
    end
  end
end

return new
