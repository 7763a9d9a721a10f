-- An address that CloudStack would not give to a new VM: which VM has it, and what the ip_conflict policy says to do. CloudStack
-- hides the reason from users behind "Internal error executing command", so it is looked for, after a failed deploy only.

local address = require "base.address"
local cloud_nics = require "cloudstack.nics"
local destruction = require "made.destruction"
local errors = require "errors"
local exhaustion = require "vm.exhaustion"
local ipv4 = require "base.ipv4"
local nics = require "vm.nics"
local parking = require "made.parking"
local recognition = require "made.recognition"
local refusals = require "cloudstack.refusals"
local release = require "made.release"
local rights = require "cloudstack.rights"
local states = require "cloudstack.states"
local tables = require "base.tables"
local tags = require "cloudstack.tags"

local conflict = {}

local FIRST_PAUSE, LONGEST_PAUSE = 2, 30 -- seconds
local AT_WORK = 180 -- seconds that an expunge of CloudStack's own may take, from when it is met
local LONGEST_WAIT = 3600 -- where the policy names no deadline

-- Is it a VM that was made for this director?
local function is_ours(cpi, vm)
  local director = tags.of(vm).director_uuid
  return director ~= nil and director == cpi.context.director_uuid
end

-- Can a VM have the address in the network? Not its gateway, nor its first and last. What cannot be read counts as usable:
-- CloudStack will say.
local function is_usable(wanted, network)
  if address.family(wanted) == 6 then
    return address.is_in(wanted, network.ip6cidr) ~= false and not address.same(wanted, network.ip6gateway)
  end
  local number, range = ipv4.number(wanted), ipv4.range(network.cidr)
  if not number or not range then return true end
  return not address.same(wanted, network.gateway) and number > range.first and number < range.last
end

local function is_among(list, one)
  for _, other in ipairs(list) do
    if address.same(other.nic.ip, one.ip) and other.nic.target.id == one.target.id then return true end
  end
  return false
end

