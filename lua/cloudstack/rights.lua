-- What an account may do: what CloudStack says of a command; and what the account turned out not to be allowed to do, though
-- CloudStack had said otherwise: found once, remembered in cpi.lacking for this request and in the store for the processes to
-- come, as long as an answer in the cache counts.

local tenancy = require "cloudstack.tenancy"

local refusals = require "cloudstack.refusals"

local rights = {}

local TABLE = "cache" -- which sweeps what is old

local function key_of(cpi, right)
  return ("rights %s %s"):format(tenancy.account(cpi.bytes.sha256, cpi.settings.cloudstack), right)
end

-- Did this account lack the right lately?
function rights.is_lacking(cpi, right)
  if cpi.lacking[right] then return true end
  local text = cpi.store and cpi.store.get(TABLE, key_of(cpi, right))
  local entry = text and cpi.json.decode(text)
  if type(entry) ~= "table" or type(entry.at) ~= "number" then return false end
  local age = cpi.clock.utc() - entry.at
  return age >= 0 and age < cpi.settings.cloudstack.cache_age
end

-- From now on it lacks it.
function rights.note_lack(cpi, right)
  cpi.lacking[right] = true
  if cpi.store then cpi.store.put(TABLE, key_of(cpi, right), cpi.json.encode { at = cpi.clock.utc() }) end
end

-- The question whether this account's role has the command; its answer is has()'s. A role may be without the question.
function rights.request(command)
  return { "listApis", { name = command }, cached = true, optional = true }
end

-- Does the role have the command? answer: of request(command), or nil where there is none: then nothing speaks against it. For a
-- command that the role lacks CloudStack lists all the others (observed on 4.23).
function rights.has(answer, command)
  if not answer or type(answer.api) ~= "table" then return true end
  for _, one in ipairs(answer.api) do
    if one.name == command then return true end
  end
  return #answer.api == 0
end

-- Does the failure say that the account may not expunge?
function rights.is_expunge_refused(failure)
  return refusals.is(failure, "may_not_expunge")
end

-- May this account expunge? can as cloudstack/capabilities.lua reads it.
function rights.may_expunge(cpi, can)
  return can.may_expunge and not rights.is_lacking(cpi, "expunge")
end

return rights
