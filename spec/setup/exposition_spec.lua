-- Metrics in Prometheus' text format.

local exposition = require "setup.exposition"

local function row(more)
  local one = { count = 3, seconds = 12.5, since = 1, failed = { CloudError = 1 }, buckets = { 0, 1, 0, 0, 1, 0, 0, 0, 0, 1 },
    commands = { listZones = { count = 2, seconds = 0.1, waits = 0, waited = 0 },
      startVirtualMachine = { count = 1, seconds = 0.25, waits = 1, waited = 8 } } }
  for key, value in pairs(more or {}) do one[key] = value end
  return one
end

describe("the exposition", function()
  it("has counters and a histogram, each family once", function()
    local text = exposition { create_vm = row(), delete_vm = row { failed = {} } }
    for _, line in ipairs {
      '# TYPE cloudstack_cpi_requests_total counter',
      'cloudstack_cpi_requests_total{verb="create_vm",outcome="CloudError"} 1',
      'cloudstack_cpi_requests_total{verb="create_vm",outcome="ok"} 2',
      'cloudstack_cpi_requests_total{verb="create_vm",outcome="VMCreationFailed"} 0',
      'cloudstack_cpi_requests_total{verb="create_vm",outcome="bug"} 0',
      'cloudstack_cpi_requests_total{verb="delete_vm",outcome="CloudError"} 0',
      'cloudstack_cpi_requests_total{verb="delete_vm",outcome="ok"} 3',
      'cloudstack_cpi_request_seconds_bucket{verb="create_vm",le="0.1"} 0',
      'cloudstack_cpi_request_seconds_bucket{verb="create_vm",le="10"} 2',
      'cloudstack_cpi_request_seconds_bucket{verb="create_vm",le="1000"} 2',
      'cloudstack_cpi_request_seconds_bucket{verb="create_vm",le="+Inf"} 3',
      'cloudstack_cpi_request_seconds_sum{verb="create_vm"} 12.5',
      'cloudstack_cpi_request_seconds_count{verb="create_vm"} 3',
      'cloudstack_cpi_commands_total{command="listZones"} 4',
      'cloudstack_cpi_command_seconds_total{command="startVirtualMachine"} 0.5',
      'cloudstack_cpi_job_waits_total{command="startVirtualMachine"} 2',
      'cloudstack_cpi_job_seconds_total{command="startVirtualMachine"} 16',
    } do
      assert.truthy(("\n" .. text):find("\n" .. line .. "\n", 1, true), line .. "\nis not in\n" .. text)
    end
    assert.is_nil(text:find('job_waits_total{command="listZones"', 1, true)) -- it has no jobs
    local seen = {}
    for family in text:gmatch "# TYPE (%S+)" do
      assert.is_nil(seen[family])
      seen[family] = true
    end
  end)

  it("escapes what a label may not have, and ends with a line break", function()
    local text = exposition { ['a"b\\c\nd'] = row() }
    assert.truthy(text:find('verb="a\\"b\\\\c\\nd"', 1, true))
    assert.equal("\n", text:sub(-1))
    assert.truthy(exposition {}:find "^# HELP")
  end)
end)
