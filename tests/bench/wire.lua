-- How close the CPI comes to what the wire and the machine allow: waiting for a long job, a large upload, a hundred
-- processes at once, the requests of a deployment.

local create_env = require "create_env"
local rig = require "rig"

local wire = {}

local function write(path, text)
  local file = assert(io.open(path, "w"))
  file:write(text)
  file:close()
  return path
end

local function read(path)
  local file = assert(io.open(path))
  local text = file:read "a"
  file:close()
  return text
end

-- Seconds of wall clock and of CPU (user and system, of all children) that a piece of bash takes.
local function timed(text)
  local pipe = io.popen("bash -c " .. rig.quote("TIMEFORMAT='%R %U %S'; { time { " .. text .. "; } 2>/dev/null; } 2>&1"))
  local out = pipe:read("a"):gsub(",", ".")
  pipe:close()
  local wall, user, system = out:match "([%d.]+) ([%d.]+) ([%d.]+)%s*$"
  return tonumber(wall), tonumber(user) + tonumber(system)
end

-- CPU seconds of a process so far.
local function cpu_of(pid)
  local fields = read(("/proc/%d/stat"):format(pid)):match "%) (.*)"
  local n, ticks = 0, 0
  for field in fields:gmatch "%S+" do
    n = n + 1
    if n == 12 or n == 13 then ticks = ticks + tonumber(field) end
  end
  return ticks / 100
end

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

-- ---------------------------------------------------------------------------------------------------------

local ROUND_TRIP, JOB = 0.1, 8

-- create_vm where every request takes 100 ms and the VM 8 s: the limit is its steps, the job, and one last look.
function wire.waiting(row)
  print(("\ncreate_vm with round trips of %d ms and a job of %d s"):format(ROUND_TRIP * 1000, JOB))
  local cloud <close>, stemcell = cloud_with_stemcell {
    role = "bosh", store = true, world = { latency = { request = ROUND_TRIP, jobs = { deployVirtualMachine = JOB } } },
  }
  for number, what in ipairs { "cold", "warm cache" } do
    local steps = number == 1 and 2 or 1 -- before the job: looks, deploy; its tags are set while it runs
    local limit = steps * ROUND_TRIP + JOB + ROUND_TRIP
    local run = cloud:cpi(create_vm(stemcell, number))
    assert(type(run.response.result) == "table", run.stdout)
    row(what, ("%.2f s, %.2f x the limit"):format(run.seconds, run.seconds / limit), "goal: 1.1 x")
  end
end

-- ---------------------------------------------------------------------------------------------------------

local GIGABYTES = 3

-- The same file to the same server, by create_stemcell and by curl.
function wire.upload(row)
  print(("\na stemcell of %d GB"):format(GIGABYTES))
  local cloud <close> = rig.start { role = "bosh" }
  local image = write(cloud.directory .. "/image", "BZh9 image")
  os.execute(("truncate -s %dG %s && cat %s >/dev/null"):format(GIGABYTES, rig.quote(image), rig.quote(image))) -- both from memory
  local request = write(cloud.directory .. "/upload.in", create_env.calls.create_stemcell { image = image })
  local report = cloud.directory .. "/upload.time"
  local wall = timed(("/usr/bin/time -o %s -f %%M %s --config %s <%s >%s.out"):format(rig.quote(report),
    rig.quote(rig.program "cpi"), rig.quote(cloud.config), rig.quote(request), rig.quote(request)))
  local resident = tonumber(read(report):match "%d+") / 1024

  local zone = cloud:api("listZones").zone[1].id
  local target = cloud:api("getUploadParamsForTemplate", { name = "plain", displaytext = "plain", format = "VHD",
    hypervisor = "XenServer", zoneid = zone, ostypeid = cloud:api("listOsTypes").ostype[1].id }).getuploadparams
  local plain = timed(("curl -s -o /dev/null -H 'Expect:' -H %s -H %s -H %s -F %s %s"):format(
    rig.quote("X-signature: " .. target.signature), rig.quote("X-metadata: " .. target.metadata),
    rig.quote("X-expires: " .. target.expires), rig.quote("file=@" .. image .. ";type=application/octet-stream"),
    rig.quote(target.postURL)))
  local kept = 0
  for _, template in ipairs(cloud:state().templates) do
    kept = kept + ((template.physicalsize or template.size or 0) >= GIGABYTES << 30 and 1 or 0)
  end
  row("plain upload by curl", ("%.2f s, %.0f MB/s"):format(plain, GIGABYTES * 1024 / plain))
  row("create_stemcell", ("%.2f s, %.2f of its speed"):format(wall, plain / wall), "goal: 0.9")
  row("create_stemcell, resident", ("%.1f MB"):format(resident), "goal: 16 MB")
