-- The aspects of a VM (its networks, its disks, its groups ...): each is one file of one shape, and a line in the list of
-- verbs/create_vm.lua, in whose order they are called.
--
-- An aspect is a table with a name, and with those of these that it needs:
--   properties   { key = kind }: its own keys of the VM's cloud_properties; the kinds are request/cloud_properties.lua's
--   optional     true: left out altogether where the manifest names none of its properties
--   everywhere   true: its plan is the same in all zones, and made in the first one only
--
--   read(cpi, order)                          -> what the manifest asks for, checked: order.NAME
--   ask(cpi, order)                           -> { name = request }: what CloudStack has to be asked; goes out with the others'
--   plan(cpi, order, found, plan)             -> what it comes to in the zone found.zone: plan.NAME. Nothing is made yet
--   renew(cpi, order, found, plan, try)       -> the same for one try, where two tries cannot share it: plan.NAME of that try
--   parameters(cpi, order, found, plan, try)  -> parameters of deployVirtualMachine, which makes the VM and does not start it
--   furnish(cpi, order, found, plan, try, vm) -> { request, ... }: what the VM gets while it is stopped, all aspects' in one wave of
--                                             jobs; none, no wave. vm: its row, which has its NICs. Where one fails, the VM is
--                                             removed as after a deploy that failed; what it got goes with it
--   start(cpi, order, found, plan, try)       -> parameters of startVirtualMachine
--   verify(cpi, order, found, plan, try, vm)  raises where the VM that runs is not what was asked for
--   give(cpi, order, found, plan, belongs)    -> what the VM gets outside itself: given.NAME. Called where plan.NAME has entries
--   explain(cpi, order, found, plan, failure) -> why the deploy failed, in better words than CloudStack's, or nil
--
--   order    the arguments of create_vm (agent_id, stemcell_cid, properties, given_networks, disk_cids, env; instance is that of
--            request/environment.lua, which goes with every decision), and what the aspects before this one have read
--   found    the answers to what was asked, by name, with `can` (cloudstack/capabilities.lua); from plan() on as they look from
--            one zone: with `zone`, `template`, and `zones_left`, the names of those that could be tried after it
--   plan     the plans of the aspects before this one
--   try      one deploy: { number, vm_cid, names, offering, instance, undo, memory }; memory is a table that lives from try to try
--   belongs  as made/new_belongings.lua makes it
--
-- An aspect returns what it works out, and edits neither order nor found nor plan (spec/vm/aspects_spec.lua holds them frozen).

local aspects = {}

-- The functions and fields of the shape.
aspects.FIELDS = { "name", "properties", "optional", "everywhere" }
aspects.FUNCTIONS = { "read", "ask", "plan", "renew", "parameters", "furnish", "start", "verify", "give", "explain" }

-- Lays the fields of `more` (nil: none) over those of a table that is still ours alone.
local function lay_over(own, more)
  for key, value in pairs(more or {}) do own[key] = value end
end

-- The keys of cloud_properties that the aspects have: { key = kind }.
function aspects.properties(list)
  local all = {}
  for _, aspect in ipairs(list) do lay_over(all, aspect.properties) end
  return all
end

local function is_named(aspect, properties)
  for key in pairs(aspect.properties) do
    if properties[key] ~= nil then return true end
  end
  return false
end

-- order: with `properties` -> the order with what the aspects read, and the aspects that take part.
function aspects.read(list, cpi, order)
  local part, read = {}, {}
  lay_over(read, order)
  for _, aspect in ipairs(list) do
    if not aspect.optional or is_named(aspect, order.properties) then
      part[#part + 1] = aspect
      if aspect.read then read[aspect.name] = aspect.read(cpi, read) end
    end
  end
  return read, part
end

-- All requests of all aspects, laid over those of `base`.
function aspects.ask(list, cpi, order, base)
  local requests = {}
  lay_over(requests, base)
  for _, aspect in ipairs(list) do
    if aspect.ask then lay_over(requests, aspect.ask(cpi, order)) end
  end
  return requests
end

-- earlier: the plan for another zone, or nil.
function aspects.plan(list, cpi, order, found, earlier)
  local plan = {}
  for _, aspect in ipairs(list) do
    if aspect.everywhere and earlier then
      plan[aspect.name] = earlier[aspect.name]
    elseif aspect.plan then
      plan[aspect.name] = aspect.plan(cpi, order, found, plan)
    end
  end
  return plan
end

-- The plan of one try.
function aspects.renew(list, cpi, order, found, plan, try)
  local renewed = {}
  lay_over(renewed, plan)
  for _, aspect in ipairs(list) do
    if aspect.renew then renewed[aspect.name] = aspect.renew(cpi, order, found, renewed, try) end
  end
  return renewed
end

-- The parameters that the aspects have for a command, those of later ones over those of earlier ones. name: of the function.
local function parameters_of(list, name, ...)
  local params = {}
  for _, aspect in ipairs(list) do
    if aspect[name] then lay_over(params, aspect[name](...)) end
  end
  return params
end

function aspects.parameters(list, cpi, order, found, plan, try)
  return parameters_of(list, "parameters", cpi, order, found, plan, try)
end

-- The requests of all aspects, in their order.
function aspects.furnish(list, cpi, order, found, plan, try, vm)
  local requests = {}
  for _, aspect in ipairs(list) do
    local more = aspect.furnish and aspect.furnish(cpi, order, found, plan, try, vm) or {}
    table.move(more, 1, #more, #requests + 1, requests)
  end
  return requests
end

function aspects.start(list, cpi, order, found, plan, try)
  return parameters_of(list, "start", cpi, order, found, plan, try)
end

function aspects.verify(list, cpi, order, found, plan, try, vm)
  for _, aspect in ipairs(list) do
    if aspect.verify then aspect.verify(cpi, order, found, plan, try, vm) end
  end
end

-- new_belongs(): called where there is something to give. -> { NAME = what that aspect gave }
function aspects.give(list, cpi, order, found, plan, new_belongs)
  local given, belongs = {}, nil
  for _, aspect in ipairs(list) do
    if aspect.give and #plan[aspect.name] > 0 then
      belongs = belongs or new_belongs()
      given[aspect.name] = aspect.give(cpi, order, found, plan, belongs)
    end
  end
  return given
end

-- The first explanation that an aspect has, or nil.
function aspects.explain(list, cpi, order, found, plan, failure)
  for _, aspect in ipairs(list) do
    local words = aspect.explain and aspect.explain(cpi, order, found, plan, failure)
    if words then return words end
  end
end

return aspects
