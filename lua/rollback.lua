-- What to undo when a verb fails half way:
--   local undo <close> = rollback(cpi.log)
--   undo.add("VM cpivm-1", function() ... end)
-- On failure the steps run, last first. A step that fails does not stop the others; what could not be
-- undone is logged and added to the message of the failure, so that nobody has to find it by chance.

local errors = require "errors"

return function(log)
  local steps, undo = {}, {}

  -- what: a noun phrase for messages; run: called without arguments, raises when it fails.
  function undo.add(what, run)
    table.insert(steps, 1, { what = what, run = run })
  end

  -- Runs the steps now and forgets them; answers a list of "WHAT (why)" that could not be undone.
  function undo.run()
    local left = {}
    for _, step in ipairs(steps) do
      local ok, why = pcall(step.run)
      if not ok then
        left[#left + 1] = ("%s (%s)"):format(step.what, errors.words(why))
        log.warn("could not undo %s: %s", step.what, errors.words(why))
      end
    end
    steps = {}
    return left
  end

  local function close(_, failure)
    if not failure then return end
    local left = undo.run()
    if #left > 0 and errors.is(failure) then
      failure.message = failure.message .. "; left behind: " .. table.concat(left, ", ")
      failure.ok_to_retry = false
    end
  end

  return setmetatable(undo, { __close = close })
end
