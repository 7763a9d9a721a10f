-- What becomes of what a verb has made: when its answer was taken it is BOSH's; when it was not, it is undone.
--
-- new(cpi) -> delivery
--   delivery.keep(undo)    called by a rollback whose scope ended well (base/rollback.lua): what undoes all that was made in it
--   delivery.has_made()    is there anything to undo?
--   delivery.prepare()     before the answer is written; undoes everything and raises where no answer may be given.
--                          CloudError: the process was interrupted. CpiError: another process has taken over an entry of
--                          its journal, or the journal cannot note that the answer is ready
--   delivery.settle(fate)  after that: "taken", "lost" (it was not read and will not be), "unknown" (it was written, and
--                          not read in time)

local errors = require "errors"

return function(cpi)
  local delivery, kept = {}, {}

  function delivery.keep(undo) kept[#kept + 1] = undo end

  function delivery.has_made()
    for _, undo in ipairs(kept) do
      if #undo.names() > 0 then return true end
    end
    return false
  end

  -- Undoes everything, last first -> "NAME, ...: made and removed again; left behind: ..."
  local function take_back()
    local names, left = {}, {}
    for i = #kept, 1, -1 do
      local undo = kept[i]
      table.move(undo.names(), 1, #undo.names(), #names + 1, names)
      local stays = undo.run()
      table.move(stays, 1, #stays, #left + 1, left)
    end
    cpi.journal.give_up()
    return ("%s: made and removed again%s"):format(table.concat(names, ", "),
      #left > 0 and "; left behind: " .. table.concat(left, ", ") or "")
  end

  function delivery.prepare()
    local interrupted = cpi.interruption.reason()
    local trouble = not interrupted and cpi.journal.answered()
    if interrupted then error(errors.cloud("interrupted: %s; %s", interrupted, take_back()), 0) end
    if trouble then error(errors.cpi("%s; %s", trouble, take_back()), 0) end
  end

  function delivery.settle(fate)
    if fate == "taken" then return cpi.journal.finish() end
    if fate == "unknown" then
      cpi.log.warn("the answer was written and has not been read yet")
      return cpi.journal.written()
    end
    cpi.log.warn("nobody took the answer; %s", take_back())
  end

  return delivery
end
