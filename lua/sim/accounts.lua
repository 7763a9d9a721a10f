-- Accounts, their domains and users: which one a call is from, which one a create is for, and how owners are shown.
local refusal = require "sim.refusal"

local accounts = {}

local function add_domain(m, name, parent)
  return m:add("domain", {
    id = m:id_of("domain:" .. name), name = name, parent = parent,
    path = parent and parent.path .. "/" .. name or name,
  })
end

local function domain_named(m, name)
  return m:named("domain", name) or add_domain(m, name, m:named("domain", "ROOT"))
end

local function add_account(m, spec)
  local account = m:add("account", {
    id = m:id_of("account:" .. spec.name), name = spec.name, role = spec.role,
    domain = domain_named(m, spec.domain), apikey = spec.apikey, secretkey = spec.secretkey,
    limits = spec.limits or {}, disabled = spec.disabled, without = {},
  })
  for _, command in ipairs(spec.without or {}) do account.without[command] = true end
  account.account = account
  account.user = { id = m:id_of("user:" .. spec.name), name = spec.name }
  return account
end

function accounts.seed(m)
  add_domain(m, "ROOT")
  m.system = add_account(m, { name = "system", role = "system", domain = "ROOT" })
  for _, spec in ipairs(m.world.accounts) do add_account(m, spec) end
end

function accounts.by_key(m, apikey)
  return apikey and m:first("account", function(account)
    return account.apikey == apikey and not account.disabled
  end)
end

-- What projectid=-1 names: all that the caller is a member of.
accounts.ALL_PROJECTS = { ghost = true }

-- Is the domain another one, or below it?
function accounts.is_within(domain, other)
  while domain and domain ~= other do domain = domain.parent end
  return domain ~= nil
end

-- The administrators: root's, and that of a domain, who is one for the accounts and projects of his domain alone.
function accounts.is_admin(account) return account.role == "admin" or account.role == "domainadmin" end

-- Is the caller an administrator of that account?
function accounts.is_over(caller, account)
  return caller.role == "admin" or caller.role == "domainadmin" and accounts.is_within(account.domain, caller.domain)
end

-- May an account work with what another one has?
function accounts.may_act(account, owner)
  return owner == account or accounts.is_over(account, owner) or owner.project ~= nil and owner.project.members[account] == true
end

-- account, domain and their kin of a row; of a project's object the project instead of the account
function accounts.show_owner(row, account)
  local project = account.project
  if project then row.project, row.projectid = project.name, project.id else row.account = account.name end
  row.domainid, row.domain = account.domain.id, account.domain.name
  row.domainpath = account.domain.path
  return row
end

-- Account [{...}] as it stands in error texts
function accounts.described(account)
  return ('Account [{"accountName":"%s","id":%d,"uuid":"%s"}]'):format(account.name, account.number, account.id)
end

-- The account of the project that a new object is for, where the call names one.
local function owning_project(project)
  if not project then return nil end
  if project.ghost then refusal.invalid "Unable to find project by id" end
  if project.state ~= "Active" then
    refusal.denied("Can't add resources to the project with specified projectId in state=%s as it's no longer active",
      project.state)
  end
  return project.account
end

-- Whose the new object of a create command will be. An account that is named wins over a project, silently.
function accounts.owner(m, call)
  local name, domain = call.arguments.account, call.arguments.domainid
  if not name then return owning_project(call.arguments.projectid) or call.account end
  if not domain then refusal.invalid "Account must be specified with domainId parameter" end
  local found = m:first("account", function(account) return account.name == name and account.domain == domain end)
  if not found then refusal.invalid("Unable to find account by name %s in domain with specified id", name) end
  if not accounts.is_over(call.account, found) and found ~= call.account then
    refusal.denied "Caller does not have permission to operate with provided resource."
  end
  return found
end

accounts.OWNER_PARAMETERS = {
  { "account", "string" }, { "domainid", "uuid", of = "domain" }, { "projectid", "uuid", of = "project" },
}

-- customid: an id of the caller's choice for a new object, which only a root admin may choose.
function accounts.custom_id(m, call)
  local id = call.arguments.customid
  if not id then return nil end
  if call.account.role ~= "admin" then
    refusal.denied "Please check your permissions, you are not allowed to create/update custom id"
  end
  if not accounts.is_lowercase_uuid(id) then refusal.invalid("UUID: %s doesn't follow the UUID format", id) end
  for _, kind in ipairs { "vm", "volume" } do
    if m:find(kind, id) then
      refusal.invalid("UUID: %s already exists so can't create/update with custom id", id)
    end
  end
  return id
end

local HEX = "[0-9a-f]"
local FOUR = "%-" .. HEX:rep(4)
local UUID = "^" .. HEX:rep(8) .. FOUR:rep(3) .. "%-" .. HEX:rep(12) .. "$"

function accounts.is_lowercase_uuid(text)
  return text:match(UUID) ~= nil
end

return accounts
