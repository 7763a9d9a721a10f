-- The little of PromQL that docs/grafana.json speaks, over samples that are in memory: numbers, `*` and `/`, `> NUMBER` at the end,
-- `sum by (…)`, `rate`, `increase`, `histogram_quantile`, selectors with a range. Whatever else an expression has is an error.
--   https://prometheus.io/docs/prometheus/latest/querying/basics/
--
-- A value is a number, or a vector: a list of { labels = { NAME = text }, value = number }.
-- A history is a list of scrapes of one scraper in the order of time: { at = seconds, samples = { { series =, value = }, ... } };
-- series = { name =, labels = } is one table for all samples of a series.

local promql = {}

local UNITS = { s = 1, m = 60, h = 3600 } -- seconds

local function refused(reader, why)
  error(("not understood at '%s': %s"):format(reader.text:sub(reader.at, reader.at + 30), why), 0)
end

-- ---------------------------------------------------------------------------------------------------------
-- reading

-- Takes what the pattern finds next, and blanks before it -> its captures, or nil.
local function take(reader, pattern)
  local found = table.pack(reader.text:find("^%s*" .. pattern, reader.at))
  if not found[1] then return nil end
  reader.at = found[2] + 1
  return table.unpack(found, 3)
end

local function expect(reader, sign)
  if not take(reader, "(%" .. sign .. ")") then refused(reader, "expected " .. sign) end
end

