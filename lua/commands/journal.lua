-- cpi journal show: what was begun and never seen to its end, by whom and when.
-- Exit 0: nothing; 1: something is there; 2: usage or configuration.

local configuration = require "configuration"
local errors = require "errors"

local function rows_of(host)
  local settings = configuration.load(host, {})
  if settings.store.path == "" then error(errors.cpi("store.path is not configured: there is no journal")) end
  local store = configuration.store(host, settings)
  if not store then error(errors.cpi("the store %s cannot be opened", settings.store.path)) end
  local rows, why = store.rows("journal")
  return rows or error(errors.cpi("the journal cannot be read: %s", why))
end

-- One line: when, what, by which request; is the process that began it still at work?
local function line_of(host, row)
  local record = host.json.decode(row.value) or {}
  local owner = record.owner and host.process.alive(record.owner) and "at work" or "interrupted"
  return ("%s  %-11s  %-10s %s%s  %s of %s\n"):format(tostring(record.at), owner, tostring(record.kind),
    tostring(record.name), record.id and " (" .. record.id .. ")" or "", tostring(record.verb),
    tostring(record.request or record.director))
end

return function(host, arguments)
  if #arguments ~= 1 or arguments[1] ~= "show" then
    host.console.error("usage: cpi [--config FILE] journal show\n")
    return 2
  end
  local ok, rows = pcall(rows_of, host)
  if not ok then
    host.console.error(errors.words(rows) .. "\n")
    return 2
  end
  for _, row in ipairs(rows) do host.console.write(line_of(host, row)) end
  return #rows == 0 and 0 or 1
end
