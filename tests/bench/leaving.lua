-- How long a delete_vm takes, in each of the ways in which a VM leaves, with the latencies that were observed on a management
-- server; in the simulator's time, so that it is the same on every machine.

local machine = require "tests.support.machine"
local stage = require "tests.faults.stage"

local bench = {}

local DAY = { ["expunge.delay"] = 86400, ["expunge.interval"] = 86400 }

local ways = {
  { "expunged at once", { ["allow.user.expunge.recover.vm"] = true } },
  { "its address parked at the end of its network", DAY, at_most = 1.5 },
  { "by a network without addresses", DAY, "cpi-parking", at_most = 2.6 },
}

-- Seconds and requests of a delete_vm. The first one of a zone makes the network: it is the second that counts.
local function measure(settings, network)
  local s = setmetatable(machine.new { world = { settings = settings, latency = "observed" },
    settings = { cloudstack = { parking = { network = network } } } }, stage)
  local seconds, requests
  for _ = 1, 2 do
    local vm = s:small_vm()
    local began, before = s.sim.clock.now(), #s.sim.requests
    s:good("delete_vm", { vm })
    seconds, requests = s.sim.clock.now() - began, #s.sim.requests - before
  end
  return seconds, requests
end

function bench.measure(report)
  report.section "a delete_vm in each way in which a VM leaves, at a management server's observed latencies"
  local first
  for _, way in ipairs(ways) do
    local seconds, requests = measure(way[2], way[3])
    first = first or seconds
    report.row { way[1], measured = ("%.1f s, %d requests"):format(seconds, requests), against = ("expunged, %.1f s"):format(first),
      value = seconds / first, unit = "x", at_most = way.at_most }
  end
end

return bench
