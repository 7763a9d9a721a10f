-- Which processes that share the store are alive. Nothing else decides it. A process holds a lock that the kernel releases when
-- the process ends (host.process); a process of which nothing can be found out counts as alive.

local liveness = {}

-- of(process, settings) -> liveness; process: host.process
--   liveness.owner()        the name of this process, a text; nil and why where it has none: then other processes would take it
--                           for dead, and it may write nothing that they clean up after
--   liveness.alive(owner)   may the process of that name be alive? owner: as it was read from the store, of whatever type
-- Without a store there is no process to ask about: owner() is nil, and every owner counts as alive.
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
