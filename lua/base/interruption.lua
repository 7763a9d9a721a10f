-- Ends a verb early and in order: when a signal asks the process to end, or BOSH does not wait for the answer any more, no
-- further step begins. A job that is under way runs to its end, what was made is undone, and the error says why.

local errors = require "errors"

-- new{ reason, clock } -> interruption
--   reason()  why the work should end, in words, or nil: host.interruption
--   clock     host.clock
-- interruption.reason()           the same
-- interruption.check()            raises CloudError where the work should end; does nothing within undoing()
-- interruption.undoing(f, ...)    f's results; what f does is not ended early: it undoes, or must not stop half way
-- interruption.sleep(seconds)     waits, then checks
-- interruption.explain(failure)   what a verb reports as its failure. Where check() has raised and other code took that for a
--                                 failure of its own, the interruption is put before it
return function(parts)
  local interruption, depth, is_raised = { reason = parts.reason }, 0, false

  function interruption.check()
    local why = depth == 0 and parts.reason()
    if not why then return end
    is_raised = true
    error(errors.cloud("interrupted: %s", why))
  end

  function interruption.undoing(run, ...)
    depth = depth + 1
    local _ <close> = setmetatable({}, { __close = function() depth = depth - 1 end })
    return run(...)
  end

  function interruption.sleep(seconds)
    parts.clock.sleep(seconds)
    interruption.check()
  end

  function interruption.explain(failure)
    if not is_raised or errors.words(failure):find "^interrupted: " then return failure end
    return errors.cloud("interrupted: %s; %s", parts.reason(), errors.words(failure))
  end

  return interruption
end
