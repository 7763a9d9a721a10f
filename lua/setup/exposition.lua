-- Metrics in Prometheus' text format, for the textfile collector of its node exporter.
-- https://prometheus.io/docs/instrumenting/exposition_formats/

local errors = require "errors"
local metrics = require "setup.metrics"
local tables = require "base.tables"

local PREFIX = "cloudstack_cpi_"

local function escaped(text)
  return (tostring(text):gsub('[\\"\n]', { ["\\"] = "\\\\", ['"'] = '\\"', ["\n"] = "\\n" }))
end

local function number(value)
  return math.type(value) == "integer" and ("%d"):format(value) or ("%.6f"):format(value):gsub("%.?0+$", "")
end

local function new_page()
  local lines = {}
  local page = {}

  function page.family(name, kind, help)
    lines[#lines + 1] = ("# HELP %s%s %s"):format(PREFIX, name, help)
    lines[#lines + 1] = ("# TYPE %s%s %s"):format(PREFIX, name, kind)
  end

  -- labels: { name, value, ... }
  function page.sample(name, labels, value)
    local words = {}
    for i = 1, #labels, 2 do words[#words + 1] = ('%s="%s"'):format(labels[i], escaped(labels[i + 1])) end
    lines[#lines + 1] = ("%s%s{%s} %s"):format(PREFIX, name, table.concat(words, ","), (number(value)))
  end

  function page.text() return table.concat(lines, "\n") .. "\n" end
  return page
end

-- What a request may end with beside "ok".
local FAILURES = tables.sorted_keys(tables.with(errors.CLASSES, { [metrics.BUG] = true }))

-- A class is there from the verb's first request on, with 0: increase() does not see a counter that begins with its first failure.
local function requests(page, all)
  page.family("requests_total", "counter", "Requests of BOSH, by verb and by what came of them.")
  for _, verb in ipairs(tables.sorted_keys(all)) do
    local row, failed = all[verb], 0
    for _, class in ipairs(FAILURES) do
      local count = row.failed[class] or 0
      page.sample("requests_total", { "verb", verb, "outcome", class }, count)
      failed = failed + count
    end
    page.sample("requests_total", { "verb", verb, "outcome", "ok" }, row.count - failed)
  end
end

local function durations(page, all)
  page.family("request_seconds", "histogram", "Seconds that requests of BOSH took, by verb.")
  for _, verb in ipairs(tables.sorted_keys(all)) do
    local row, sum = all[verb], 0
    for i, most in ipairs(metrics.BUCKETS) do
      sum = sum + row.buckets[i]
      page.sample("request_seconds_bucket", { "verb", verb, "le", (number(most)) }, sum)
    end
    page.sample("request_seconds_bucket", { "verb", verb, "le", "+Inf" }, row.count)
    page.sample("request_seconds_sum", { "verb", verb }, row.seconds)
    page.sample("request_seconds_count", { "verb", verb }, row.count)
  end
end

local OF_COMMANDS = {
  { "commands_total", "count", "Requests to CloudStack, by command." },
  { "command_seconds_total", "seconds", "Seconds until CloudStack's replies, by command." },
  { "job_waits_total", "waits", "Waits for CloudStack's jobs, by the command that began them." },
  { "job_seconds_total", "waited", "Seconds of waiting for CloudStack's jobs, by the command that began them." },
}

local function commands(page, all)
  local sums = metrics.by_command(all)
  for _, family in ipairs(OF_COMMANDS) do
    page.family(family[1], "counter", family[3])
    for _, command in ipairs(tables.sorted_keys(sums)) do
      local value = sums[command][family[2]]
      if value > 0 then page.sample(family[1], { "command", command }, value) end
    end
  end
end

-- exposition(all) -> text. all: as setup/metrics.lua has it.
return function(all)
  local page = new_page()
  requests(page, all)
  durations(page, all)
  commands(page, all)
  return page.text()
end
