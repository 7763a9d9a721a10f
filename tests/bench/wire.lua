-- How close the CPI comes to what the wire and the machine allow: waiting for a long job, a large upload, a hundred
-- processes at once, the requests of a deployment.

local create_env = require "create_env"
local machine = require "tests.bench.machine"
local native = require "host_native"
local rig = require "rig"
local text_file = require "tests.support.text_file"

local wire = {}

local write, read = text_file.write, text_file.read

local function cloud_with_stemcell(options)
  local cloud = rig.start(options)
  local image = write(cloud.directory .. "/image", "BZh9 image")
  local run = cloud:cpi(create_env.calls.create_stemcell { image = image })
  return cloud, assert(run.response.result, run.stdout)
end

-- A create_vm with one network and no ephemeral disk, the number telling its address.
local function create_vm(stemcell, number)
  return {
    method = "create_vm", context = { director_uuid = "director", request_id = "cpi-" .. number },
    arguments = { "agent-" .. number, stemcell, { compute_offering = "shared.small" },
      { default = { type = "manual", ip = "10.0.0." .. 10 + number, netmask = "255.255.255.0", gateway = "10.0.0.1",
        cloud_properties = { name = "bosh-net" } } }, rig.json.array {}, { bosh = { group = "g" } } },
  }
end

local function must(run)
  assert(run.response and type(run.response.result) == "table", run.stdout)
  return run
end

