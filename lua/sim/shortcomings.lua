-- What the model does not do although CloudStack would: commands that it lacks, parameters that it ignores. It goes into the
-- answer's header X-Sim, the log of requests and, once for each, the log of the server; where the simulator is strict it is
-- an error.
local refusal = require "sim.refusal"

local shortcomings = {}

local STATUS = 501
local OF_EVERY_REQUEST = {
  command = true, response = true, apikey = true, signature = true, signatureversion = true, expires = true, sessionkey = true,
  ["_"] = true,
}

-- The text of a command that is not modelled.
function shortcomings.of_command(name) return name .. " is not modelled" end

-- The text of the parameters that a command was given and ignores; nil where there is none.
function shortcomings.of_parameters(entry, folded)
  local known, ignored = {}, {}
  for _, spec in ipairs(entry.parameters) do known[spec[1]] = not spec.ignored end
  for name in pairs(folded) do
    if not known[name] and not OF_EVERY_REQUEST[name] then ignored[#ignored + 1] = name end
  end
  if #ignored == 0 then return nil end
  table.sort(ignored)
  return ("%s ignores %s"):format(entry.name, table.concat(ignored, ", "))
end

-- note(m, call, text): keeps it with the call; raises it where the simulator is strict.
function shortcomings.note(m, call, text)
  if not text then return end
  call.shortcoming = text
  if m.strict then
    local why = refusal.new(STATUS, 9999, "simulator: " .. text)
    why.plain = true
    error(why, 0)
  end
end

-- Says each text once.
function shortcomings.say(said, log, text)
  if said[text] then return end
  said[text] = true
  log("simulator: %s", text)
end

return shortcomings
