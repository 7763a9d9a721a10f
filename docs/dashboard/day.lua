-- Six hours of a director in the simulator's time: a deployment is made and used, CloudStack has no room for a while and is slow
-- for a while, instances are recreated. What `cpi metrics` says each minute is what Prometheus would scrape. The same bytes on
-- every machine: nothing of it takes real time.

local machine = require "machine"
local promql = require "docs.dashboard.promql"
local stage = require "tests.faults.stage"

local day = { HOURS = 6, INSTANCE = "director" }

local MINUTE = 60

local WORLD = { latency = "observed", settings = { ["allow.user.expunge.recover.vm"] = true } }

-- An instance of the deployment: a VM at its address, with its disk.
local function make(s, instance)
  instance.vm = s:good("create_vm", s:small_order(nil, s:networks(instance.ip), instance.disk and { instance.disk }))[1]
  s:adopt(instance.vm)
  if not instance.disk then instance.disk = s:disk(2048) end
  s:good("attach_disk", { instance.vm, instance.disk })
  s:adopt(nil, instance.disk)
end

local function recreate(s, instance)
  s:good("detach_disk", { instance.vm, instance.disk })
  s:good("delete_vm", { instance.vm })
  make(s, instance)
end

-- What a director asks again and again.
local function look(s, instance)
  s:good("has_vm", { instance.vm })
  s:good("get_disks", { instance.vm })
end

-- A VM for which there is no room: BOSH hears so, and tries again later.
local function fail(s)
  s.sim.fault { command = "startVirtualMachine", fault = "capacity", times = 9 }
  assert(s:call("create_vm", s:small_order(nil, s:networks "10.0.0.60")).error, "there was room")
  s.sim.take_back()
end

-- What happens in a minute once the deployment is there.
local function act(s, instances, minute)
  local one = instances[minute // 6 % #instances + 1]
  if minute % 2 == 0 then look(s, one) end
  if minute >= 100 and minute < 130 and minute % 6 == 0 then fail(s) end
  if minute == 200 then s.sim.fault { fault = "delay", seconds = 0.6, times = 1000 } end
  if minute == 240 then s.sim.take_back() end
  if minute >= 150 and minute % 6 == 0 then recreate(s, one) end
  if minute % 30 == 20 then s:good("delete_snapshot", { s:good("snapshot_disk", { one.disk, {} }) }) end
end

-- history() -> a history as docs/dashboard/promql.lua has it, a scrape a minute; and the second at which it ends.
function day.history()
  local s = setmetatable(machine.new { world = WORLD, store = true }, stage)
  local scrape, history, instances, began = promql.scraper { instance = day.INSTANCE }, {}, {}, s.sim.clock.utc()
  for i = 1, 5 do instances[i] = { ip = "10.0.0." .. 10 + i } end
  for minute = 0, day.HOURS * 60 - 1 do
    if minute >= 10 and minute < 35 and minute % 5 == 0 then make(s, instances[minute // 5 - 1]) end
    if minute >= 40 then act(s, instances, minute) end
    local text = assert(s:command("metrics", "--prometheus")).text
    history[#history + 1] = scrape(text, s.sim.clock.utc() - began)
    s.sim.advance(math.max(0, (minute + 1) * MINUTE - (s.sim.clock.utc() - began)))
  end
  return history, day.HOURS * 60 * MINUTE
end

return day
