-- cpi verify: whether this installation is complete; without a configuration, its scripts and policies. Exit 0: it is; 1:
-- something is missing or broken; 2: the configuration cannot be used.

local command = require "operator.command"
local inspect = require("operator.installation").inspect
local write = require "operator.findings"

return command.new("verify", function(host, words, options, refuse)
  if #words > 0 then refuse(("unknown argument '%s'"):format(words[1])) end
  host.read_only()
  return write(host, inspect(host, host.config.is_named and command.settings(host)), options.output)
end)
