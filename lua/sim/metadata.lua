-- What a network's router serves to its guests: user data and metadata of the VM that asks, known by its address.
local guest_addresses = require "sim.guest_addresses"
local networks = require "sim.networks"
local nics = require "sim.nics"
local userdata = require "sim.userdata"

local metadata = {}

local function text(status, body)
  return { status = status, type = "text/plain", body = body }
end

-- The VM that holds an address and is alive, or the one a test names.
local function vm_for(m, request)
  local named = request.query:match "vm=([^&]+)"
  if named then
    local vm = m:find("vm", named)
    return vm and not vm.removed and vm or nil
  end
  for _, network in ipairs(m:rows "network") do
    local nic = guest_addresses.holder(network, request.client)
    if nic and nic.address == request.client and nic.vm.host and not networks.has_config_drive(network) then return nic.vm end
  end
end

local values = {
  ["service-offering"] = function(_, vm) return vm.offering.name end,
  ["availability-zone"] = function(_, vm) return vm.zone.name end,
  ["local-hostname"] = function(_, vm) return vm.name end,
  ["local-ipv4"] = function(m, vm) return nics.address_of(m, vm) or "" end,
  ["public-hostname"] = function(m, vm) return nics.address_of(m, vm) or "" end,
  ["public-ipv4"] = function(m, vm) return nics.address_of(m, vm) or "" end,
  ["instance-id"] = function(_, vm) return vm.id end,
  ["vm-id"] = function(_, vm) return vm.id end,
  ["public-keys"] = function(_, vm) return vm.publickeys and vm.publickeys .. "\n" or "" end,
  ["cloud-identifier"] = function(m) return "CloudStack-{" .. m:id_of "cloud" .. "}" end,
  ["hypervisor-host-name"] = function(_, vm) return vm.host and vm.host.name or "" end,
}

local function names()
  local out = {}
  for name in pairs(values) do out[#out + 1] = name end
  table.sort(out)
  return table.concat(out, "\n") .. "\n"
end

-- serve(m, { path, query, client }) -> reply
function metadata.serve(m, request)
  local path = request.path:gsub("^/latest/", "")
  local vm = vm_for(m, request)
  if not vm then return text(404, "no instance has the address " .. tostring(request.client) .. "\n") end
  if path == "user-data" then return text(200, userdata.decoded(m, vm)) end
  if path == "meta-data" or path == "meta-data/" then return text(200, names()) end
  local value = values[path:match "^meta%-data/([^/]+)/?$" or ""]
  if value then return text(200, value(m, vm)) end
  return text(404, "not found\n")
end

return metadata