-- Of what CloudStack had of a run: how many requests, looks at jobs, 429s; seconds from the first to the last; the most
-- that were under way at once where each takes `latency`.
local function told(requests, latency)
  local sum = { requests = #requests, looks = 0, refused = 0, most = 0 }
  local ends = {}
  for _, request in ipairs(requests) do
    sum.looks = sum.looks + (request.command == "queryAsyncJobResult" and 1 or 0)
    sum.refused = sum.refused + (request.status == 429 and 1 or 0)
    for i = #ends, 1, -1 do
      if ends[i] <= request.at then table.remove(ends, i) end
    end
    ends[#ends + 1] = request.at + (latency or 0)
    sum.most = math.max(sum.most, #ends)
  end
  sum.seconds = #requests > 0 and requests[#requests].at - requests[1].at or 0
  return sum
end

-- ---------------------------------------------------------------------------------------------------------

local ROUND_TRIP, JOB = 0.1, 8

-- create_vm where every request takes 100 ms and the VM's start 8 s: the limit is its steps, the start, and one last look.
function wire.waiting(report)
  report.section(("create_vm with round trips of %d ms and a job of %d s"):format(ROUND_TRIP * 1000, JOB))
  local cloud <close>, stemcell = cloud_with_stemcell {
    role = "bosh", store = true, world = { latency = { request = ROUND_TRIP, jobs = { startVirtualMachine = JOB } } },
  }
  local looks
  for number, what in ipairs { "cold", "warm cache" } do
    local steps = number == 1 and 4 or 3 -- before the start: look-ups, deploy, a round trip's pause and a look at its job
    local limit = steps * ROUND_TRIP + JOB + ROUND_TRIP
    local before = #cloud:requests()
    local run = must(cloud:cpi(create_vm(stemcell, number)))
    looks = told(cloud:requests(before)).looks
    report.row { what, measured = ("%.2f s"):format(run.seconds), against = ("the limit, %.2f s"):format(limit),
      value = run.seconds / limit, unit = "x", at_most = 1.1 }
  end
  report.row { "looks at its three jobs, whose length is known", value = looks, unit = "looks", at_most = 16 }
end

-- ---------------------------------------------------------------------------------------------------------

local GIGABYTES, TAKE_OVER = 3, 5 -- TAKE_OVER: seconds until an image that has come is a template; real ones take longer

-- The same file to the same server, by create_stemcell and by curl; in turns, the better of each.
function wire.upload(report)
  report.section(("a stemcell of %d GB"):format(GIGABYTES))
  local cloud <close> = rig.start { role = "bosh", world = { latency = { template = TAKE_OVER } } }
  local image = write(cloud.directory .. "/image", "BZh9 image")
  os.execute(("truncate -s %dG %s && cat %s >/dev/null"):format(GIGABYTES, rig.quote(image), rig.quote(image))) -- both from memory
  local request = write(cloud.directory .. "/upload.in", create_env.calls.create_stemcell { image = image })
  local time = cloud.directory .. "/upload.time"
  local ours, sending, plain, resident = math.huge, math.huge, math.huge, 0

  local function upload()
    local wall = machine.timed(("/usr/bin/time -o %s -f %%M %s --config %s <%s >%s.out 2>%s.err"):format(rig.quote(time),
      rig.quote(rig.program "cpi"), rig.quote(cloud.config), rig.quote(request), rig.quote(request), rig.quote(request)))
    local answer = rig.json.decode(read(request .. ".out"))
    assert(type(answer.result) == "string", read(request .. ".out"))
    local run = cloud:cpi(create_env.calls.delete_stemcell { stemcell = answer.result })
    assert(run.response.error == rig.json.null, run.stdout)
    sending = math.min(sending, tonumber(read(request .. ".err"):match "uploaded it in ([%d.]+) s"))
    ours, resident = math.min(ours, wall), math.max(resident, tonumber(read(time):match "%d+") / 1024)
  end

  local function curl(n)
    local zone = cloud:api("listZones").zone[1].id
    local target = cloud:api("getUploadParamsForTemplate", { name = "plain" .. n, displaytext = "plain", format = "VHD",
      hypervisor = "XenServer", zoneid = zone, ostypeid = cloud:api("listOsTypes").ostype[1].id }).getuploadparams
    local wall = machine.timed(("curl -sf -o /dev/null -H 'Expect:' -H %s -H %s -H %s -F %s %s"):format(
      rig.quote("X-signature: " .. target.signature), rig.quote("X-metadata: " .. target.metadata),
      rig.quote("X-expires: " .. target.expires), rig.quote("file=@" .. image .. ";type=application/octet-stream"),
      rig.quote(target.postURL)))
    plain = math.min(plain, wall)
  end

  for n = 1, 3 do
    curl(n)
    upload()
  end
  report.row { "create_stemcell", measured = ("%.2f s"):format(ours),
    against = ("curl, %.2f s, and %d s until CloudStack has it"):format(plain, TAKE_OVER), value = (plain + TAKE_OVER) / ours,
    unit = "x", at_least = 0.9 }
  report.row { "  its upload alone", measured = ("%.0f MB/s"):format(GIGABYTES * 1024 / sending),
    against = ("curl, %.0f MB/s"):format(GIGABYTES * 1024 / plain), value = plain / sending, unit = "x", at_least = 0.9 }
  report.row { "  resident", value = resident, unit = "MB", at_most = 16 }
end

-- ---------------------------------------------------------------------------------------------------------

local PROCESSES, ROUNDS, ALONE = 96, 5, 20

-- The files of so many create_vm, numbered from `first` on -> a script that starts them all at once.
local function script_of(cloud, stemcell, first, count)
  local lines = {}
  for number = first, first + count - 1 do
    local base = ("%s/at%d"):format(cloud.directory, number)
    write(base .. ".in", rig.json.encode(create_vm(stemcell, number)))
    lines[#lines + 1] = ("%s --config %s <%s.in >%s.out 2>%s.err &"):format(rig.quote(rig.program "cpi"), rig.quote(cloud.config),
      base, base, base)
  end
  return write(cloud.directory .. "/all.sh", table.concat(lines, "\n") .. "\nwait\n")
end

-- All went well, and none had trouble with the store.
local function check(cloud, first, count)
  for number = first, first + count - 1 do
    local base = ("%s/at%d"):format(cloud.directory, number)
    local response = rig.json.decode(read(base .. ".out"))
    assert(response and type(response.result) == "table", read(base .. ".out") .. read(base .. ".err"))
    assert(not read(base .. ".err"):find("store", 1, true), read(base .. ".err"))
  end
  assert(cloud:journal() == "", "the journal is not empty")
end

-- A cloud with a stemcell where a VM has been made before: a store's cache is warm, as it is in a deployment.
local function used_cloud(options)
  local cloud, stemcell = cloud_with_stemcell(options)
  must(cloud:cpi(create_vm(stemcell, (options.count or PROCESSES) + 1)))
  return cloud, stemcell
end

-- 96 create_vm (options.count) at once in a cloud of its own -> what told() says, and wall.
local function all_at_once(options)
  local cloud <close>, stemcell = used_cloud(options)
  local count = options.count or PROCESSES
  local script, before = script_of(cloud, stemcell, 1, count), #cloud:requests()
  local wall = machine.timed("bash " .. rig.quote(script))
  check(cloud, 1, count)
  local latency = options.world and options.world.latency and options.world.latency.request
  local sum = told(cloud:requests(before), latency)
  sum.wall = wall
  return sum
end

-- CPU seconds of one create_vm, and of the simulator for it, when nothing else is going on; and its wall clock.
local function one_alone(options)
  local cloud <close>, stemcell = used_cloud(options)
  local before = machine.cpu_of(cloud.server)
  local script = script_of(cloud, stemcell, 1, ALONE)
  write(script, read(script):gsub(" &\n", "\n"))
  local wall, cpu = machine.timed("bash " .. rig.quote(script))
  check(cloud, 1, ALONE)
  return cpu / ALONE, (machine.cpu_of(cloud.server) - before) / ALONE, wall / ALONE
end

-- What 96 at once need at least, and what that is: the cores, the simulator's one thread, or the length of one.
local function bound_of(cpu, server, wall)
  local limits = {
    { PROCESSES * (cpu + server) / machine.cores, ("CPU of %d cores"):format(machine.cores) },
    { PROCESSES * server, "the simulator's thread" }, { wall, "one create_vm" },
  }
  table.sort(limits, function(a, b) return a[1] > b[1] end)
  return table.unpack(limits[1])
end

function wire.many(report)
  report.section(("%d create_vm at once"):format(PROCESSES))
  local walls = { {}, {} }
  local options = { { role = "bosh" }, { role = "bosh", store = true } }
  for _ = 1, ROUNDS do
    for i, one in ipairs(options) do table.insert(walls[i], all_at_once(one).wall) end
  end
  for i, one in ipairs(options) do
    local cpu, server, alone = one_alone(one)
    local bound, what = bound_of(cpu, server, alone)
    local wall = machine.median(walls[i])
    report.row { one.store and "with a store" or "without a store", measured = ("%.2f s"):format(wall),
      against = ("%s, %.2f s"):format(what, bound), value = wall / bound, unit = "x", at_most = 1.2 }
    report.row { "  CPU of one; of the simulator for it", measured = ("%.1f ms; %.1f ms"):format(cpu * 1000, server * 1000) }
  end
  report.row { "throughput with a store", against = "without", value = machine.median(walls[1]) / machine.median(walls[2]),
    unit = "x", at_least = 0.8 }
end

-- ---------------------------------------------------------------------------------------------------------

local LATENCY, CONCURRENT, PER_SECOND, ALLOWED = 0.02, 4, 200, 100

-- The same under limits: as fast as those allow, and never beyond.
function wire.throttled(report)
  report.section(("%d create_vm at once, with one throttle for all"):format(PROCESSES))
  local function limited(limits)
    return { role = "bosh", store = true, config = { cloudstack = { throttle = limits } }, world = { latency = { request = LATENCY } } }
  end
  local some = all_at_once(limited { concurrent = CONCURRENT })
  local bound = some.requests * LATENCY / CONCURRENT
  report.row { ("%d requests under way"):format(CONCURRENT), measured = ("%.2f s"):format(some.seconds),
    against = ("%d requests, %.2f s"):format(some.requests, bound), value = some.seconds / bound, unit = "x", at_most = 1.3 }
  report.row { "  the most at once", value = some.most, unit = "requests", at_most = CONCURRENT }

  some = all_at_once(limited { per_second = PER_SECOND })
  bound = some.requests / PER_SECOND
  report.row { ("%d requests a second"):format(PER_SECOND), measured = ("%.2f s"):format(some.seconds),
    against = ("%d requests, %.2f s"):format(some.requests, bound), value = some.seconds / bound, unit = "x", at_most = 1.1 }
  report.row { "  requests a second, over all", value = (some.requests - 1) / some.seconds, unit = "a second", at_most = PER_SECOND * 1.05 }

  some = all_at_once { role = "bosh", store = true, world = { settings = {
    ["api.throttling.enabled"] = true, ["api.throttling.interval"] = 1, ["api.throttling.max"] = ALLOWED } } }
  bound = (some.requests - some.refused) // ALLOWED -- seconds; the first and the last hundred wait for nobody
  report.row { ("CloudStack allows %d a second, and says 429"):format(ALLOWED), measured = ("%.2f s"):format(some.seconds),
    against = ("%d requests, %d s; %d refused"):format(some.requests - some.refused, bound, some.refused),
    value = some.seconds / bound, unit = "x", at_most = 1.5 } -- a refusal waits for CloudStack's next second

  local path, turns = os.tmpname(), 20000
  assert(native.throttle.open(path, { concurrent = 16, per_second = 0, patience = 1 }))
  local began = native.clock.now()
  for _ = 1, turns do
    native.throttle.enter(5)
    native.throttle.leave()
  end
  os.remove(path)
  report.row { "a turn that nobody contends for", value = (native.clock.now() - began) / turns * 1e6, unit = "us", at_most = 100 }
end

-- ---------------------------------------------------------------------------------------------------------

local VMS = 100

-- So many at once, each with a job of 8 s: with a store it is known from the VM before how long that takes.
function wire.looks(report)
  report.section(("%d create_vm at once with a job of %d s"):format(VMS, JOB))
  local world = { latency = { jobs = { startVirtualMachine = JOB, ["deployVirtualMachine startvm=false"] = 0.3, createTags = 0.1 } } }
  local blind = all_at_once { role = "bosh", count = VMS, world = world }
  local learned = all_at_once { role = "bosh", count = VMS, world = world, store = true }
  report.row { "requests where the length of a job is not known (no store)",
    measured = ("%d, of them %d looks; %.1f s"):format(blind.requests, blind.looks, blind.wall) }
  report.row { "requests where it is", measured = ("%d, of them %d looks"):format(learned.requests, learned.looks),
    value = learned.requests, unit = "requests", at_most = 12 * VMS }
  report.row { "  wall", measured = ("%.1f s"):format(learned.wall), against = ("without, %.1f s"):format(blind.wall),
    value = learned.wall / blind.wall, unit = "x", at_most = 1.1 }
end

-- The requests of a deployment: what each VM costs, and what all share.
function wire.deployment(report)
  report.section(("a deployment of %d VMs, with a store"):format(VMS))
  local cloud <close>, stemcell = cloud_with_stemcell { role = "bosh", store = true }
  local before = #cloud:requests()
  for number = 1, VMS do must(cloud:cpi(create_vm(stemcell, number))) end
  local sum = told(cloud:requests(before))
  report.row { "requests in all", measured = ("%d, of them %d looks"):format(sum.requests, sum.looks), value = sum.requests,
    unit = "requests", at_most = 650 }
end

return wire
