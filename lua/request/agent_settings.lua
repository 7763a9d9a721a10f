-- What the agent in a VM must know: the settings document that becomes the VM's user data (pure).
-- The shape is the agent's Go struct (bosh-agent settings/settings.go, infrastructure/
-- metadata_service_interface.go); its parser rejects the whole document for [] where it wants {}, for a
-- number where it wants a string, and the like.

local devices = require "cloudstack.devices"
local tables = require "base.tables"

-- A network as BOSH sent it, plus the MAC of its NIC where there is one. Vips are skipped by the agent.
local function network_settings(network, mac) return tables.with(network, { mac = mac }) end

-- The nameservers of the network that is default for dns, else of the first (by name) that has some.
local function nameservers(networks, json)
  local chosen
  for _, name in ipairs(tables.sorted_keys(networks)) do
    local network = networks[name]
    local dns = type(network.dns) == "table" and network.dns ~= json.null and #network.dns > 0 and network.dns
    for _, role in ipairs(dns and type(network.default) == "table" and network.default or {}) do
      if role == "dns" then return network.dns end
    end
    chosen = chosen or dns
  end
  return chosen or json.array {}
end

-- build{ json, settings, agent_id, vm_cid, networks, macs, has_ephemeral, env } -> a table for json.encode.
-- env passes through untouched; disks.persistent stays {}: the agent learns of disks by mount_disk.
local function build(facts)
  local json, settings = facts.json, facts.settings
  local networks = {}
  for name, network in pairs(facts.networks) do
    networks[name] = network_settings(network, facts.macs[name])
  end
  local ntp = {}
  for i, server in ipairs(settings.ntp or {}) do ntp[i] = server end
  return {
    agent_id = facts.agent_id,
    vm = { name = facts.vm_cid, id = facts.vm_cid },
    mbus = settings.agent.mbus,
    ntp = json.array(ntp),
    blobstore = { provider = settings.agent.blobstore.provider, options = settings.agent.blobstore.options
      or { blobstore_path = "/var/vcap/micro_bosh/data/cache" } },
    networks = networks,
    disks = {
      system = devices.SYSTEM,
      ephemeral = facts.has_ephemeral and { path = devices.EPHEMERAL } or nil,
      persistent = {},
    },
    env = facts.env,
    server = { name = facts.vm_cid },
    dns = { nameserver = nameservers(facts.networks, json) },
  }
end

return { build = build }
