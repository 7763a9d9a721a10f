-- What to undo when a verb fails half way, or when nobody takes its answer:
--   local undo <close> = rollback(cpi)
--   undo.add("VM cpivm-1", function() ... end)
-- On failure the steps run, last first. A step that fails does not stop the others; what could not be
-- undone is logged, and the failure is raised with it in its message, so that nobody has to find it by chance.
-- On success they are kept until the answer has been taken (lua/made/delivery.lua).

local errors = require "errors"

-- rollback(cpi [, is_final]); is_final: what was made stays once this has ended well, whatever becomes of the verb.
return function(cpi, is_final)
  local steps, undo = {}, {}
  -- Loaded before anything is made: the scripts may be replaced meanwhile, by an installation that goes on after a
  -- create-env that was broken off.
  cpi.decide.prepare "expunge"
  cpi.decide.prepare "retry"

  -- what: a noun phrase for messages; run: called without arguments, raises when it fails.
  function undo.add(what, run)
    table.insert(steps, 1, { what = what, run = run })
  end

  -- The noun phrases of its steps, as they would run.
  function undo.names()
    local names = {}
    for i, step in ipairs(steps) do names[i] = step.what end
    return names
  end

  -- Runs the steps now and forgets them; returns a list of "WHAT (why)" that could not be undone.
  function undo.run()
    local left = {}
    for _, step in ipairs(steps) do
      local ok, why = pcall(cpi.interruption.undoing, step.run)
      if not ok then
        left[#left + 1] = ("%s (%s)"):format(step.what, errors.words(why))
        cpi.log.warn("could not undo %s: %s", step.what, errors.words(why))
      end
    end
    steps = {}
    return left
  end

  local function close(_, failure)
    if not failure then
      if not is_final then cpi.delivery.keep(undo) end
      return
    end
    local left = undo.run()
    if #left > 0 and errors.is(failure) then
      local words = ("%s; left behind: %s"):format(failure.message, table.concat(left, ", "))
      error(failure:wrapped(words):with { ok_to_retry = false }, 0) -- takes the place of the failure that is on its way
    end
  end

  return setmetatable(undo, { __close = close })
end
