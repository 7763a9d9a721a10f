-- The bench (tests/bench) without measuring anything: its table, and the page that quotes it.

local text_file = require "text_file"

local function fresh_report()
  local lines = {}
  local report = assert(loadfile("tests/bench/report.lua", "t", setmetatable({
    print = function(text) lines[#lines + 1] = text end,
  }, { __index = _G })))()
  return report, lines
end

describe("the bench's report", function()
  it("says of each goal whether it is met", function()
    local report, lines = fresh_report()
    report.section "start"
    report.row { "info", measured = "0.9 ms", against = "/bin/true", value = 1.6, unit = "x", at_most = 1.5 }
    report.row { "upload", value = 0.95, unit = "x", at_least = 0.9 }
    report.row { "CPU", measured = "3 ms" }
    report.note "alone"
    assert.equal(1, report.missed)
    assert.truthy(lines[2]:find("info +0.9 ms +/bin/true +1.60 x +at most 1.5 x +MISSED"))
    assert.equal("### start\n\n| what | measured | against | | goal | |\n|---|---|---|---|---|---|\n"
      .. "| info | 0.9 ms | /bin/true | 1.60 x | at most 1.5 x | MISSED |\n"
      .. "| upload | 0.95 x |  |  | at least 0.9 x | met |\n| CPU | 3 ms |  |  |  |  |\n\nalone\n", report.markdown())
  end)
end)

describe("docs/performance.md", function()
  local page = text_file.read "docs/performance.md"

  it("has a place for the table", function()
    assert.truthy(page:find("<!%-%- bench %-%->\n.-<!%-%- /bench %-%->"))
  end)

  it("says what bounds each row", function()
    for _, row in ipairs { "`info`", "loading of scripts", "steps", "create_vm with a job", "a deployment of 100 VMs",
      "96 create_vm at once", "throughput with a store", "stemcell" } do
      assert.truthy(page:find("\n| " .. row, 1, true), row)
    end
  end)
end)
