-- What is kept beside a create_vm, and what that costs: the log of decisions and the metrics. In instructions as valgrind counts them:
-- the CPU that a process took is never the same twice, and these are shares of a hundredth.

local create_env = require "create_env"
local machine = require "tests.bench.machine"
local rig = require "rig"
local text_file = require "tests.support.text_file"

local beside = {}

local RUNS = 3 -- of each, in turns; the median counts, for the order of tables differs from start to start
local VALGRIND = "valgrind --tool=cachegrind --cache-sim=no --cachegrind-out-file=/dev/null --log-file="

local function cloud_with_stemcell()
  local cloud = rig.start { role = "bosh", store = true }
  local image = text_file.write(cloud.directory .. "/image", "BZh9 image")
  local run = cloud:cpi(create_env.calls.create_stemcell { image = image })
  return cloud, assert(run.response.result, run.stdout)
end

local GROUPS = { "director", "cf", "web", "director-cf", "cf-web", "director-cf-web" }

local function create_vm(stemcell, cloud_properties)
  return {
    method = "create_vm", context = { director_uuid = "director", request_id = "cpi-1" }, api_version = 2,
    arguments = { "agent-1", stemcell, cloud_properties,
      { default = { type = "manual", ip = "10.0.0.11", netmask = "255.255.255.0", gateway = "10.0.0.1",
        cloud_properties = { name = "bosh-net" } } }, rig.json.array {}, { bosh = { group = "director-cf-web", groups = GROUPS } } },
  }
end

-- The configuration with a store of its own and more in it, as a file of that name. What a store has had to write costs who opens it,
-- so ways that are compared have stores of the same age.
local function configured(cloud, name, more)
  local config = rig.json.decode(text_file.read(cloud.config))
  config.store.path = ("%s/%s.db"):format(cloud.directory, name)
  for section, fields in pairs(more) do config[section] = fields end
  return text_file.write(("%s/%s.json"):format(cloud.directory, name), rig.json.encode(config))
end

-- The program with a lua/ whose metrics count nothing.
local function without_metrics(cloud)
  local place = cloud.directory .. "/bare"
  os.execute(("mkdir -p %s/build && cp %s %s/build/cpi && cp -r lua %s/lua"):format(place, rig.program "cpi", place, place))
  text_file.write(place .. "/lua/setup/metrics.lua", "return { record = function() end }")
  return place .. "/build/cpi"
end

-- Millions of instructions of a request; the VM that it makes is gone again.
local function cost(cloud, request, way)
  local base = cloud.directory .. "/beside"
  text_file.write(base .. ".in", rig.json.encode(request))
  os.execute(("%s%s.count %s --config %s <%s.in >%s.out 2>%s.err"):format(VALGRIND, base, way.program or rig.program "cpi", way.config,
    base, base, base))
  local answer = rig.json.decode(text_file.read(base .. ".out"))
  assert(answer and type(answer.result) == "table", text_file.read(base .. ".out") .. text_file.read(base .. ".err"))
  local gone = cloud:cpi({ method = "delete_vm", context = request.context, arguments = rig.json.array { answer.result[1] } },
    { config = way.config })
  assert(gone.response.error == rig.json.null, gone.stdout)
  cloud:expunge()
  local count = text_file.read(base .. ".count"):match "I +refs: +([%d,]+)"
  return tonumber((count:gsub(",", ""))) / 1e6
end

-- The medians of two ways, { config = path, program = path }, which take turns.
local function compared(cloud, request, first, second)
  local costs = { {}, {} }
  for run = 0, RUNS do
    for i, way in ipairs { first, second } do costs[i][run] = cost(cloud, request, way) end
  end
  return machine.median(costs[1]), machine.median(costs[2]) -- without the one before the first, which found no store
end

local function show(report, what, without, with)
  report.row { what, measured = ("%.1f million"):format(with), against = ("without, %.1f million"):format(without),
    value = 100 * (with / without - 1), unit = "%", at_most = 2 }
end

function beside.measure(report)
  report.section "instructions of a create_vm, with what is kept beside it"
  local cloud <close>, stemcell = cloud_with_stemcell()
  local plain = { config = configured(cloud, "plain", {}) }
  local logged = { config = configured(cloud, "logged", { policies = { log = "store" } }) }
  local counted = { config = configured(cloud, "counted", {}) }
  local bare = { config = configured(cloud, "bare", {}), program = without_metrics(cloud) }
  local few = create_vm(stemcell, { compute_offering = "shared.small" })
  local many = create_vm(stemcell, { cpu = 1, ram = 512, ephemeral_disk_offering = "shared.custom", disk = 4096 })
  show(report, "the log of decisions, 4 of them", compared(cloud, few, plain, logged))
  show(report, "  6 of them, with offerings to choose from", compared(cloud, many, plain, logged))
  show(report, "metrics in the store", compared(cloud, few, bare, counted))
end

return beside