end

-- ---------------------------------------------------------------------------------------------------------

local PROCESSES = 96
local CORES = tonumber(io.popen("nproc"):read "l")

-- Starts create_vm for all numbers at once -> wall, CPU seconds of the CPIs, CPU seconds of the simulator.
local function all_at_once(cloud, stemcell, numbers)
  local lines = {}
  for number = 1, numbers do
    local base = ("%s/at%d"):format(cloud.directory, number)
    write(base .. ".in", rig.json.encode(create_vm(stemcell, number)))
    lines[number] = ("%s --config %s <%s.in >%s.out 2>%s.err &"):format(rig.quote(rig.program "cpi"), rig.quote(cloud.config),
      base, base, base)
  end
  local script = write(cloud.directory .. "/all.sh", table.concat(lines, "\n") .. "\nwait\n")
  local before = cpu_of(cloud.server)
  local wall, cpu = timed("bash " .. rig.quote(script))
  local good, locked = 0, 0
  for number = 1, numbers do
    local base = ("%s/at%d"):format(cloud.directory, number)
    local response = rig.json.decode(read(base .. ".out"))
    good = good + (response and type(response.result) == "table" and 1 or 0)
    locked = locked + (read(base .. ".err"):find("store", 1, true) and 1 or 0)
  end
  return wall, cpu, cpu_of(cloud.server) - before, good, locked
end

function wire.many(row)
  print(("\n%d create_vm at once, %d cores"):format(PROCESSES, CORES))
  local walls = {}
  for _, store in ipairs { false, true } do
    local cloud <close>, stemcell = cloud_with_stemcell { role = "bosh", store = store }
    local wall, cpu, server, good, locked = all_at_once(cloud, stemcell, PROCESSES)
    assert(good == PROCESSES, ("%d of %d were created"):format(good, PROCESSES))
    assert(locked == 0, ("%d processes had trouble with the store"):format(locked))
    assert(cloud:journal() == "", "the journal is not empty")
    -- The simulator is one thread, and takes its share of the machine.
    local limit = math.max((cpu + server) / CORES, server)
    walls[#walls + 1] = wall
    row(store and "with a store" or "without a store",
      ("%.2f s, %.2f x the CPU they need"):format(wall, wall / limit), "goal: 1.2 x")
    row("  CPU of one CPI; of the simulator for it", ("%.1f ms; %.1f ms"):format(cpu / PROCESSES * 1000, server / PROCESSES * 1000))
  end
  row("throughput with a store", ("%.2f of that without"):format(walls[1] / walls[2]), "goal: 0.8")
end

-- ---------------------------------------------------------------------------------------------------------

local VMS = 100

-- The requests of a deployment: what each VM costs, and what all share.
function wire.deployment(row)
  print(("\na deployment of %d VMs, with a store"):format(VMS))
  local cloud <close>, stemcell = cloud_with_stemcell { role = "bosh", store = true }
  local before, polls = #cloud:requests(), 0
  for number = 1, VMS do
    local run = cloud:cpi(create_vm(stemcell, number))
    assert(type(run.response.result) == "table", run.stdout)
  end
  local requests = cloud:requests(before)
  for _, request in ipairs(requests) do polls = polls + (request.command == "queryAsyncJobResult" and 1 or 0) end
  row("requests in all", ("%d, of them %d looks at jobs"):format(#requests, polls), "goal: 500")
end

return wire
