-- One VM's whole life on a cloud, by the real verbs, as a director asks them: for `cpi validate`.
--
-- life.run(order, report, host, watch) -> { step, ... }
--   order         { director, stemcell = { cloud_properties, image }, is_uploaded, network = row of listNetworks, address,
--                 second_network = name, vip = true, affinity = name, properties = cloud_properties of the VM, disk = MB,
--                 disk_properties, find_vm = function(cid) -> row of listVirtualMachines or nil }
--   report(step)  is called when the step is over. Where it raises, the life goes to its end as after a signal, and nothing more
--                 is reported; the second result of life.run is that error
--   host, watch   as lua/operator/stopwatch.lua makes them
-- A step is { name, verb, outcome, seconds, job_seconds, requests, result = words, failure = error value }; outcome
--   done           it went well
--   failed         it did not
--   not_supported  the verb returned NotImplemented or NotSupported: BOSH goes another way
--   skipped        it needs what an earlier step did not make, or the life was interrupted
-- The last steps remove what there is, whatever happened before. A signal is kept while they run.

local errors = require "errors"
local ipv4 = require "base.ipv4"

local life = {}

local BY_ANOTHER_WAY = { ["Bosh::Clouds::NotImplemented"] = true, ["Bosh::Clouds::NotSupported"] = true }

-- ---------------------------------------------------------------------------------------------------------
-- what the verbs are called with

-- BOSH's networks of the VM; with an address the first is a manual one.
local function networks_of(order, address)
  local row = order.network
  local first = { type = "dynamic", default = { "dns", "gateway" }, cloud_properties = { name = row.name } }
  if address then
    first.type, first.ip, first.gateway = "manual", address, row.gateway
    first.netmask = row.netmask or (ipv4.range(row.cidr) or {}).netmask
  end
  return {
    default = first,
    second = order.second_network and { type = "dynamic", cloud_properties = { name = order.second_network } } or nil,
    vip = order.vip and { type = "vip", cloud_properties = { acquire = true, name = row.name } } or nil,
  }
end

local function create_vm(at, disks)
  local result = at.ask("create_vm", at.uuid(), at.stemcell, at.order.properties, networks_of(at.order, at.address), disks,
    { bosh = { group = "validate" } })
  at.vm = result[1]
  local row = at.order.find_vm(at.vm) or {}
  local given = row.nic and row.nic[1] and row.nic[1].ipaddress
  at.address = at.address or given
  local vip = result[2].vip and result[2].vip.ip
  return table.concat({ at.vm, given, vip and "vip " .. vip }, " ")
end

local function has_vm(at, wanted)
  if at.ask("has_vm", at.vm) ~= wanted then
    error(errors.cloud("has_vm of %s is not %s", at.vm, tostring(wanted)))
  end
end

local function delete_vm(at)
  local vm = at.vm
  at.ask("delete_vm", vm)
  has_vm(at, false)
  at.vm, at.is_attached = nil, false
  return vm
end

local function attach(at)
  local hint = at.ask("attach_disk", at.vm, at.disk)
  at.is_attached = true
  for _, cid in ipairs(at.ask("get_disks", at.vm)) do
    if cid == at.disk then return type(hint) == "table" and hint.path or tostring(hint) end
  end
  error(errors.cloud("get_disks of VM %s does not have disk %s", at.vm, at.disk))
end

local function detach(at)
  at.ask("detach_disk", at.vm, at.disk)
  at.is_attached = false
  return "done"
end

local function has(...)
  local fields = { ... }
  return function(at)
    for _, field in ipairs(fields) do
      if not at[field] then return field end
    end
  end
end

-- ---------------------------------------------------------------------------------------------------------
-- the steps

