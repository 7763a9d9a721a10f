-- What the matrices do with each verb: NAME = { { what, arrange = function(stage) return arguments end, ... }, ... }.
-- Every file in lua/verbs must be here; which requests a verb makes is not said here, that is seen when it runs.
--   what      for people, where a verb has several
--   arrange   brings about the state before, by good calls; answers the arguments
--   again     function(stage, arguments) -> the arguments of the director's next try (the same where it is absent)
--   world, settings   laid over the simulator's world and the configuration
--   request   { context, api_version } of the request
--   needs_store       it makes no sense without one
--   inside    it needs a hand inside the simulator, and cannot be played over HTTP
--   hindrance what CloudStack says of something in the scenario that stands in the way by itself
--   answers   the error class that is right even without a fault
-- stage is tests/faults/stage.lua, a machine with shortcuts.

local circumstances = require "tests.support.circumstances"
local machine = require "machine"
local stage = require "tests.faults.stage"
local tables = require "base.tables"

local scenarios = { info = { { arrange = function() return {} end } } }
scenarios.ping = scenarios.info
for _, noun in ipairs { "vms", "disks", "stemcells", "networks" } do
  for verb, list in pairs(require("tests.faults.scenarios." .. noun)) do scenarios[verb] = list end
end

local WAITS = { "global", "reboot_vm", "create_vm", "delete_vm", "stop_vm", "create_volume", "delete_volume", "resize_volume",
  "poll_template", "snapshot_volume", "delete_snapshot_volume", "attach_volume", "detach_volume" }

-- The settings of a scenario; patience, where it is given, is how many seconds the verbs wait for a job, and half of it for an
-- answer: the hundreds of polls that make up half an hour show nothing that those of a few minutes do not.
local function settings_of(scenario, patience)
  local settings, site = {}, {}
  for key, value in pairs(scenario.settings or {}) do settings[key] = value end
  for key, value in pairs(settings.cloudstack or {}) do site[key] = value end
  settings.cloudstack = site
  if patience then
    site.timeout, site.request_timeout = {}, patience // 2
    for _, name in ipairs(WAITS) do site.timeout[name] = patience end
  end
  return settings
end

-- The stage of a scenario, with what comes before it done; and its arguments.
local function open(scenario, options)
  local world = { latency = { jobs = { default = 1, createTags = 0.1, deleteTags = 0.1 } } }
  for key, value in pairs(scenario.world or {}) do world[key] = value end
  -- Minutes. An upload that nobody came to make is given up while the matrices wait: until then CloudStack keeps its template.
  -- A verb that CloudStack refuses for as long as it tries again (5 minutes) is not overtaken by that.
  world.settings = tables.with({ ["upload.operation.timeout"] = 6 }, world.settings)
  local new = machine.new { world = circumstances.world(world), store = options.store, seed = options.seed,
    settings = settings_of(scenario, options.patience) }
  setmetatable(new, stage)
  return new, scenario.arrange(new)
end

-- Names of the verbs, from their files.
local function verbs()
  local names, pipe = {}, assert(io.popen("ls lua/verbs"))
  for file in pipe:lines() do names[#names + 1] = file:match "^(.+)%.lua$" end
  pipe:close()
  table.sort(names)
  return names
end

return { of = scenarios, open = open, verbs = verbs }
