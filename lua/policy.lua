-- Decisions a site may take over. Ours is lua/policies/NAME.lua; the site's, when it has one, is NAME.lua in
-- policies.directory and is handed ours as `default`. A policy sees a copy of the facts and answers with
-- data; the answer is matched against the original facts, so that a policy cannot invent an offering.
-- What each decision is told and may answer: lua/policies/README.md.

local errors = require "errors"
local offerings = require "cloudstack.offerings"

local API = 1

-- ---------------------------------------------------------------------------------------------------------
-- what a policy may answer: match(answer, facts) -> the answer in our words, or nil and why it may not

-- The row of `rows` with the answer's id.
local function row_like(answer, rows)
  if type(answer) ~= "table" then return nil end
  for _, row in ipairs(rows or {}) do
    if row.id == answer.id then return row end
  end
end

local function offerings_to_try(answer, facts)
  if type(answer) ~= "table" then return nil, "it must be a list of offerings" end
  local chosen = {}
  for i, one in ipairs(answer.id and { answer } or answer) do
    chosen[i] = row_like(one, facts.offerings)
    if not chosen[i] then return nil, ("its entry %d is none of facts.offerings"):format(i) end
  end
  if #chosen == 0 then return nil, "it must name at least one offering" end
  return chosen
end

local function one_disk_offering(answer, facts)
  local offering = type(answer) == "table" and row_like(answer.offering or answer, facts.offerings)
  if not offering then return nil, "it must be one of facts.offerings" end
  local size = offering.iscustomized and math.tointeger(answer.size) or facts.size
  if size < facts.size then return nil, ("its size is %d GB, asked were %d GB"):format(size, facts.size) end
  return offerings.disk(offering, size)
end

local strategies = { now = true, release = true, wait = true, leave = true }

local function expunge_strategy(answer, facts)
  if type(answer) == "string" then answer = { strategy = answer } end
  if type(answer) ~= "table" or not strategies[answer.strategy] then
    return nil, "it must be { strategy = \"now\", \"release\", \"wait\" or \"leave\" }"
  elseif answer.strategy == "now" and not facts.may_expunge then
    return nil, "this account may not expunge"
  elseif answer.deadline ~= nil and math.type(answer.deadline) == nil then
    return nil, "its deadline must be a number of seconds"
  end
  return { strategy = answer.strategy, deadline = answer.deadline, addresses = answer.addresses or {} }
end

local function names_and_tags(answer)
  if type(answer) ~= "table" or type(answer.display_name) ~= "string" or answer.display_name == "" then
    return nil, "it must be { display_name = string, tags = { key = string } }"
  end
  local tags = {}
  for key, value in pairs(answer.tags or {}) do
    if type(key) ~= "string" or type(value) ~= "string" then return nil, "its tags must be strings" end
    tags[key] = value
  end
  return { display_name = answer.display_name, tags = tags }
end

-- A unicast MAC, in the lower case that the agent compares with.
local function mac(value)
  if type(value) ~= "string" or not value:find "^%x%x:%x%x:%x%x:%x%x:%x%x:%x%x$" then return nil end
  if tonumber(value:sub(1, 2), 16) % 2 == 1 then return nil end
  return value:lower()
end

local function order_of_networks(answer, facts)
  if type(answer) ~= "table" or type(answer.order) ~= "table" then
    return nil, "it must be { order = { network names }, macs = { name = MAC } }"
  end
  local names, macs, count = {}, {}, 0
  for _, network in ipairs(facts.networks) do names[network.name], count = true, count + 1 end
  for _, name in ipairs(answer.order) do
    if not names[name] then return nil, ("its order names '%s' twice or from nowhere"):format(tostring(name)) end
    names[name], count = nil, count - 1
  end
  if count > 0 then return nil, ("its order leaves out '%s'"):format(tostring(next(names))) end
  for name, value in pairs(answer.macs or {}) do
    macs[name] = mac(value)
    if not macs[name] then return nil, ("'%s' is no unicast MAC"):format(tostring(value)) end
  end
  return { order = answer.order, macs = macs }
