-- The user data of a VM: the agent's settings as base64, within what CloudStack takes.

local agent_settings = require "request.agent_settings"
local errors = require "errors"
local registry = require "registry.settings"
local vm_networks = require "vm.networks"

local user_data = {}

local function has_mbus(env)
  local bosh = type(env.bosh) == "table" and env.bosh or {}
  local mbus = type(bosh.mbus) == "table" and bosh.mbus or {}
  return type(mbus.urls) == "table" and #mbus.urls > 0
end

-- of(cpi, order, vm_cid, nics, has_ephemeral) -> base64 text, and the settings that the registry must have where the
-- agent needs one (nil otherwise). Raises CpiError without a message bus, and
-- VMCreationFailed when it is longer than CloudStack's limit (vm.userdata.max.length, in base64 characters).
function user_data.of(cpi, order, vm_cid, nics, has_ephemeral)
  if cpi.settings.agent.mbus == "" and not has_mbus(order.env) then
    error(errors.cpi("agent.mbus is not configured and env.bosh.mbus.urls is empty: the agent could not be reached"))
  end
  local networks = {}
  for _, network in ipairs(order.networks) do networks[network.name] = network.given end
  local settings = agent_settings.build {
    json = cpi.json, settings = cpi.settings, agent_id = order.agent_id, vm_cid = vm_cid, networks = networks,
    macs = vm_networks.macs(nics), has_ephemeral = has_ephemeral, env = order.env,
  }
  local kept
  if registry.is_needed(cpi) then kept, settings = registry.divide(cpi, vm_cid, settings) end
  local text = cpi.bytes.base64(cpi.json.encode(settings))
  local limit = cpi.settings.cloudstack.user_data_limit
  cpi.log.secret(text)
  if #text > limit then
    error(errors.vm_creation_failed("the agent's settings are %d characters of user data, CloudStack takes %d "
      .. "(cloudstack.user_data_limit)", #text, limit))
  end
  return text, kept
end

return user_data
