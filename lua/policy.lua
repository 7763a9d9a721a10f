-- Decisions a site may take over. Ours is lua/policies/NAME.lua; the site's, when it has one, is NAME.lua in
-- policies.directory (the first of several) and is handed ours as `default`. A policy sees a copy of the facts and
-- returns data; this answer is matched against the original facts, so that a policy cannot invent an offering.
-- The facts of each decision, and its possible answers: lua/decisions/NAME.lua, loaded when the decision is first asked for.

local errors = require "errors"
local tables = require "base.tables"

local API = 1

local function decider(name, policy, path)
  if type(policy) ~= "table" or type(policy.decide) ~= "function" then
    error(errors.cpi("policy %s (%s): it must return { api = %d, decide = function }", name, path, API))
  elseif policy.api ~= API then
    error(errors.cpi("policy %s (%s): it is written for policy api %s; this CPI has %d", name, path, tostring(policy.api), API))
  end
  return policy.decide
end

-- load(sandbox, directory, name) -> path, decide, or nothing where the directory has no such file, or a blank one.
-- Raises CpiError that names the file.
local function load(sandbox, directory, name)
  local ok, path, policy = pcall(sandbox.load, directory, name)
  if not ok then error(errors.cpi("policy %s: %s", name, tostring(path))) end
  if path then return path, decider(name, policy, path) end
end

-- The site's file of that name: of the first directory that has one.
local function load_site(sandbox, directories, name)
  for directory in directories:gmatch "[^:]+" do
    local path, decide = load(sandbox, directory, name)
    if path then return path, decide end
  end
end

-- new{ sandbox, ours, directory, note } -> decide(name, facts) -> answer; decide.prepare(name) loads what decides it
--   sandbox    host.policy (load, call)
--   ours       the directory of our own policies
--   directory  a function that returns the site's directory (several separated by colons), or nil; asked at the
--              first decision
--   note       note(name, path), optional: called when a site's file takes its first decision
-- decide raises CpiError for a broken policy, and CloudError in the policy's own words when it refuses.
local function new(parts)
  local ready, site = {}, nil

  -- { path, decide, default } of a decision, loaded once.
  local function policy(name)
    if not ready[name] then
      local path, decide = load(parts.sandbox, parts.ours, name)
      if not path then error(errors.cpi("policy %s is missing in %s", name, parts.ours)) end
      if site == nil then site = parts.directory() or false end
      local site_path, site_decide
      if site then site_path, site_decide = load_site(parts.sandbox, site, name) end
      if site_path and parts.note then parts.note(name, site_path) end
      ready[name] = { path = site_path or path, decide = site_decide or decide, default = decide,
        origin = site_path and "site" or "default" }
    end
    return ready[name]
  end

  local function answered(name, decision, chosen, facts, answer, why)
    local matched, problem = decision.match(answer, facts)
    if matched ~= nil then return matched end
    if answer == nil then
      error(errors.cloud("policy %s (%s): %s", name, chosen.origin == "site" and chosen.path or "default",
        type(why) == "string" and why or "it gave no answer and no reason"))
    end
    error(errors.cpi("policy %s (%s): not an answer it may give: %s", name, chosen.path, problem))
  end

  local function decide(_, name, facts)
    local decision = require("decisions." .. name)
    local chosen = policy(name)
    local ok, answer, why = pcall(parts.sandbox.call, chosen.decide, tables.copy(facts), chosen.default)
    if not ok then error(errors.cpi("policy %s (%s): %s", name, chosen.path, tostring(answer))) end
    if answer == nil and decision.may_be_nil then return decision.match(nil, facts) end
    return answered(name, decision, chosen, facts, answer, why)
  end

  local function prepare(name)
    require("decisions." .. name)
    policy(name)
  end

  return setmetatable({ prepare = prepare }, { __call = decide })
end

return { new = new, load = load, API = API }
