-- A bench of lua/workshop for specs: workbench.host(more) is the host of a command in this process, workbench.new(directory) a
-- bench on it. What is under way is kept in host.said.

local bench = require "workshop.bench"
local operator = require "tests.support.operator"

local workbench = {}

function workbench.host(more)
  local host = operator.host { interruption = function() end, catch_signals = function() end, read_only = function() end }
  host.said = {}
  for name, value in pairs(more or {}) do host[name] = value end
  return host
end

function workbench.new(directory, host, programs)
  host = host or workbench.host()
  return bench.new(host, directory .. "/result", function(text) host.said[#host.said + 1] = text end, programs or bench.TO_CONVERT)
end

-- The words with which run(...) ends in an error; raises where it does not.
function workbench.refused(run, ...)
  local ok, failure = pcall(run, ...)
  if ok then error("nothing was raised", 2) end
  return type(failure) == "table" and failure.message or failure
end

-- What is in a directory, sorted.
function workbench.names(directory)
  local pipe = assert(io.popen(("ls -A '%s'"):format(directory)))
  local text = pipe:read "a"
  pipe:close()
  return text
end

return workbench
