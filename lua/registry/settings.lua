-- The registry, for VMs of stemcells before API version 2: their agents read the settings from cpi-server registry and
-- not from the user data. The rows are in the store that both share; the user data only says where to ask.

local errors = require "errors"
local registry_access = require "registry.access"

local registry = {}

local TABLE = "registry"

-- Does the agent of the VM that the request is about need a registry? The context of the request says so where BOSH knows the
-- stemcell.
function registry.is_needed(cpi)
  local vm = type(cpi.context.vm) == "table" and cpi.context.vm or {}
  local version = type(vm.stemcell) == "table" and vm.stemcell.api_version
  return math.type(version) ~= nil and version < 2
end

-- The same where the request may leave it open.
local function may_need_one(cpi)
  local vm = type(cpi.context.vm) == "table" and cpi.context.vm or {}
  return type(vm.stemcell) ~= "table" or math.type(vm.stemcell.api_version) == nil or registry.is_needed(cpi)
end

-- Raises CpiError where a registry is needed and the CPI has none.
function registry.check(cpi)
  if not registry.is_needed(cpi) then return end
  local missing, site = {}, cpi.settings.registry
  for _, name in ipairs { "host", "username", "password" } do
    if site[name] == "" then missing[#missing + 1] = "registry." .. name end
  end
  if not cpi.store then missing[#missing + 1] = cpi.store_trouble or "store.path" end
  if #missing == 0 then return end
  error(errors.cpi("the stemcell has API version %s; its agent needs a registry, which needs %s",
    tostring(cpi.context.vm.stemcell.api_version), table.concat(missing, " and ")))
end

-- Where the agent asks: with a password that reads the settings of this VM and nothing else.
local function endpoint(cpi, vm_cid)
  local site = cpi.settings.registry
  local password = registry_access.password_of(cpi.bytes, site.password, vm_cid)
  cpi.log.secret(password)
  local host = site.host:find(":", 1, true) and not site.host:find "^%[" and "[" .. site.host .. "]" or site.host
  return ("%s://%s:%s@%s:%d"):format(site.tls.certificate ~= "" and "https" or "http", vm_cid, password, host, site.port)
end

-- Splits an agent's settings in two: what the registry keeps, and the user data that leads there.
function registry.divide(cpi, vm_cid, settings)
  local row = {}
  for key, value in pairs(settings) do row[key] = value end
  row.server, row.dns = nil, nil
  return row, { server = settings.server, dns = settings.dns, registry = { endpoint = endpoint(cpi, vm_cid) } }
end

local function must(vm_cid, ok, why)
  if not ok and why then error(errors.cpi("the registry's settings of VM %s: %s", vm_cid, why)) end
  return ok
end

-- Writes the settings of a VM. Raises CpiError.
function registry.put(cpi, vm_cid, settings)
  must(vm_cid, cpi.store.put(TABLE, vm_cid, cpi.json.encode(settings)))
end

-- Removes the settings of a VM, if there are any; settings that cannot be removed do no harm.
function registry.forget(cpi, vm_cid)
  if not cpi.store then return end
  local ok, why = cpi.store.delete(TABLE, vm_cid)
  if not ok then cpi.log.warn("the registry keeps the settings of VM %s: %s", vm_cid, why) end
end

-- The object at a key of the settings, made where there is none.
local function object(cpi, settings, key)
  local there = settings[key]
  if type(there) ~= "table" or there == cpi.json.null then there = {} end
  settings[key] = there
  return there
end

-- Lets change(settings) edit the settings of a VM, where it has a row. Others may write at the
-- same time, and nothing of theirs is lost. Raises CpiError.
local function edit(cpi, vm_cid, change)
  if cpi.settings.registry.host == "" then return end
  if not cpi.store then return must(vm_cid, not may_need_one(cpi), cpi.store_trouble or nil) end
  while true do
    local text = must(vm_cid, cpi.store.get(TABLE, vm_cid))
    if not text then return end
    local settings, why = cpi.json.decode(text)
    if type(settings) ~= "table" then must(vm_cid, nil, why or "they are not an object") end
    change(settings)
    local changed = cpi.json.encode(settings)
    if changed == text or must(vm_cid, cpi.store.replace(TABLE, vm_cid, text, changed)) then return end
  end
end

-- Adds the MACs that CloudStack gave, { network name = MAC }: by them the agent distinguishes the NICs.
function registry.add_macs(cpi, vm_cid, macs)
  edit(cpi, vm_cid, function(settings)
    for name, network in pairs(type(settings.networks) == "table" and settings.networks or {}) do
      if macs[name] then network.mac = macs[name] end
    end
  end)
end

local function edit_disk(cpi, vm_cid, disk_cid, hint)
  edit(cpi, vm_cid, function(settings)
    object(cpi, object(cpi, settings, "disks"), "persistent")[disk_cid] = hint
  end)
end

-- hint: { path, volume_id }, as attach_disk returns it.
function registry.attach(cpi, vm_cid, disk_cid, hint) edit_disk(cpi, vm_cid, disk_cid, hint) end

function registry.detach(cpi, vm_cid, disk_cid) edit_disk(cpi, vm_cid, disk_cid, nil) end

return registry
