-- Which processes that share the store are still at work: the one piece that decides it. A process is known by a lock
-- that the kernel releases with it (host.process); what cannot be found out counts as at work.

local liveness = {}

-- of(process, settings) -> liveness; process: host.process
--   liveness.owner()        what this process is known by, a text; nil and why where it cannot be: then nobody else knows
--                           that it is at work, and nothing that others clean up after may be written
--   liveness.alive(owner)   may the process of that owner still be at work? owner: what an entry says, of whatever type
-- Without a store there is nobody to ask about.
function liveness.of(process, settings)
  local path = settings.store.path
  if path == "" then
    return { owner = function() return nil, "there is no store" end, alive = function() return true end }
  end
  process.use(path .. ".locks")
  return {
    owner = process.identity,
    alive = function(owner) return type(owner) ~= "string" or process.alive(owner) end,
  }
end

return liveness
