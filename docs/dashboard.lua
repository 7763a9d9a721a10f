-- Draws docs/dashboard.svg: the panels of docs/grafana.json over what `cpi metrics` writes in six hours against the simulated
-- CloudStack.
--   lua5.4 docs/dashboard.lua          writes the picture; so does make dashboard
-- The run takes the simulator's time and is the same on every machine, and so is the picture.

package.path = "./?.lua;./lua/?.lua;./tests/support/?.lua;" .. package.path
package.cpath = "./build/spec/?.so;" .. package.cpath

local day = require "docs.dashboard.day"
local drawing = require "docs.dashboard.drawing"
local native = require "host_native"
local promql = require "docs.dashboard.promql"
local text_file = require "tests.support.text_file"

local dashboard = { FILE = "docs/dashboard.svg" }

local STEPS = 91 -- points of a line: one every four minutes

-- The dashboard as Grafana reads it.
function dashboard.model() return assert(native.json.decode(text_file.read "docs/grafana.json")) end

-- An expression for the director of the run: Grafana puts in what was chosen for a variable.
function dashboard.expression(target)
  return (target.expr:gsub("%$instance", day.INSTANCE))
end

-- "{{verb}} {{outcome}}" with the labels of a series.
local function named(format, labels)
  return (format:gsub("{{(.-)}}", function(label) return labels[label] or error("no label " .. label, 0) end))
end

local function value_at(run, history, at)
  local value = run(history, at)
  return type(value) == "table" and value or error("not a vector", 0)
end

-- series(target, history, ends) -> { { name, values = { [step] = number } }, ... }, by name; ends: the second of the last step.
function dashboard.series(target, history, ends)
  local run = promql.read(dashboard.expression(target))
  local list, by_name = {}, {}
  for step = 1, STEPS do
    for _, one in ipairs(value_at(run, history, (step - 1) / (STEPS - 1) * ends)) do
      local name = named(target.legendFormat, one.labels)
      if not by_name[name] then
        by_name[name] = { name = name, values = {} }
        list[#list + 1] = by_name[name]
      end
      by_name[name].values[step] = one.value
    end
  end
  table.sort(list, function(a, b) return a.name < b.name end)
  return list
end

-- panels(history, ends) -> { { panel =, series = }, ... } as docs/dashboard/drawing.lua takes them.
function dashboard.panels(history, ends)
  local model, list = dashboard.model(), {}
  local hours = tonumber(model.time.from:match "^now%-(%d+)h$")
  assert(hours == day.HOURS, "the dashboard shows another time than the run has")
  for i, panel in ipairs(model.panels) do
    assert(panel.type == "timeseries", "panels of type " .. panel.type .. " are not drawn")
    local series = {}
    for _, target in ipairs(panel.targets) do
      for _, one in ipairs(dashboard.series(target, history, ends)) do series[#series + 1] = one end
    end
    list[i] = { series = series,
      panel = { title = panel.title, unit = panel.fieldConfig.defaults.unit, grid = panel.gridPos, hours = hours } }
  end
  return list
end

-- picture(panels) -> the SVG.
function dashboard.picture(panels) return drawing.svg(panels, STEPS) end

if arg and arg[0] and arg[0]:find "dashboard%.lua$" then
  text_file.write(dashboard.FILE, dashboard.picture(dashboard.panels(day.history())))
end

return dashboard
