-- What specs of a VM's end have in common: a machine on which a plain user's VMs are destroyed and not expunged for a day, as
-- CloudStack has it, with the stage's short ways.

local stage = require "tests.faults.stage"
local machine = require "machine"

local leaving = {}

-- options: world, settings, store, laid over it
function leaving.stage(options)
  options = options or {}
  local world = { settings = { ["expunge.delay"] = 86400, ["expunge.interval"] = 86400 }, latency = { jobs = { default = 1 } } }
  for key, value in pairs(options.world or {}) do
    if key == "settings" then
      for name, setting in pairs(value) do world.settings[name] = setting end
    else
      world[key] = value
    end
  end
  return setmetatable(machine.new { world = world, settings = options.settings, store = options.store, seed = options.seed }, stage)
end

-- The commands of a run's requests that are not lists and not looks at jobs.
function leaving.acts(s, from)
  local list = {}
  for i = (from or 0) + 1, #s.sim.requests do
    local command = s.sim.requests[i].command
    if not command:find "^list" and command ~= "queryAsyncJobResult" then list[#list + 1] = command end
  end
  return list
end

function leaving.has_act(s, command, from)
  for _, one in ipairs(leaving.acts(s, from)) do
    if one == command then return true end
  end
  return false
end

-- The VM with CloudStack's id as the cloud has it, also when it is destroyed; nil when it is expunged.
function leaving.vm_by_id(s, id)
  for _, vm in ipairs(s.sim.state().vms) do
    if vm.id == id then return vm end
  end
end

return leaving
