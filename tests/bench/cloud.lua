-- What a large simulated cloud costs: a deploy among many VMs against one among few, a page of a long list, and memory as
-- machines come and go.
local cloud = require "spec.sim.cloud"

local bench = {}

local FEW, MANY, BATCH, BATCHES = 100, 10000, 100, 11
local CYCLES = 20000

local function host(name) return { name = name, cpu = 1000000, mhz = 4000, memory = 1 << 34, pool = 1 << 26 } end

local function large()
  return cloud.new {
    networks = { { name = "wide", zone = "zone1", type = "Isolated", cidr = "10.64.0.0/16", gateway = "10.64.0.1", account = "bosh" } },
    clusters = {
      { name = "cluster1", zone = "zone1", hosts = { host "h1", host "h2", host "h3", host "h4" },
        pools = { { name = "p", size = 1 << 26 } } },
      { name = "cluster2", absent = true },
    },
    settings = { ["allow.user.expunge.recover.vm"] = true },
  }
end

local count = 0
local function deploy(c)
  count = count + 1
  local answer = c:call("deployVirtualMachine", c:deployment("vm-" .. count, { networkids = c.network.wide }))
  c.sim.advance(0)
  return answer.id
end

local function times(n, run, ...)
  for _ = 1, n do run(...) end
end

-- Milliseconds of CPU of one deploy: the median of batches, so that a collection of garbage does not fall into it.
local function cost(c)
  local list = {}
  for i = 1, BATCHES do
    local began = os.clock()
    times(BATCH, deploy, c)
    list[i] = (os.clock() - began) * 1000 / BATCH
  end
  table.sort(list)
  return list[BATCHES // 2 + 1]
end

-- The server's own work, without the reader's.
local function show_page(report, c)
  local list = { { command = "listVirtualMachines", params = { page = 3, pagesize = 500 } } }
  collectgarbage()
  local began = os.clock()
  local reply = c.sim.send(list)[1]
  report.row { ("a page of 500 of %d VMs, %d kB"):format(MANY, #reply.body // 1000), value = (os.clock() - began) * 1000,
    unit = "ms", at_most = 150 }
end

local function show_deploys(report)
  local few, many = large(), large()
  times(FEW, deploy, few)
  local at_few = cost(few)
  times(MANY, deploy, many)
  local at_many = cost(many)
  report.row { ("a deploy among %d VMs"):format(MANY), measured = ("%.2f ms of CPU"):format(at_many),
    against = ("among %d, %.2f ms"):format(FEW, at_few), value = at_many / at_few, unit = "x", at_most = 1.2 }
  show_page(report, many)
end

local function memory()
  collectgarbage()
  collectgarbage()
  return collectgarbage "count" / 1024
end

local function show_cycles(report)
  local c = large()
  local function cycle()
    c:job("destroyVirtualMachine", { id = deploy(c), expunge = true })
    c.sim.events()
  end
  times(CYCLES // 2, cycle)
  local half = memory()
  times(CYCLES // 2, cycle)
  local whole = memory()
  report.row { ("memory after %d deploys and expunges"):format(CYCLES), measured = ("%.1f MB"):format(whole),
    against = ("after %d, %.1f MB"):format(CYCLES // 2, half), value = whole / half, unit = "x", at_most = 1.05 }
end

function bench.measure(report)
  report.section "the simulated cloud, when it is large"
  show_deploys(report)
  show_cycles(report)
end

return bench
