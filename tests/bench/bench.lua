-- What the CPI costs, as ratios within one run: machines differ, and are noisy.
--   lua5.4 tests/bench/bench.lua              everything; the table as Markdown in build/bench.md
--   lua5.4 tests/bench/bench.lua --page       puts that table into docs/performance.md
--   lua5.4 tests/bench/bench.lua PROGRAM...   the start of these programs, against the goals of a release
-- CPI_BUILD names the build whose programs create VMs: without it build/release where `make release` has been.

package.path = "./lua/?.lua;./?.lua;./tests/support/?.lua;" .. package.path
package.cpath = "./build/spec/?.so;" .. package.cpath

local function exists(path)
  local file = io.open(path)
  return file and file:close()
end

local machine = require "tests.bench.machine"
local report = require "tests.bench.report"
local rig = require "rig"
local steps = require "steps"
local text_file = require "tests.support.text_file"

-- The page's table stands between two comments.
local function renew_page()
  local page, table_of_run = text_file.read "docs/performance.md", text_file.read "build/bench.md"
  local head, tail = page:match "^(.-<!%-%- bench %-%->\n).-(<!%-%- /bench %-%->.*)$"
  text_file.write("docs/performance.md", head .. "\n" .. table_of_run .. "\n" .. tail)
end

if arg[1] == "--page" then return renew_page() end

local BUSY = 0.1 -- share of the cores; beyond it times are somebody else's too

if not os.getenv "CPI_BUILD" and exists "build/release/cpi" then rig.build = "build/release" end

local function note_company()
  local busy = machine.busy()
  if busy > BUSY then report.note(("(others keep %.0f %% of the machine busy: these are not its own times)"):format(busy * 100)) end
end

local function timed(section, ...)
  section(report, ...)
  note_company()
end

local function show_steps()
  report.section "sequential steps of each verb"
  for _, row in ipairs(dofile "tests/bench/steps.lua") do
    local seen, requests = steps.of(row)
    report.row { row[2] == "" and row[1] or ("%s: %s"):format(row[1], row[2]), value = #seen, unit = "steps",
      measured = ("%d requests"):format(requests), at_most = #row[3] }
    for i, step in ipairs(row[3]) do report.row { "  " .. i, measured = seen[i], against = step[2] } end
  end
end

local directory = machine.output_of("mktemp -d"):match "%S+"
local programs = #arg > 0 and arg or { "build/cpi", exists "build/release/cpi" and "build/release/cpi" or nil }
timed(require("tests.bench.start").measure, programs, directory)
if #arg == 0 then
  local wire = require "tests.bench.wire"
  show_steps()
  require("tests.bench.own_speed").measure(report)
  require("tests.bench.beside").measure(report)
  timed(wire.waiting)
  timed(wire.deployment)
  timed(wire.looks)
  timed(wire.many)
  timed(wire.throttled)
  timed(wire.upload)
  timed(require("tests.bench.pressure").measure)
  timed(require("tests.bench.cloud").measure)
  require("tests.bench.leaving").measure(report)
  text_file.write("build/bench.md", report.markdown())
end
os.execute("rm -rf " .. directory)
print(report.missed == 0 and "\nall goals are met" or ("\n%d goals are missed"):format(report.missed))
os.exit(report.missed == 0)
