-- The user data of a VM: the agent's settings as base64, within what CloudStack takes. For an agent that needs a registry
-- the settings are in the registry, and the user data leads there.

local agent_networks = require "vm.agent_networks"
local agent_settings = require "request.agent_settings"
local environment = require "request.environment"
local errors = require "errors"
local registry = require "registry.settings"

local user_data = { name = "user_data" }

-- Raises CpiError where the agent needs a registry and there is none.
function user_data.read(cpi) return registry.check(cpi) end

local function has_ipv6(order)
  for _, network in ipairs(order.networks) do
    if network.family == 6 then return true end
  end
  return false
end

-- { text (base64), registry (the settings that the registry must have, nil where the agent needs none) }; vm: the VM's row, nil
-- before it is made. Raises VMCreationFailed when the text is longer than CloudStack's limit (vm.userdata.max.length, in base64
-- characters).
local function build(cpi, order, plan, try, vm)
  local settings, kept = agent_settings.build {
    json = cpi.json, settings = cpi.settings, agent_id = order.agent_id, vm_cid = try.vm_cid,
    networks = agent_networks.of(order, plan.networks, cpi.json, vm), has_ipv6 = has_ipv6(order),
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

-- As build(), before the VM is made. Raises CpiError without a message bus.
function user_data.renew(cpi, order, _, plan, try)
  if cpi.settings.agent.mbus == "" and not environment.has_message_bus(order.env) then
    error(errors.cpi("agent.mbus is not configured and env.bosh.mbus.urls is empty: the agent could not be reached"))
  end
  return build(cpi, order, plan, try)
end

function user_data.parameters(_, _, _, plan) return { userdata = plan.user_data.text } end

-- The settings once more, where they need an address that CloudStack chose: the VM reads them when it starts.
function user_data.furnish(cpi, order, _, plan, try, vm)
  if not agent_networks.needs_vm(plan.networks) then return {} end
  local known = build(cpi, order, plan, try, vm)
  if known.registry then
    registry.put(cpi, try.vm_cid, known.registry)
    return {}
  end
  return { { "updateVirtualMachine", { id = vm.id, userdata = known.text }, idempotent = true,
    what = "giving VM " .. try.vm_cid .. " its settings" } }
end

return user_data
