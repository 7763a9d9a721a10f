-- What an honest client of a daemon waits for among a thousand that are never done, and what memory that takes.

local crowd = require "crowd"
local native = require "host_native"
local rig = require "rig"
local text_file = require "tests.support.text_file"

local pressure = {}

local PATH, PASSWORD = "/instances/cpivm-1/settings", "registry-password"
local ASKED = 50

function pressure.measure(report)
  report.section "the registry among 1,000 slow clients and 150 unfinished PUTs of 4 MB"
  local config = { registry = { host = "127.0.0.1", username = "admin", password = PASSWORD } }
  local cloud <close> = rig.start { store = true, config = config }
  cloud.base_url = cloud:daemon "registry"
  local authorization = "Authorization: Basic " .. native.bytes.base64("admin:" .. PASSWORD) .. "\r\n"
  local others <close> = crowd.pressure(cloud.base_url:match ":(%d+)$", PATH, authorization)
  local longest = 0
  for _ = 1, ASKED do
    local _, told = cloud:curl(PATH, "-u admin:" .. PASSWORD)
    assert(told.code == 404, told.errors)
    longest = math.max(longest, told.seconds)
  end
  assert(others:count "status 20" == 0, "the crowd is to be there all the time")
  local pid = text_file.read(cloud.directory .. "/registry.pid"):match "%d+"
  local memory = tonumber(text_file.read("/proc/" .. pid .. "/status"):match "VmHWM:%s*(%d+)") / 1024
  report.row { "longest of " .. ASKED .. " answers to an honest client", value = longest, unit = "s", at_most = 1 }
  report.row { "resident memory of the registry, at most", value = memory, unit = "MB", at_most = 64 }
end

return pressure