end

local LONGEST_PAUSE = 600

local function another_try(answer)
  if answer == nil or answer == false then return {} end
  local after = type(answer) == "table" and answer.after or answer
  if math.type(after) == nil or after < 0 or after ~= after then
    return nil, "it must be { after = seconds }, or nil to stop"
  end
  return { after = math.min(after, LONGEST_PAUSE) }
end

local function fate(answer)
  if answer == "destroy" or answer == "keep" then return answer end
  return nil, 'it must be "destroy" or "keep"'
end

-- may_be_nil: a nil answer is an answer; elsewhere nil and a reason means "none of these".
local decisions = {
  service_offering = { match = offerings_to_try },
  disk_offering = { match = one_disk_offering },
  expunge = { match = expunge_strategy },
  names = { match = names_and_tags },
  networks = { match = order_of_networks },
  retry = { match = another_try, may_be_nil = true },
  failed_vm = { match = fate },
}

-- ---------------------------------------------------------------------------------------------------------

local function copy(value)
  if type(value) ~= "table" then return value end
  local twin = {}
  for key, inner in pairs(value) do twin[key] = copy(inner) end
  return twin
end

local function decider(policy, path)
  if type(policy) ~= "table" or type(policy.decide) ~= "function" then
    error(errors.cpi("%s must return { api = %d, decide = function }", path, API))
  elseif policy.api ~= API then
    error(errors.cpi("%s is written for policy api %s; this CPI has %d", path, tostring(policy.api), API))
  end
  return policy.decide
end

local function load(sandbox, directory, name)
  local ok, path, policy = pcall(sandbox.load, directory, name)
  if not ok then error(errors.cpi("policy %s: %s", name, tostring(path))) end
  if path then return path, decider(policy, path) end
end

-- new{ sandbox, ours, directory, log } -> decide(name, facts) -> answer
--   sandbox    host.policy (load, call)
--   ours       the directory of our own policies
--   directory  a function that answers the site's directory, or nil; asked at the first decision
-- decide raises CpiError for a broken policy, and CloudError in the policy's own words when it refuses.
local function new(parts)
  local ready = {}

  -- { path, decide, default } of a decision, loaded once.
  local function policy(name)
    if not ready[name] then
      local path, decide = load(parts.sandbox, parts.ours, name)
      if not path then error(errors.cpi("policy %s is missing in %s", name, parts.ours)) end
      local site = parts.directory()
      local site_path, site_decide
      if site then site_path, site_decide = load(parts.sandbox, site, name) end
      ready[name] = { path = site_path or path, decide = site_decide or decide, default = decide,
        origin = site_path and "site" or "default" }
    end
    return ready[name]
  end

  local function answered(name, chosen, facts, answer, why)
    local matched, problem = decisions[name].match(answer, facts)
    if matched ~= nil then return matched end
    if answer == nil then
      error(errors.cloud("policy %s (%s): %s", name, chosen.origin == "site" and chosen.path or "default",
        type(why) == "string" and why or "it gave no answer and no reason"))
    end
    error(errors.cpi("policy %s (%s): not an answer it may give: %s", name, chosen.path, problem))
  end

  return function(name, facts)
    if not decisions[name] then error("no decision is called " .. tostring(name)) end
    local chosen = policy(name)
    local ok, answer, why = pcall(parts.sandbox.call, chosen.decide, copy(facts), chosen.default)
    if not ok then error(errors.cpi("policy %s (%s): %s", name, chosen.path, tostring(answer))) end
    if answer == nil and decisions[name].may_be_nil then return decisions[name].match(nil, facts) end
    return answered(name, chosen, facts, answer, why)
  end
end

return { new = new, decisions = decisions, API = API }
