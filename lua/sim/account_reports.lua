-- What an account may ask of itself: its limits, its users, and what happened.
local accounts = require "sim.accounts"
local lists = require "sim.lists"
local refusal = require "sim.refusal"

local account_reports = {}

-- CloudStack's numbers of the kinds of resource, in the order of its answer.
local KINDS = {
  { 0, "user_vm" }, { 1, "public_ip" }, { 2, "volume" }, { 3, "snapshot" }, { 4, "template" }, { 5, "project" },
  { 6, "network" }, { 7, "vpc" }, { 8, "cpu" }, { 9, "memory" }, { 10, "primary_storage" }, { 11, "secondary_storage" },
}

local function account_of(m, call)
  local arguments = call.arguments
  if arguments.projectid then return arguments.projectid.account end
  if not arguments.account then return call.account end
  local domain = arguments.domainid or call.account.domain
  local found = m:first("account", function(one) return one.name == arguments.account and one.domain == domain end)
  if not found or found ~= call.account and not accounts.is_over(call.account, found) then
    refusal.denied "Caller does not have permission to operate with provided resource."
  end
  return found
end

local function list_limits(m, call)
  local account, wanted, found = account_of(m, call), call.arguments.resourcetype, {}
  for _, kind in ipairs(KINDS) do
    if not wanted or wanted == kind[1] then found[#found + 1] = kind end
  end
  return lists.answer(m, call, "resourcelimit", found, function(kind)
    return accounts.show_owner({
      resourcetype = ("%d"):format(kind[1]), resourcetypename = kind[2], max = account.limits[kind[2]] or -1,
    }, account)
  end)
end

local function user_row(account)
  return accounts.show_owner({
    id = account.user.id, username = account.user.name, firstname = account.name, lastname = account.name, state = "enabled",
    accountid = account.id, accounttype = account.role == "admin" and 1 or account.role == "domainadmin" and 2 or 0,
    apikey = account.apikey, iscallerchilddomain = false, isdefault = false,
  }, account)
end

-- A user sees himself, an administrator all of his accounts where he asks for all.
local function list_users(m, call)
  local arguments, caller = call.arguments, call.account
  local found = m:rows("account", function(account)
    local seen = account == caller or arguments.listall and accounts.is_over(caller, account)
    return account.apikey ~= nil and seen and (not arguments.username or lists.same(account.user.name, arguments.username))
      and (not arguments.account or lists.same(account.name, arguments.account)) and (not arguments.id or arguments.id == account.user.id)
  end)
  return lists.answer(m, call, "user", found, user_row)
end

-- An event for every job: what it was, of what, and how it ended.
local function event_row(m, job)
  local state = job.status == 0 and "Started" or "Completed"
  return accounts.show_owner({
    id = job.id, username = job.account.user.name, type = job.command, state = state,
    level = job.status == 2 and "ERROR" or "INFO", description = ("%s %s"):format(state, job.command),
    created = m:date(job.created), resourceid = job.instance and job.instance.id, resourcetype = job.instance_type,
    resourcename = job.instance and job.instance.name,
  }, job.account)
end

local function list_events(m, call)
  local arguments, mine = call.arguments, lists.scope(m, call)
  local found = m:rows("job", function(job)
    return mine(job) and (not arguments.resourceid or job.instance and job.instance.id == arguments.resourceid)
      and (not arguments.level or lists.same(arguments.level, job.status == 2 and "ERROR" or "INFO"))
  end)
  return lists.answer(m, call, "event", lists.reversed(found), function(job) return event_row(m, job) end)
end

account_reports.commands = {
  { name = "listResourceLimits", run = list_limits, parameters = lists.owned_parameters { { "resourcetype", "integer" } } },
  { name = "listUsers", run = list_users, parameters = lists.owned_parameters { { "id", "string" }, { "username", "string" } } },
  { name = "listEvents", run = list_events, parameters = lists.owned_parameters {
    { "resourceid", "string" }, { "resourcetype", "string" }, { "level", "string" },
  } },
}

return account_reports
