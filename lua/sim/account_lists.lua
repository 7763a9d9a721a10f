-- Lists of accounts and, for administrators, of domains.
local accounts = require "sim.accounts"
local limits = require "sim.limits"
local lists = require "sim.lists"
local projects = require "sim.projects"
local refusal = require "sim.refusal"

local account_lists = {}

local TYPES = { admin = 1, domainadmin = 2, user = 0 }
local ROLES = { admin = "Admin", domainadmin = "DomainAdmin", user = "User" }

local LIMITS = {
  vm = "user_vm", ip = "public_ip", volume = "volume", snapshot = "snapshot", template = "template", network = "network",
  cpu = "cpu", memory = "memory", primarystorage = "primary_storage",
}

local GIB = 1024 * 1024 * 1024

-- What an account may have of each kind, has, and may still have; a number as text, or Unlimited. Storage is in whole GB.
local function show_limits(m, out, account)
  for prefix, name in pairs(LIMITS) do
    local most, used = account.limits[name], limits.amounts[name](m, account)
    if name == "primary_storage" then used = used // GIB end
    local limited = most and most >= 0
    out[prefix .. "limit"] = limited and ("%d"):format(most) or "Unlimited"
    out[prefix .. "total"] = used
    out[prefix .. "available"] = limited and ("%d"):format(math.max(0, most - used)) or "Unlimited"
  end
  return out
end

projects.show_limits = show_limits -- a project's row has those of its account

local function account_row(m, account)
  return show_limits(m, {
    id = account.id, name = account.name, accounttype = TYPES[account.role],
    roletype = ROLES[account.role], domainid = account.domain.id, domain = account.domain.name,
    domainpath = account.domain.path, state = account.disabled and "disabled" or "enabled",
  }, account)
end

-- A user sees his own; an administrator those of his domain, and plainly asked only his own.
local function list_accounts(m, call)
  local arguments, caller = call.arguments, call.account
  local wide = arguments.listall or arguments.id or arguments.domainid
  local found = m:rows("account", function(account)
    return TYPES[account.role] and (account == caller or wide and accounts.is_over(caller, account)) and lists.fits(account, arguments)
      and (not arguments.domainid or account.domain == arguments.domainid)
  end)
  return lists.answer(m, call, "account", found, function(account) return account_row(m, account) end)
end

-- Root's administrator sees every domain, another one his own and those below it.
local function list_domains(m, call)
  local arguments, caller = call.arguments, call.account
  local function is_seen(domain) return caller.role == "admin" or accounts.is_within(domain, caller.domain) end
  if arguments.id and not arguments.id.ghost and not is_seen(arguments.id) then
    refusal.denied "Caller does not have permission to operate with provided resource."
  end
  local found = m:rows("domain", function(domain)
    return is_seen(domain) and (arguments.listall or arguments.id or domain == caller.domain) and lists.fits(domain, arguments)
  end)
  return lists.answer(m, call, "domain", found, function(domain)
    return { id = domain.id, name = domain.name, path = domain.path, level = domain.parent and 1 or 0,
      parentdomainid = domain.parent and domain.parent.id, parentdomainname = domain.parent and domain.parent.name }
  end)
end

account_lists.commands = {
  { name = "listAccounts", run = list_accounts, parameters = lists.parameters {
    { "id", "uuid", of = "account" }, { "name", "string" }, { "domainid", "uuid", of = "domain" },
    { "listall", "boolean" },
  } },
  { name = "listDomains", admin = "domain", run = list_domains, parameters = lists.parameters {
    { "id", "uuid", of = "domain" }, { "name", "string" }, { "listall", "boolean" },
  } },
}

return account_lists
