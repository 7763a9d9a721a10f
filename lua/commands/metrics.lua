-- cpi metrics [--prometheus] [--textfile FILE]: counters and durations of the requests, from the store. Reads only, but for the
-- file that it is asked to write. Exit 0; 2: usage, configuration, or a file that cannot be written.

local columns = require "operator.columns"
local command = require "operator.command"
local configuration = require "setup.configuration"
local exposition = require "setup.exposition"
local metrics = require "setup.metrics"
local new_paper = require "operator.paper"
local tables = require "base.tables"

local function read(host)
  local settings = command.settings(host)
  if settings.store.path == "" then error(command.refusal("store.path is not configured: there are no metrics")) end
  local store, why = configuration.store(host, settings)
  if not store then error(command.refusal("the metrics cannot be read: %s", why)) end
  local all
  all, why = metrics.all(store, host.json)
  return all or error(command.refusal("the metrics cannot be read: %s", why))
end

-- "<= 3 s": the bucket in which the share of the requests is reached.
local function within(row, share)
  local sum = 0
  for i, count in ipairs(row.buckets) do
    sum = sum + count
    if sum >= row.count * share then
      return metrics.BUCKETS[i] and ("<= %g s"):format(metrics.BUCKETS[i]) or ("> %g s"):format(metrics.BUCKETS[#metrics.BUCKETS])
    end
  end
end

local function failures(row)
  local words = {}
  for _, class in ipairs(tables.sorted_keys(row.failed)) do words[#words + 1] = ("%d %s"):format(row.failed[class], class) end
  return #words > 0 and table.concat(words, ", ") or "-"
end

local function print_verbs(paper, all)
  local list = {}
  for _, verb in ipairs(tables.sorted_keys(all)) do
    local row = all[verb]
    list[#list + 1] = { verb, row.count, ("%.1f s"):format(row.seconds / row.count), within(row, 0.5), within(row, 0.95), failures(row) }
  end
  columns(paper, { "verb", "requests", "mean", "half of them", "19 of 20", "failed" }, list)
end

local function print_commands(paper, all)
  local sums, list = metrics.by_command(all), {}
  for _, name in ipairs(tables.sorted_keys(sums)) do
    local one = sums[name]
    list[#list + 1] = { name, one.count, ("%.0f ms"):format(one.count > 0 and one.seconds / one.count * 1000 or 0),
      one.waits > 0 and ("%.1f s"):format(one.waited / one.waits) or "-" }
  end
  columns(paper, { "command", "sent", "mean reply", "mean wait for its job" }, list)
end

local function print_all(paper, all)
  if not next(all) then return paper:line "no request has been counted yet" end
  print_verbs(paper, all)
  paper:line ""
  print_commands(paper, all)
end

local function write_file(host, path, text)
  local ok, why = host.files.replace(path, text)
  if not ok then error(command.refusal("--textfile: %s", why)) end
end

return command.new("metrics", function(host, words, options, refuse)
  if #words > 0 then refuse(("unknown argument '%s'"):format(words[1])) end
  local all, paper = read(host), new_paper(host)
  if options.textfile then
    write_file(host, options.textfile, exposition(all))
  elseif options.prometheus then
    host.console.write(exposition(all))
  elseif options.output then
    paper:json { verbs = all, buckets = host.json.array(metrics.BUCKETS) }
  else
    print_all(paper, all)
  end
  return 0
end)
