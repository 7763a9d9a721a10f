-- The user data of a VM: the agent's settings as base64, within what CloudStack takes. For an agent that needs a registry
-- the settings are in the registry, and the user data leads there.

local agent_settings = require "request.agent_settings"
local environment = require "request.environment"
local errors = require "errors"
local registry = require "registry.settings"
local vm_networks = require "vm.networks"

local user_data = { name = "user_data" }

-- Raises CpiError where the agent needs a registry and there is none.
function user_data.read(cpi) return registry.check(cpi) end

-- { text (base64), registry (the settings that the registry must have, nil where the agent needs none) }. Raises CpiError
-- without a message bus, and VMCreationFailed when the text is longer than CloudStack's limit (vm.userdata.max.length, in base64
-- characters).
function user_data.renew(cpi, order, _, plan, try)
  if cpi.settings.agent.mbus == "" and not environment.has_message_bus(order.env) then
    error(errors.cpi("agent.mbus is not configured and env.bosh.mbus.urls is empty: the agent could not be reached"))
  end
  local settings, kept = agent_settings.build {
    json = cpi.json, settings = cpi.settings, agent_id = order.agent_id, vm_cid = try.vm_cid,
    networks = vm_networks.of_agent(order), macs = vm_networks.macs(plan.networks),
    has_ephemeral = plan.disks.ephemeral ~= nil, env = order.env,
  }, nil
  if registry.is_needed(cpi) then kept, settings = registry.divide(cpi, try.vm_cid, settings) end
  local text = cpi.bytes.base64(cpi.json.encode(settings))
  local limit = cpi.settings.cloudstack.user_data_limit
  cpi.log.secret(text)
  if #text > limit then
    error(errors.vm_creation_failed("the agent's settings are %d characters of user data, CloudStack takes %d "
      .. "(cloudstack.user_data_limit)", #text, limit))
  end
  return { text = text, registry = kept }
end

function user_data.parameters(_, _, _, plan) return { userdata = plan.user_data.text } end

return user_data