-- "(a, b)" -> { "a", "b" }
local function names(reader)
  local list = {}
  expect(reader, "(")
  repeat
    list[#list + 1] = take(reader, "([%a_][%w_]*)") or refused(reader, "expected a label")
  until not take(reader, "(,)")
  expect(reader, ")")
  return list
end

-- The text of a matcher with =~: names with | between them, or .* for anything.
local function alternatives(reader, text)
  if text == ".*" then return nil end
  local set = {}
  for word in text:gmatch "[^|]+" do
    if word:find "[^%w_ :/-]" then refused(reader, "a regular expression") end
    set[word] = true
  end
  return set
end

local function matcher(reader)
  local label, sign, text = take(reader, '([%a_][%w_]*)%s*([!=~]+)%s*"([^"\\]*)"')
  if not label then refused(reader, "expected a matcher") end
  if sign == "=" then return function(labels) return labels[label] == text end end
  if sign == "!=" then return function(labels) return labels[label] ~= text end end
  if sign ~= "=~" then refused(reader, "the matcher " .. sign) end
  local set = alternatives(reader, text)
  return function(labels) return not set or set[labels[label] or ""] == true end
end

local function matchers(reader)
  local list = {}
  if not take(reader, "({)") then return list end
  repeat list[#list + 1] = matcher(reader) until not take(reader, "(,)")
  expect(reader, "}")
  return list
end

-- NAME{...}[5m] -> { metric, matchers, seconds }
local function range(reader)
  local metric = take(reader, "([%a_][%w_]*)") or refused(reader, "expected a metric")
  local list = matchers(reader)
  local count, unit = take(reader, "%[(%d+)([smh])%]")
  if not count then refused(reader, "expected a range") end
  reader.metrics[#reader.metrics + 1] = metric
  return { metric = metric, matchers = list, seconds = tonumber(count) * UNITS[unit] }
end

-- ---------------------------------------------------------------------------------------------------------
-- working out

local function key_of(labels)
  local words = {}
  for name, value in pairs(labels) do words[#words + 1] = name .. "\0" .. value end
  table.sort(words)
  return table.concat(words, "\1")
end

local function matches(series, selector)
  if series.name ~= selector.metric then return false end
  for _, is_good in ipairs(selector.matchers) do
    if not is_good(series.labels) then return false end
  end
  return true
end

-- Adds a sample to what is known of its series. A counter that fell has begun anew.
local function grow(one, at, value)
  one.grown = one.grown + (value >= one.value and value - one.value or value)
  one.value, one.ended, one.count = value, at, one.count + 1
end

-- Of each series in (at - seconds, at]: { labels, count (of samples), began, ended (seconds), first, value (the first and the last
-- one), grown }, in the order of their appearance.
local function grown(history, selector, at)
  local list, by_series = {}, {}
  for _, scrape in ipairs(history) do
    for _, sample in ipairs(scrape.at > at - selector.seconds and scrape.at <= at and scrape.samples or {}) do
      local series = sample.series
      if by_series[series] then
        grow(by_series[series], scrape.at, sample.value)
      elseif matches(series, selector) then
        list[#list + 1] = { labels = series.labels, count = 1, began = scrape.at, ended = scrape.at, first = sample.value,
          value = sample.value, grown = 0 }
        by_series[series] = list[#list]
      end
    end
  end
  return list
end

-- The seconds for which a growth counts: from the first sample to the last, and to the edges of the range where they are as near as
-- another sample would be; else half of a step. A counter did not begin below 0.
local function counted_seconds(one, from, to)
  local span = one.ended - one.began
  local step = span / (one.count - 1)
  local before, after = one.began - from, to - one.ended
  if before >= 1.1 * step then before = step / 2 end
  if after >= 1.1 * step then after = step / 2 end
  if one.grown > 0 then before = math.min(before, span * one.first / one.grown) end
  return before + span + after
end

-- By how much each series grew in the range, times a factor; a series with one sample alone says nothing.
local function increases(history, selector, at, factor)
  local vector = {}
  for _, one in ipairs(grown(history, selector, at)) do
    if one.count > 1 then
      local share = counted_seconds(one, at - selector.seconds, at) / (one.ended - one.began)
      vector[#vector + 1] = { labels = one.labels, value = one.grown * share * factor }
    end
  end
  return vector
end

local function picked(labels, keep)
  local some = {}
  for _, name in ipairs(keep) do some[name] = labels[name] end
  return some
end

local function summed(vector, keep)
  local list, by_key = {}, {}
  for _, one in ipairs(vector) do
    local labels = picked(one.labels, keep)
    local key = key_of(labels)
    if not by_key[key] then
      by_key[key] = { labels = labels, value = 0 }
      list[#list + 1] = by_key[key]
    end
    by_key[key].value = by_key[key].value + one.value
  end
  return list
end

-- Where in its buckets ({ most, count } in order, cumulative) a share of the requests is reached: evenly within a bucket; the end
-- of the last but one where it is in the last, whose end nobody knows.
local function quantile(share, buckets)
  table.sort(buckets, function(a, b) return a.most < b.most end)
  local rank, below, from = share * buckets[#buckets].count, 0, 0
  if rank ~= rank or buckets[#buckets].count == 0 then return 0 / 0 end
  for i, bucket in ipairs(buckets) do
    if bucket.most == math.huge then return buckets[i - 1].most end
    if bucket.count >= rank then return from + (bucket.most - from) * (rank - below) / (bucket.count - below) end
    below, from = bucket.count, bucket.most
  end
end

local function quantiles(share, vector)
  local list, by_key = {}, {}
  for _, one in ipairs(vector) do
    local labels = {}
    for name, value in pairs(one.labels) do labels[name] = name ~= "le" and value or nil end
    local key = key_of(labels)
    if not by_key[key] then
      by_key[key] = { labels = labels, buckets = {} }
      list[#list + 1] = by_key[key]
    end
    local le = one.labels.le
    table.insert(by_key[key].buckets, { most = le == "+Inf" and math.huge or tonumber(le), count = one.value })
  end
  for _, one in ipairs(list) do one.value = quantile(share, one.buckets) end
  return list
end

local SIGNS = { ["*"] = function(a, b) return a * b end, ["/"] = function(a, b) return a / b end }

-- Two values joined: of two vectors those with the same labels.
local function joined(sign, a, b)
  local work = SIGNS[sign]
  if type(a) == "number" and type(b) == "number" then return work(a, b) end
  local list, others = {}, {}
  for _, one in ipairs(type(b) == "table" and b or {}) do others[key_of(one.labels)] = one.value end
  for _, one in ipairs(type(a) == "table" and a or b) do
    local left = type(a) == "number" and a or one.value
    local right = type(b) == "number" and b or type(a) == "number" and one.value or others[key_of(one.labels)]
    if right then list[#list + 1] = { labels = one.labels, value = work(left, right) } end
  end
  return list
end

-- ---------------------------------------------------------------------------------------------------------
-- an expression: function(history, at) -> value

local expression

local functions = {}

function functions.rate(reader)
  local selector = range(reader)
  return function(history, at) return increases(history, selector, at, 1 / selector.seconds) end
end

function functions.increase(reader)
  local selector = range(reader)
  return function(history, at) return increases(history, selector, at, 1) end
end

function functions.histogram_quantile(reader)
  local share = tonumber(take(reader, "([%d.]+)")) or refused(reader, "expected a number")
  expect(reader, ",")
  local inner = expression(reader)
  return function(history, at) return quantiles(share, inner(history, at)) end
end

local function term(reader)
  local number = tonumber(take(reader, "([%d.]+)"))
  if number then return function() return number end end
  if take(reader, "(sum%s+by)%f[%W]") then
    local keep = names(reader)
    expect(reader, "(")
    local inner = expression(reader)
    expect(reader, ")")
    return function(history, at) return summed(inner(history, at), keep) end
  end
  local before = reader.at
  local read = functions[take(reader, "([%l_]+)%s*%f[(]") or ""]
  if not read then
    reader.at = before
    refused(reader, "expected a number, sum by, rate, increase or histogram_quantile")
  end
  expect(reader, "(")
  local run = read(reader)
  expect(reader, ")")
  return run
end

function expression(reader)
  local run = term(reader)
  while true do
    local sign = take(reader, "([*/])")
    if not sign then return run end
    local left, right = run, term(reader)
    run = function(history, at) return joined(sign, left(history, at), right(history, at)) end
  end
end

-- An expression, and of its lines those above a number where one is named.
local function filtered(reader)
  local run = expression(reader)
  if not take(reader, "(>)") then return run end
  local most = tonumber(take(reader, "([%d.]+)")) or refused(reader, "expected a number")
  return function(history, at)
    local list = {}
    for _, one in ipairs(run(history, at)) do
      if one.value > most then list[#list + 1] = one end
    end
    return list
  end
end

-- read(text) -> function(history, at) -> value at that second; and the names of its metrics. Raises a text where something in it is
-- not understood.
function promql.read(text)
  local reader = { text = text, at = 1, metrics = {} }
  local run = filtered(reader)
  if not text:find("^%s*$", reader.at) then refused(reader, "expected the end") end
  return run, reader.metrics
end

local function read_series(text, more)
  local name, inner = text:match "^([%a_][%w_]*){(.*)}$"
  if not name then error("not a series: " .. text, 0) end
  local labels = {}
  for label, given in pairs(more) do labels[label] = given end
  for label, given in inner:gmatch '([%a_][%w_]*)="([^"]*)"' do labels[label] = given end
  return { name = name, labels = labels }
end

-- scraper(more) -> function(text, at) -> a scrape of Prometheus' text format. more: { LABEL = text } that every series gets.
function promql.scraper(more)
  local known = {}
  return function(text, at)
    local samples = {}
    for line in text:gmatch "[^\n]+" do
      if line:sub(1, 1) ~= "#" then
        local head, value = line:match "^(.*) (%S+)$"
        if not head then error("not a sample: " .. line, 0) end
        known[head] = known[head] or read_series(head, more)
        samples[#samples + 1] = { series = known[head], value = assert(tonumber(value), line) }
      end
    end
    return { at = at, samples = samples }
  end
end

return promql
