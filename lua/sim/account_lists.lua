-- Lists of accounts and, for administrators, of domains.
local lists = require "sim.lists"

local account_lists = {}

local TYPES = { admin = 1, user = 0 }

local function account_row(_, account)
  return {
    id = account.id, name = account.name, accounttype = TYPES[account.role],
    roletype = account.role == "admin" and "Admin" or "User", domainid = account.domain.id, domain = account.domain.name,
    domainpath = account.domain.path, state = account.disabled and "disabled" or "enabled",
  }
end

-- A user sees his own; an administrator everybody's, and plainly asked only his own.
local function list_accounts(m, call)
  local arguments, caller = call.arguments, call.account
  local wide = caller.role == "admin" and (arguments.listall or arguments.id or arguments.domainid)
  local found = m:rows("account", function(account)
    return TYPES[account.role] and (wide or account == caller) and lists.fits(account, arguments)
      and (not arguments.domainid or account.domain == arguments.domainid)
  end)
  return lists.answer(m, call, "account", found, function(account) return account_row(m, account) end)
end

local function list_domains(m, call)
  local arguments = call.arguments
  local found = m:rows("domain", function(domain)
    return (arguments.listall or arguments.id or domain == call.account.domain) and lists.fits(domain, arguments)
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
  { name = "listDomains", admin = true, run = list_domains, parameters = lists.parameters {
    { "id", "uuid", of = "domain" }, { "name", "string" }, { "listall", "boolean" },
  } },
}

return account_lists
