-- cpi doctor: what is wrong with configuration, connection, account and permissions, each with a remedy. Reads only.
-- Exit 0: nothing; 1: a problem; 2: the configuration itself cannot be used.

local command = require "operator.command"
local examine = require "operator.examination"
local write = require "operator.findings"

return command.new("doctor", function(host, words, options, refuse)
  if #words > 0 then refuse(("unknown argument '%s'"):format(words[1])) end
  host.read_only()
  local settings = command.settings(host)
  return write(host, examine(host, settings, command.client(host, settings)), options.output)
end)
