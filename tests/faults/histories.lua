-- Random histories (tests/faults/history.lua), N of them from a seed on. After each every object in CloudStack belongs to a
-- CID that its director knows, or the journal or gc tells of it; nothing that a director knows is gone; no address, name,
-- device or disk is shared; settings in the registry agree with CloudStack; and replay and gc remove the rest.
--   lua5.4 tests/faults/histories.lua [SEED [N]]
-- A seed gives the same run every time. A history that fails is shrunk to the shortest that still does, and printed.

package.path = "./lua/?.lua;./?.lua;./tests/support/?.lua;" .. package.path
package.cpath = "./build/spec/?.so;" .. package.cpath

local circumstances = require "tests.support.circumstances"
local history = require "tests.faults.history"
local sha256 = require("host_native").bytes.sha256

local SEED, COUNT = tonumber(arg[1]) or 1, tonumber(arg[2]) or 200
local MOST_SHRUNK = 3

local function show(steps, seed)
  steps = history.shrunk(steps, seed, history.trouble)
  print(("BAD  make histories SEED=%d N=1: %s"):format(seed, (history.trouble(steps, seed))))
  for _, step in ipairs(steps) do print("       " .. history.words(step)) end
end

local passed, failed, calls, all = 0, 0, 0, ""
for seed = SEED, SEED + COUNT - 1 do
  local steps = history.of(seed)
  local why, digest = history.trouble(steps, seed)
  calls, all = calls + #steps, sha256(all .. digest)
  if not why then
    passed = passed + 1
  else
    failed = failed + 1
    if failed <= MOST_SHRUNK then show(steps, seed) else print(("BAD  make histories SEED=%d N=1: %s"):format(seed, why)) end
  end
end
print(("histories, %s: %d from seed %d, %d calls; digest %s"):format(circumstances.words(), COUNT, SEED, calls, all:sub(1, 16)))
print(("%d passed, %d failed"):format(passed, failed))
os.exit(failed == 0 and 0 or 1)
