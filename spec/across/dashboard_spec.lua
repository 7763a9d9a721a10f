-- docs/grafana.json over what `cpi metrics` writes, and its picture, docs/dashboard.svg.

local dashboard = dofile "docs/dashboard.lua"
local day = require "docs.dashboard.day"
local promql = require "docs.dashboard.promql"
local text_file = require "text_file"

local history, ends = day.history()
local panels = dashboard.panels(history, ends)

-- Every target of the dashboard, with the names of its metrics and its function.
local function each_target(visit)
  for _, panel in ipairs(dashboard.model().panels) do
    for _, target in ipairs(panel.targets) do
      local run, metrics = promql.read(dashboard.expression(target))
      visit(panel, target, metrics, run)
    end
  end
end

describe("the dashboard", function()
  it("asks for metrics that cpi metrics writes", function()
    local written, count = {}, 0
    for _, sample in ipairs(history[#history].samples) do written[sample.series.name] = true end
    each_target(function(panel, _, metrics)
      assert.is_true(#metrics > 0, panel.title)
      for _, name in ipairs(metrics) do assert.is_true(written[name] == true, panel.title .. ": " .. name) end
      count = count + 1
    end)
    assert.is_true(count >= 7)
  end)

  it("names each of its lines with labels that they have", function()
    for _, one in ipairs(panels) do
      assert.is_true(#one.series > 0, one.panel.title .. " has nothing to show")
      for _, line in ipairs(one.series) do
        assert.truthy(line.name:find "^[%w_ ]+$", line.name)
        assert.truthy(next(line.values))
      end
    end
  end)

  it("is drawn as its picture shows it, each panel", function()
    local titles = {}
    for _, text in ipairs { dashboard.picture(panels), text_file.read(dashboard.FILE) } do
      local list = {}
      for title in text:gmatch 'class="title">([^<]+)<' do list[#list + 1] = title end
      titles[#titles + 1] = list
      assert.is_nil(text:find("nan", 1, true) or text:find("inf", 1, true))
    end
    assert.same(titles[1], titles[2], "`make dashboard` draws it anew")
    for i, panel in ipairs(dashboard.model().panels) do assert.equal(panel.title, titles[1][i]) end
  end)
end)

-- Two series of a counter and a histogram, a scrape a minute.
local function small_history()
  local scrape, list = promql.scraper { instance = "d" }, {}
  for minute = 0, 10 do
    list[#list + 1] = scrape(table.concat({
      "# TYPE n counter",
      ('n{verb="a",outcome="ok"} %d'):format(100 + minute * 6),
      ('n{verb="a",outcome="bad"} %d'):format(minute < 5 and 7 or 9),
      ('n{verb="b",outcome="ok"} %d'):format(minute < 6 and 50 or minute - 6),
      ('h_bucket{verb="a",le="1"} %d'):format(minute), ('h_bucket{verb="a",le="3"} %d'):format(minute * 2),
      ('h_bucket{verb="a",le="+Inf"} %d'):format(minute * 2) }, "\n") .. "\n", minute * 60)
  end
  return list
end

-- The value of an expression at minute 10, a vector as { ["labels in order"] = number rounded to thousandths }.
local function worked_out(expression)
  local value = promql.read(expression)(small_history(), 600)
  if type(value) == "number" then return value end
  local map = {}
  for _, one in ipairs(value) do
    local words = {}
    for name, text in pairs(one.labels) do words[#words + 1] = name .. "=" .. text end
    table.sort(words)
    map[table.concat(words, " ")] = math.floor(one.value * 1000 + 0.5) / 1000
  end
  return map
end

describe("the expressions of the dashboard", function()
  it("count as Prometheus does, to the edges of the range", function()
    assert.same({ ["verb=a"] = 30.0 }, worked_out 'sum by (verb) (increase(n{outcome="ok",verb=~"a"}[5m]))')
    assert.same({ ["instance=d outcome=ok verb=a"] = 0.1 }, worked_out 'rate(n{outcome="ok",verb="a"}[5m])')
    assert.same({ ["instance=d outcome=bad verb=a"] = 2.333 }, worked_out 'increase(n{outcome!="ok",instance=~"c|d"}[7m])')
    assert.same({ [""] = 6.0 }, worked_out '60 * sum by (nothing) (rate(n{verb=~".*",outcome="ok",verb!="b"}[2m]))')
    assert.same({}, worked_out 'rate(n[1m])') -- one sample alone
  end)

  it("take a counter that fell for one that began anew", function()
    assert.same({ ["verb=b"] = 4.571 }, worked_out 'sum by (verb) (increase(n{verb="b"}[8m]))') -- 4 in 7 minutes of 8
  end)

  it("divide what has the same labels, and say nothing where one of the two is not there", function()
    local all, one = 'sum by (verb) (rate(n{outcome="ok"}[5m]))', 'sum by (verb) (rate(n{outcome="ok",verb="a"}[5m]))'
    assert.same({ ["verb=a"] = 1.0 }, worked_out(all .. " / " .. one))
    assert.equal(3.0, worked_out "6 / 2")
  end)

  it("leave out what is not above a number", function()
    assert.same({ ["verb=a"] = 30.0 }, worked_out 'sum by (verb) (increase(n{outcome="ok"}[5m])) > 29.9')
    assert.same({}, worked_out 'sum by (verb) (increase(n{outcome="ok"}[5m])) > 30')
  end)

  it("look for a share within its bucket", function()
    assert.same({ ["verb=a"] = 0.5 }, worked_out 'histogram_quantile(0.25, sum by (verb, le) (rate(h_bucket[5m])))')
    assert.same({ ["verb=a"] = 2.0 }, worked_out 'histogram_quantile(0.75, sum by (verb, le) (rate(h_bucket[5m])))')
  end)

  for expression, why in pairs {
    ["avg by (verb) (rate(n[5m]))"] = "expected a number, sum by", ["rate(n)"] = "expected a range",
    ["rate(n[5d])"] = "expected a range",
    ['rate(n{verb=~"a.+"}[5m])'] = "a regular expression", ['rate(n{verb!~"a"}[5m])'] = "the matcher !~",
    ["rate(n[5m]) + 1"] = "expected the end",
    ["topk(3, rate(n[5m]))"] = "expected a number, sum by", ["sum by verb (rate(n[5m]))"] = "expected (", ["rate(n[5m]"] = "expected )",
    ["n"] = "expected a number, sum by", ["rate(n{}[5m])"] = "expected a matcher",
  } do
    it("are refused where nobody has taught them: " .. expression, function()
      local ok, message = pcall(promql.read, expression)
      assert.is_false(ok)
      assert.truthy(message:find(why, 1, true), message)
    end)
  end

  it("are read from samples alone", function()
    assert.has_error(function() promql.scraper {}("n 5 6 x\n", 0) end)
    assert.has_error(function() promql.scraper {}("n{}\n", 0) end)
  end)
end)
