-- What the agent in a VM must know: the settings document that becomes the VM's user data (pure).
-- The shape is the agent's Go struct (bosh-agent settings/settings.go, infrastructure/
-- metadata_service_interface.go); its parser rejects the whole document for [] where it wants {}, for a
-- number where it wants a string, and the like.

local devices = require "cloudstack.devices"
local tables = require "base.tables"

-- The agent lets the kernel have IPv6 where env.bosh.ipv6.enable says so; of an address that is an alias it would not see it. What
-- the manifest says of it stays.
local function with_ipv6(env, json)
  local bosh = type(env.bosh) == "table" and env.bosh ~= json.null and env.bosh or {}
  if type(bosh.ipv6) == "table" then return env end
  return tables.with(env, { bosh = tables.with(bosh, { ipv6 = { enable = true } }) })
end

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

-- build{ json, settings, agent_id, vm_cid, networks, has_ephemeral, has_ipv6, env } -> a table for json.encode. networks: as
-- vm/agent_networks.lua makes them. env passes through, and says ipv6.enable where a network is IPv6 and the manifest does not;
-- disks.persistent stays {}: the agent learns of disks by mount_disk.
local function build(facts)
  local json, settings = facts.json, facts.settings
  local ntp = {}
  for i, server in ipairs(settings.ntp or {}) do ntp[i] = server end
  return {
    agent_id = facts.agent_id,
    vm = { name = facts.vm_cid, id = facts.vm_cid },
    mbus = settings.agent.mbus,
    ntp = json.array(ntp),
    blobstore = { provider = settings.agent.blobstore.provider, options = settings.agent.blobstore.options
      or { blobstore_path = "/var/vcap/micro_bosh/data/cache" } },
    networks = facts.networks,
    disks = {
      system = devices.SYSTEM,
      ephemeral = facts.has_ephemeral and { path = devices.EPHEMERAL } or nil,
      persistent = {},
    },
    env = facts.has_ipv6 and with_ipv6(facts.env, json) or facts.env,
    server = { name = facts.vm_cid },
    dns = { nameserver = nameservers(facts.networks, json) },
  }
end

return { build = build }
