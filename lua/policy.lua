-- Decisions a site may take over. Ours is lua/policies/NAME.lua; the site's, when it has one, is NAME.lua in
-- policies.directory (the first of several) and is handed ours as `default`. A policy sees a copy of the facts and
-- returns data; this answer is matched against the original facts, so that a policy cannot invent an offering.
-- The facts of each decision, and its possible answers: lua/decisions/NAME.lua, loaded when the decision is first asked for.

local errors = require "errors"
local moment = require "base.moment"
local tables = require "base.tables"

local API = 1

-- What a policy may say that it needs: facts that cost a request, and are asked for where some policy wants them.
local COSTLY = { counts = true, limits = true }

local function check_needs(name, needs, path)
  local words = {}
  for _, word in pairs(type(needs) == "table" and needs or { false }) do
    if not COSTLY[word] then
      error(errors.cpi('policy %s (%s): its needs must be a list of "counts" and "limits"', name, path))
    end
    words[word] = true
  end
  return words
end

-- load(sandbox, directory, name) -> { path, decide, needs (a set), name }, or nil where the directory has no such file, or a blank
-- one. Raises CpiError that names the file.
local function load(sandbox, directory, name)
  local ok, path, policy = pcall(sandbox.load, directory, name)
  if not ok then error(errors.cpi("policy %s: %s", name, tostring(path))) end
  if not path then return nil end
  if type(policy) ~= "table" or type(policy.decide) ~= "function" then
    error(errors.cpi("policy %s (%s): it must return { api = %d, decide = function }", name, path, API))
  elseif policy.api ~= API then
    error(errors.cpi("policy %s (%s): it is written for policy api %s; this CPI has %d", name, path, tostring(policy.api), API))
  end
  return { path = path, decide = policy.decide, needs = check_needs(name, policy.needs or {}, path) }
end

-- The site's file of that name: of the first directory that has one.
local function load_site(sandbox, directories, name)
  for directory in (directories or ""):gmatch "[^:]+" do
    local policy = load(sandbox, directory, name)
    if policy then return policy end
  end
end

-- Loaded where a policy of the site answers, or there are words.
local function bounded() return require "base.bounded" end

local function words_of(why) return why ~= nil and bounded().words(why) or nil end

-- The facts of a decision with those that every decision has. What costs a request is for the policy that needs it.
local function completed(chosen, facts, instance, now)
  local all = tables.with(facts, instance)
  for word in pairs(COSTLY) do
    if not chosen.needs[word] then all[word] = nil end
  end
  if now then all.now = moment.of(now()) end
  return all
end

-- What the CPI makes of a policy's answer -> { answer } or { failure (an error value), refusal or fault (its words) }
local function judged(name, decision, chosen, facts, answer, why)
  if answer == nil and decision.may_be_nil then return { answer = decision.match(nil, facts) } end
  local taken, problem = decision.match(answer, facts)
  if taken ~= nil and chosen.is_site then problem = bounded().problem(taken) end
  if taken ~= nil and not problem then return { answer = taken, remark = words_of(why) } end
  if answer ~= nil then
    return { fault = problem,
      failure = errors.cpi("policy %s (%s): not an answer it may give: %s", name, chosen.path, problem) }
  end
  local words = words_of(why) or "it gave no answer and no reason"
  return { refusal = words,
    failure = errors.cloud("policy %s (%s): %s", name, chosen.is_site and chosen.path or "default", words) }
end

-- The outcome of asking a policy, as judged() has it.
local function asked(parts, name, chosen, default, facts)
  local ok, answer, why = pcall(parts.sandbox.call, chosen.decide, tables.copy(facts), default.decide)
  if ok then return judged(name, require("decisions." .. name), chosen, facts, answer, why) end
  local words = bounded().words(tostring(answer))
  return { fault = words, failure = errors.cpi("policy %s (%s): %s", name, chosen.path, words) }
end

-- new{ sandbox, ours, directory, now, note } -> decide(name, facts, instance) -> answer
--   sandbox    host.policy (load, call)
--   ours       the directory of our own policies
--   directory  a function that returns the site's directory (several separated by colons), or nil; asked at the
--              first decision
--   now        seconds since 1970, as host.clock.utc gives them; optional: without it facts have no `now` but their own
--   note       note(name, path) -> its checksum, optional: called when a site's file takes its first decision
--   record     record{ name, decision (nil: one without rows of CloudStack's), chosen, facts, answer or refusal or failure, remark },
--              optional: called for each decision; chosen has path, is_site, needs, and sum of a site's file
-- instance: the facts that say whose the VM or disk is (request/environment.lua), or nil; and `counts` and `limits`, where they
-- were asked for. decide raises CpiError for a broken policy, and CloudError in the policy's own words when it refuses.
--   decide.prepare(name)     loads what decides it
--   decide.matters(name, facts, instance, answer)   does a site's file decide it? Ours of `vm` and `disk` leave things as they are, and
--                            need not be asked: where there is a log, their answer is noted. facts: a function that makes them
--   decide.is_by_site(name)  does a site's file decide it?
--   decide.file(name)        the path of what decides it
--   decide.needs(names)      the set of costly facts that the site's files of these names need
local function new(parts)
  local ours, of_site, site = {}, {}, nil

  local function site_of(name)
    if of_site[name] == nil then
      if site == nil then site = parts.directory() or false end
      local policy = site and load_site(parts.sandbox, site, name) or false
      if policy then policy.is_site = true end
      of_site[name] = policy
    end
    return of_site[name] or nil
  end

  local function our(name)
    ours[name] = ours[name] or load(parts.sandbox, parts.ours, name)
      or error(errors.cpi("policy %s is missing in %s", name, parts.ours))
    return ours[name]
  end

  local function decide(_, name, facts, instance)
    local decision, default = require("decisions." .. name), our(name)
    local chosen = site_of(name) or default
    if chosen.is_site and parts.note and not chosen.is_noted then chosen.is_noted, chosen.sum = true, parts.note(name, chosen.path) end
    local all = completed(chosen, facts, instance, parts.now)
    local outcome = asked(parts, name, chosen, default, all)
    if parts.record then
      parts.record { name = name, decision = decision, chosen = chosen, facts = all, answer = outcome.answer, remark = outcome.remark,
        refusal = outcome.refusal, failure = outcome.fault }
    end
    return outcome.failure and error(outcome.failure) or outcome.answer
  end

  local self = {}

  function self.prepare(name)
    require("decisions." .. name)
    our(name)
    site_of(name)
  end

  function self.matters(name, facts, instance, answer)
    if site_of(name) then return true end
    if parts.record then
      parts.record { name = name, chosen = { needs = {} }, facts = tables.with(facts(), instance), answer = answer }
    end
    return false
  end

  function self.is_by_site(name) return site_of(name) ~= nil end

  function self.file(name) return (site_of(name) or our(name)).path end

  function self.needs(names)
    local needs = {}
    for _, name in ipairs(names) do
      for word in pairs((site_of(name) or { needs = {} }).needs) do needs[word] = true end
    end
    return needs
  end

  return setmetatable(self, { __call = decide })
end

return { new = new, load = load, API = API }