-- The addresses that the NICs want, as nics.wanted has them.
local function wanted_by(list)
  local wanted = {}
  for _, nic in ipairs(list) do
    local some = nics.wanted(nic)
    table.move(some, 1, #some, #wanted + 1, wanted)
  end
  return wanted
end

-- Those of a wait's own that are wanted.
local function own_of(waiting, wanted)
  local list = {}
  for _, one in ipairs(wanted) do
    for _, own in ipairs(waiting.own) do
      if is_among({ own }, one) then list[#list + 1] = own end
    end
  end
  return list
end

-- Those that the failed request asked for: a further one of a NIC, or the NICs' own; but not those that VMs of ours are known to have.
local function asked_for(wanted, request, own)
  local asked = {}
  for _, one in ipairs(wanted) do
    local is_asked = not one.is_further
    if request[1] == "addIpToNic" then is_asked = one.is_further and address.same(one.ip, request[2].ipaddress) end
    if is_asked and not is_among(own, one) then asked[#asked + 1] = one end
  end
  return asked
end

-- The VMs of each network in which one was asked for: { [network id] = rows }.
local function look(cpi, asked)
  local requests = {}
  for _, one in ipairs(asked) do
    requests[one.target.id] = { "listVirtualMachines", { networkid = one.target.id }, rows = "virtualmachine" }
  end
  return cpi.cloudstack:gather(requests)
end

-- Is it a VM that was made for this director and of which BOSH has not spoken? Its create_vm went well, and nobody took the answer.
local function is_unknown(cpi, holder)
  return holder ~= nil and not recognition.is_known(holder) and is_ours(cpi, holder)
end

-- The addresses of a plan that another VM has, or that no VM can have: { { nic = { ip, target }, holder, in_range }, ... }. nil when
-- the failure is about something else; nil and why where the look fails. Where there is no holder to be seen and the
-- address is a good one, it may be a destroyed VM's; own: those that VMs of ours are known to have.
local function find(cpi, wanted, task, own)
  local failure = task.failure
  if not refusals.is(failure, "address_is_not_given") and not refusals.is(failure, "reason_is_hidden") then return nil end
  local asked = asked_for(wanted, task.request, own)
  if #asked == 0 then return nil end
  local ok, found = pcall(look, cpi, asked)
  if not ok then return nil, errors.words(found) end
  local known, unknown = {}, {}
  for _, nic in ipairs(asked) do
    local holder = cloud_nics.holder(found[nic.target.id], nic.ip, nic.target.id)
    local one = { nic = nic, holder = holder, in_range = is_usable(nic.ip, nic.target), is_unknown = is_unknown(cpi, holder) }
    local into = (holder or not one.in_range) and known or unknown
    into[#into + 1] = one
  end
  return #known > 0 and known or unknown
end

local function cidr_of(nic)
  return tostring(address.family(nic.ip) == 6 and nic.target.ip6cidr or nic.target.cidr)
end

local function gateway_of(nic)
  return tostring(address.family(nic.ip) == 6 and nic.target.ip6gateway or nic.target.gateway)
end

local function words_of(one)
  local nic, holder = one.nic, one.holder
  if one.is_own then
    return ("address %s is held by VM '%s', which this create_vm made and has removed"):format(nic.ip, holder.name)
  end
  if holder then
    local words = ("address %s is held by VM '%s' (%s)"):format(nic.ip, holder.name, tostring(holder.state))
    if not one.is_unknown then return words end
    return ("%s, of which BOSH has not spoken: `cpi cid %s` shows it, and `cpi gc` removes what a create_vm left whose answer nobody took")
      :format(words, holder.name)
  end
  if not one.in_range then
    return ("address %s is not one that a VM can have in network '%s' (%s, gateway %s)"):format(nic.ip, nic.target.name,
      cidr_of(nic), gateway_of(nic))
  end
  if one.parked then
    return ("address %s is held by VM '%s', which was deleted and parked there, until CloudStack expunges it (cloudstack.parking)")
      :format(nic.ip, one.parked.cid)
  end
  return ("nobody that this account sees holds address %s: it may be outside network '%s' (%s), or held by a "
    .. "destroyed VM until that is expunged"):format(nic.ip, nic.target.name, cidr_of(nic))
end

-- Was the holder parked there by a delete_vm that did not come to its end, and can it be moved on?
local function is_movable(one)
  return one.parked ~= nil and one.parked.id == one.holder.id and states.vm(one.holder.state).nics or false
end

local function facts(cpi, can, one, waiting)
  local nic, holder = one.nic, one.holder
  return {
    address = nic.ip, network = { id = nic.target.id, name = nic.target.name, cidr = cidr_of(nic) },
    in_range = one.in_range, may_expunge = rights.may_expunge(cpi, can),
    wanted = cpi.settings.cloudstack.expunge_vm, attempt = waiting.attempts, elapsed = cpi.clock.now() - waiting.began,
    holder = holder and {
      id = holder.id, name = holder.name, state = tostring(holder.state), since = holder.lastupdated or holder.created,
      ours = one.is_own or is_ours(cpi, holder), own = one.is_own or false,
      leaving = states.vm(holder.state).leaving or false, expunges = states.vm(holder.state).expunges or false,
      movable = is_movable(one),
    } or nil,
    parked = one.parked and { name = one.parked.cid, since = one.parked.at } or nil,
  }
end

-- Expunges a holder that is destroyed or never came to life. -> is it gone? where not, CloudStack's words; a right that is
-- lacking is remembered.
local function expunge(cpi, holder)
  local in_error = states.vm(holder.state).failed
  local task = cpi.cloudstack:run {
    in_error and "destroyVirtualMachine" or "expungeVirtualMachine", { id = holder.id, expunge = in_error or nil }, job = true,
    idempotent = true, what = "expunging VM " .. holder.name, timeout = cpi.settings.cloudstack.timeout.delete_vm,
  }
  local failure = task.failure
  if not failure then return true end
  if rights.is_expunge_refused(failure) then rights.note_lack(cpi, "expunge") end
  return false, ("%s: %s"):format(task.request.what, cpi.cloudstack.say(failure))
end

-- Is there nothing more to be seen of the holder? It is expunged, or CloudStack does not let us look.
local function is_out_of_sight(cpi, holder)
  local is_expunged, failure = destruction.is_expunged(cpi, holder)
  return is_expunged or failure ~= nil and failure.kind == "refused"
end

-- Sleeps until the holder is expunged, or for a while where no holder can be watched. false when the time is over: `deadline`
-- seconds after `began`.
local function until_done(cpi, one, waiting, began, deadline)
  local pause = FIRST_PAUSE
  local function words() return ("waiting until address %s is free, %d s at most"):format(one.nic.ip, math.floor(deadline)) end
  repeat
    if cpi.clock.now() - began >= deadline then return false end
    cpi.wait(pause, words, began)
    pause = math.min(pause * 1.5, LONGEST_PAUSE)
  until not one.holder or is_out_of_sight(cpi, one.holder)
  if not one.holder then -- the next look is another deploy: the longer it lasts, the rarer
    local more = math.min(waiting.attempts * FIRST_PAUSE, LONGEST_PAUSE) - FIRST_PAUSE
    if more > 0 then cpi.wait(more, words, began) end
  end
  return true
end

local answers = {}

-- As if no VM had it, once: CloudStack has the last word.
function answers.ignore(_, _, waiting)
  local first = not waiting.ignored
  waiting.ignored = true
  return first
end

-- Each holder once: one that is there again afterwards will not go by being asked more often.
function answers.expunge(cpi, one, waiting)
  if waiting.expunged == one.holder.id then return false end
  waiting.expunged = one.holder.id
  local is_gone, why = expunge(cpi, one.holder)
  if is_gone then return true end
  -- CloudStack may be at it already: then it ends.
  if states.vm(one.holder.state).gone and until_done(cpi, one, waiting, cpi.clock.now(), AT_WORK) then return true end
  waiting.over = why
  return false
end

-- Each holder once, likewise.
function answers.move(cpi, one, waiting)
  if waiting.moved == one.holder.id then return false end
  waiting.moved = one.holder.id
  return release.move_on(cpi, one.holder, one.nic.target.id)
end

function answers.wait(cpi, one, waiting, answer)
  local deadline = answer.deadline or LONGEST_WAIT
  local words = words_of(one)
  if waiting.said ~= words then -- once, however often it is tried
    cpi.log.info("%s; waiting until it is free, %d s at most", words, math.floor(deadline))
    waiting.said = words
  end
  if until_done(cpi, one, waiting, waiting.began, deadline) then return true end
  waiting.over = ("it was not free after %d s"):format(math.floor(cpi.clock.now() - waiting.began))
  return false
end

-- new_wait(cpi, instance): what settle() remembers from try to try. instance: whose VM it is (request/environment.lua); own: the
-- addresses that the VMs of failed tries still have (vm/held_addresses.lua), which are in the way whatever failed.
function conflict.new_wait(cpi, instance)
  return { began = cpi.clock.now(), attempts = 0, instance = instance, own = {} }
end

-- What a VM of ours had and has no more is in nobody's way.
local function forget(waiting, one)
  local at = tables.place(waiting.own, one)
  if at then table.remove(waiting.own, at) end
end

-- settle(cpi, list, can, task, waiting) -> is the same VM worth another try, and what was found out: { explanation (which
-- VM has the address), unexplained (why that could not be found out) }. Nothing of the failed try is left. list: the NICs, as
-- vm/nics.lua groups them; can: as cloudstack/capabilities.lua reads it; task: what failed, the deploy or an addIpToNic. Raises
-- what a broken policy raises.
function conflict.settle(cpi, list, can, task, waiting)
  local wanted = wanted_by(list)
  local own = own_of(waiting, wanted)
  local found, unexplained = find(cpi, wanted, task, own)
  if unexplained then return false, { unexplained = unexplained } end
  local taken = table.move(found or {}, 1, #(found or {}), #own + 1, table.move(own, 1, #own, 1, {}))
  if #taken == 0 then
    local explanation, why = exhaustion.explain(cpi, list, task.failure)
    return false, { explanation = explanation, unexplained = why }
  end
  waiting.attempts = waiting.attempts + 1
  -- The address may be an interrupted create_vm's that the journal knows: its VM was not to be seen before.
  if waiting.attempts == 1 and cpi.journal.settle_again() then return true, {} end
  for _, one in ipairs(taken) do one.parked = parking.note_of(cpi, one.nic.target.id, one.nic.ip) end
  local words, decided = {}, {}
  for i, one in ipairs(taken) do words[i] = words_of(one) end
  local explanation = table.concat(words, "; ")
  for i, one in ipairs(taken) do -- nobody waits for one where another one is in the way for good
    decided[i] = cpi.decide("ip_conflict", facts(cpi, can, one, waiting), waiting.instance)
    if decided[i].answer == "fail" then return false, { explanation = explanation } end
  end
  for i, one in ipairs(taken) do
    local answer = decided[i]
    if not answers[answer.answer](cpi, one, waiting, answer) then
      if waiting.over then explanation = explanation .. "; " .. waiting.over end
      return false, { explanation = explanation }
    end
    if answer.answer ~= "ignore" then forget(waiting, one) end
  end
  return true, { explanation = explanation }
end

return conflict
