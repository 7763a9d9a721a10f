-- How a VM is shown: which fields its state, the caller's role and the wanted details bring.
local accounts = require "sim.accounts"
local affinity = require "sim.affinity"
local zones = require "sim.zones"
local nics = require "sim.nics"
local security_groups = require "sim.security_groups"
local jobs = require "sim.jobs"
local tags = require "sim.tag_rows"
local refusal = require "sim.refusal"

local vm_rows = {}

local ALLOWED = {
  "all", "group", "nics", "stats", "secgrp", "tmpl", "servoff", "diskoff", "backoff", "iso", "volume", "min", "affgrp",
    "vnfnics",
}
local READ_ONLY = "dataDiskController, rootDiskController, backupValidationCommandTimeout, "
  .. "backupValidationScreenshotWait, backupValidationBootTimeout"

-- The wanted parts as a set; nothing wanted means all.
function vm_rows.details(list)
  local allowed, wanted = {}, {}
  for _, name in ipairs(ALLOWED) do allowed[name] = true end
  for _, name in ipairs(list or { "all" }) do
    if not allowed[name:lower()] then
      refusal.invalid("The details parameter contains a non permitted value. The allowed values are [%s]",
        table.concat(ALLOWED, ", "))
    end
    wanted[name:lower()] = true
  end
  return wanted
end

local function show_template(out, template)
  out.templateid, out.templatename, out.templatetype = template.id, template.name, template.type
  out.templateformat, out.templatedisplaytext, out.passwordenabled = template.format, template.displaytext, false
end

local function show_service_offering(out, vm)
  out.serviceofferingid, out.serviceofferingname = vm.offering.id, vm.offering.name
  out.cpunumber, out.cpuspeed, out.memory = vm.cpu, vm.mhz, vm.memory
end

local function volumes_of(m, vm, kind)
  return m:rows_by("volume", "vm", vm, function(volume) return volume.type == kind end)
end

local function show_disks(m, out, vm, wants)
  local root = volumes_of(m, vm, "ROOT")[1]
  if root and wants.volume then out.rootdeviceid, out.rootdevicetype = 0, "ROOT" end
  if root and root.pool then out.pooltype = root.pool.type end
  local data = volumes_of(m, vm, "DATADISK")[1]
  if data and wants.diskoff then out.diskofferingid, out.diskofferingname = data.offering.id, data.offering.name end
end

local function show_placement(out, vm, account)
  if vm.host then out.hostcontrolstate = "Enabled" end
  if account.role ~= "admin" then
    out.readonlydetails = READ_ONLY
    return
  end
  if vm.host then out.hostid, out.hostname = vm.host.id, vm.host.name end
  out.instancename, out.displayvm, out.arch = vm.instance_name, true, "x86_64"
end

local function show_lease(m, out, vm)
  if not vm.lease then return end
  out.leaseduration, out.leaseexpiryaction, out.leaseexpirydate = vm.lease.days, vm.lease.action, m:date(vm.lease.ends)
end

local function show_details(m, out, vm)
  out.details = {}
  for key, value in pairs(vm.details) do out.details[key] = value end
  if not vm.ever_started then out.details.deployvm = "true" end
  if #vm.keypairs > 0 then
    out[m.version:at_least "4.17" and "keypairs" or "keypair"] = table.concat(vm.keypairs, ",")
  end
end

local function expanded(details)
  local wants = details or { all = true }
  if not wants.all then return wants end
  for _, name in ipairs(ALLOWED) do wants[name] = true end
  return wants
end

local function base(m, vm)
  local ostype = vm.template.ostype
  local out = {
    id = vm.id, name = vm.name, displayname = vm.displayname, userid = vm.account.user.id,
    username = vm.account.user.name, created = m:date(vm.created), lastupdated = vm.updated and m:date(vm.updated),
    state = vm.state, haenable = false, guestosid = ostype.id, securitygroup = security_groups.rows(m, vm), nic = m:array(),
    hypervisor = vm.template.hypervisor, affinitygroup = affinity.rows_of(m, vm), isdynamicallyscalable = false,
    deleteprotection = vm.protected or false, ostypeid = ostype.id, osdisplayname = ostype.name, receivedbytes = 0,
    sentbytes = 0, tags = tags.rows(m, vm, "UserVm"), hasannotations = false,
  }
  accounts.show_owner(out, vm.account)
  zones.show(out, vm.zone)
  return out
end

-- row(m, vm, account, details) as the account sees it; details as vm_rows.details gives them
function vm_rows.row(m, vm, account, details)
  local wants, out = expanded(details), base(m, vm)
  if wants.tmpl then show_template(out, vm.template) end
  if wants.iso then out.isos, out.isomaxcount = m:array(), 1 end
  if wants.servoff then show_service_offering(out, vm) end
  if wants.nics then out.nic, out.ipaddress = nics.rows(m, vm), nics.address_of(m, vm) end
  for _, nic in ipairs(wants.nics and out.nic or {}) do
    if nic.publicip then out.publicipid, out.publicip = nic.publicipid, nic.publicip end
  end
  if vm.group and wants.group then out.groupid, out.group = m:id_of("group:" .. vm.group), vm.group end
  show_disks(m, out, vm, wants)
  show_details(m, out, vm)
  show_placement(out, vm, account)
  show_lease(m, out, vm)
  jobs.show_pending(out, vm)
  return out
end

nics.vm_row = vm_rows.row -- a VM's row shows its NICs, and a NIC's job shows its VM

-- What the result of a job shows of a VM that is gone.
function vm_rows.of_expunged(m)
  return {
    securitygroup = m:array(), nic = m:array(), affinitygroup = m:array(), deleteprotection = false, tags = m:array(),
  }
end

return vm_rows