-- { name, verb, lacks(at) -> what is not there, run(at) -> words, is_last }
local steps = {
  { "stemcell", "create_stemcell", has(), function(at)
    at.stemcell = at.ask("create_stemcell", at.order.stemcell.image, at.order.stemcell.cloud_properties)
    return at.stemcell
  end },
  { "VM", "create_vm", has "stemcell", function(at)
    local words = create_vm(at, {})
    has_vm(at, true)
    return words
  end },
  { "VM's metadata", "set_vm_metadata", has "vm", function(at)
    at.ask("set_vm_metadata", at.vm, { director = "validate", deployment = "validate", job = "validate", index = "0", name = "validate/0" })
    return "done"
  end },
  { "disk", "create_disk", has "vm", function(at)
    at.disk = at.ask("create_disk", at.order.disk, at.order.disk_properties, at.vm)
    return at.disk
  end },
  { "disk attached", "attach_disk", has("vm", "disk"), attach },
  { "disk's metadata", "set_disk_metadata", has("disk", "is_attached"), function(at)
    at.ask("set_disk_metadata", at.disk, { director = "validate", deployment = "validate", instance_id = "0" })
    return "done"
  end },
  { "snapshot", "snapshot_disk", has("disk", "is_attached"), function(at)
    at.snapshot = at.ask("snapshot_disk", at.disk, { deployment = "validate", index = 0 })
    return at.snapshot
  end },
  { "snapshot removed", "delete_snapshot", has "snapshot", function(at)
    at.ask("delete_snapshot", at.snapshot)
    at.snapshot = nil
    return "done"
  end },
  { "reboot", "reboot_vm", has "vm", function(at)
    at.ask("reboot_vm", at.vm)
    has_vm(at, true)
    return "done"
  end },
  { "disk detached", "detach_disk", has("disk", "is_attached"), detach },
  { "disk resized", "resize_disk", has "disk", function(at)
    at.ask("resize_disk", at.disk, at.order.disk * 2)
    return ("%d MB"):format(at.order.disk * 2)
  end },
  { "VM removed", "delete_vm", has "vm", delete_vm },
  { "VM at the same address", "create_vm", has("stemcell", "address"), function(at)
    return create_vm(at, { at.disk })
  end },
  { "disk attached again", "attach_disk", has("vm", "disk"), attach },
  { "disk detached again", "detach_disk", has("disk", "is_attached"), detach },
}

-- What there is goes, whatever happened before.
local last_steps = {
  { "VM removed", "delete_vm", has "vm", delete_vm },
  { "snapshot removed", "delete_snapshot", has "snapshot", function(at)
    at.ask("delete_snapshot", at.snapshot)
    at.snapshot = nil
    return "done"
  end },
  { "disk removed", "delete_disk", has "disk", function(at)
    at.ask("delete_disk", at.disk)
    at.disk = nil
    return "done"
  end },
  { "stemcell removed", "delete_stemcell", has "stemcell", function(at)
    at.ask("delete_stemcell", at.stemcell)
    at.stemcell = nil
    return at.order.is_uploaded and "done" or "a template that exists stays"
  end },
}

-- ---------------------------------------------------------------------------------------------------------

-- ask(verb, ...) -> its result, as a director asks it; raises its error.
local function asker(host, order)
  local count = 0
  return function(verb, ...)
    count = count + 1
    local arguments = table.pack(...)
    for i = 1, arguments.n do
      if type(arguments[i]) == "table" then arguments[i] = host.json.decode(host.json.encode(arguments[i])) end
    end
    local result, settle = require "cpi"(host, { method = verb, arguments = arguments, api_version = 2, context = {
      director_uuid = order.director, request_id = ("validate-%d"):format(count), vm = { stemcell = { api_version = 3 } } } })
    if settle then settle "taken" end
    return result
  end
end

local function new_step(row) return { name = row[1], verb = row[2], outcome = "skipped", seconds = 0, job_seconds = 0, requests = 0 } end

local function run_step(row, at, watch)
  local step = new_step(row)
  watch.lap()
  local ok, result = pcall(row[4], at)
  for name, value in pairs(watch.lap()) do step[name] = value end
  if ok then
    step.outcome, step.result = "done", result
  elseif errors.is(result) then
    step.outcome, step.failure = BY_ANOTHER_WAY[result.type] and "not_supported" or "failed", result
  else
    step.outcome, step.failure = "failed", errors.cpi("%s", tostring(result))
  end
  return step
end

-- Why the step is not run, or nil.
local function skipped_because(row, at, interruption)
  if interruption then return "interrupted: " .. interruption end
  local lacking = row[3](at)
  return lacking and "there is no " .. (lacking == "is_attached" and "disk attached" or lacking) or nil
end

function life.run(order, report, host, watch)
  local list, is_ending, trouble = {}, false, nil
  local patient = setmetatable({ interruption = function() return not is_ending and host.interruption() or nil end }, { __index = host })
  local at = { order = order, ask = asker(patient, order), uuid = host.bytes.uuid, address = order.address }

  local function add(step)
    list[#list + 1] = step
    if trouble then return end
    local ok, why = pcall(report, step)
    trouble = not ok and why or nil
  end

  for _, row in ipairs(steps) do
    local why = skipped_because(row, at, trouble and "the output cannot be written" or host.interruption())
    local step = not why and run_step(row, at, watch) or new_step(row)
    step.result = why or step.result
    add(step)
  end
  is_ending = true
  for _, row in ipairs(last_steps) do
    if not row[3](at) then add(run_step(row, at, watch)) end
  end
  return list, trouble
end

return life
