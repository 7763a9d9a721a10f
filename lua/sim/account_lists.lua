-- Lists of accounts and, for administrators, of domains.
local accounts = require "sim.accounts"
local limits = require "sim.limits"
local lists = require "sim.lists"
local refusal = require "sim.refusal"

local account_lists = {}

local TYPES = { admin = 1, domainadmin = 2, user = 0 }
local ROLES = { admin = "Admin", domainadmin = "DomainAdmin", user = "User" }

local function account_row(m, account)
  return limits.show(m, {
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
