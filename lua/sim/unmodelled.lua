-- Commands that CloudStack has and the model has not. They answer as the real server does to an account whose role lacks
-- them, and it is said that the model is at its end there (sim.shortcomings).
local command_names = require "sim.command_names"

local unmodelled = { commands = {} }

command_names.each(function(name, is_of_admins)
  table.insert(unmodelled.commands, { name = name, admin = is_of_admins, unmodelled = true })
end)

return unmodelled
