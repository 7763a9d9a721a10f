-- For whom the CPI works: the project, or the account and its domain, which goes with every command that knows of owners.
--
-- Without it CloudStack takes the caller's own account, silently: a list leaves the project's objects out, even when
-- their id is asked for, and a create makes an object of the account. So nobody adds these parameters but this file,
-- and waves.lua asks it for every request. Commands that name an object by its id need none.
--
-- An id in the configuration costs nothing; a name is looked up before the first command that needs it, and kept in
-- the cache where there is a store.

local errors = require "errors"
local exact = require "cloudstack.exact"
local refusals = require "cloudstack.refusals"
local tables = require "base.tables"

local tenancy = {}
tenancy.__index = tenancy

-- Commands with projectid, account and domainid, and those with account and domainid only. Held against the server's
-- own list by spec/cloudstack/tenancy_spec.lua.
local OWNED = [[
  associateIpAddress authorizeSecurityGroupEgress authorizeSecurityGroupIngress createAffinityGroup createNetwork
  createSSHKeyPair createSecurityGroup createTemplate createVPC createVolume deleteAffinityGroup deleteSSHKeyPair
  deleteSecurityGroup deleteUserData deployVirtualMachine getUploadParamsForTemplate getUploadParamsForVolume
  listAffinityGroups listEvents listFirewallRules listLoadBalancerRules listNetworks listPublicIpAddresses
  listSSHKeyPairs listSecurityGroups listSnapshots listTags listTemplates listUserData listVPCs listVirtualMachines
  listVolumes registerSSHKeyPair registerTemplate registerUserData resetUserDataForVirtualMachine uploadVolume
]]
local OF_AN_ACCOUNT = [[ createLoadBalancerRule createSnapshot listAsyncJobs ]]

tenancy.commands = {}
for command in OWNED:gmatch "%a+" do tenancy.commands[command] = "project" end
for command in OF_AN_ACCOUNT:gmatch "%a+" do tenancy.commands[command] = "account" end

local USUAL_PORTS = { http = ":80$", https = ":443$" }

-- The endpoint in one of its spellings: the case of its host, a slash at its end and the usual port do not count.
local function spelt(endpoint)
  local scheme, authority, path = endpoint:match "^(%a+)://([^/]*)(.*)$"
  if not scheme then return endpoint end
  scheme = scheme:lower()
  return ("%s://%s%s"):format(scheme, authority:lower():gsub(USUAL_PORTS[scheme] or "$^", ""), (path:gsub("/+$", "")))
end

-- A short name of the account at that CloudStack: what is kept for it in a store or beside one has this in its name. sha256:
-- host.bytes'; site: settings.cloudstack.
local function account(sha256, site)
  return sha256(spelt(site.endpoint) .. " " .. site.api_key):sub(1, 16)
end

-- new(settings.cloudstack) -> tenancy, or nil where the CPI works for the account whose key it has.
local function new(site)
  if site.project == "" and site.account == "" then return nil end
  return setmetatable({ project = site.project, account = site.account, domain = site.domain }, tenancy)
end

-- The rows of a list by which a configured name becomes an id; a role that has not the command may have the id.
local function rows_for(client, property, request)
  local ok, rows = pcall(client.rows, client, request)
  if ok then return rows end
  local failure = errors.is(rows) and rows.failure
  if not failure or refusals.class_of(failure) ~= "denied" or refusals.is(failure, "not_authenticated") then error(rows, 0) end
  error(rows:wrapped(("%s; the account may not look names up by %s: give cloudstack.%s as an id"):format(rows.message, request[1],
    property)), 0)
end

-- The domain's id. domain is a name, a path ("ROOT/team") or an id; listDomains is not for every role.
local function domain_id(client, wanted)
  if exact.is_id(wanted) then return wanted end
  local rows = rows_for(client, "domain", { "listDomains", { listall = true }, rows = "domain", cached = true })
  for _, row in ipairs(rows) do
    if row.path == wanted or row.path == "ROOT/" .. wanted then return row.id end
  end
  local domain = exact.one(rows, wanted, "domain")
  return domain and domain.id
    or error(errors.cloud("domain '%s' is not in CloudStack; there are: %s", wanted, exact.names(rows)))
end

local function project_id(self, client)
  if exact.is_id(self.project) then return self.project end
  local rows = rows_for(client, "project",
    { "listProjects", { name = self.project, listall = true }, rows = "project", cached = true })
  if self.domain ~= "" and #rows > 1 then
    local domain, there = domain_id(client, self.domain), {}
    for _, row in ipairs(rows) do
      if row.domainid == domain then there[#there + 1] = row end
    end
    rows = there
  end
  local project = exact.one(rows, self.project, "project")
  return project and project.id
    or error(errors.cloud("project '%s' is not in CloudStack, or this account is not a member of it", self.project))
end

-- The account's name and its domain's id; an account that is given by its id brings its domain along.
local function account_of(self, client)
  if not exact.is_id(self.account) then return self.account, domain_id(client, self.domain) end
  local row = client:rows({ "listAccounts", { id = self.account }, rows = "account", cached = true })[1]
  if not row then error(errors.cloud("account '%s' is not in CloudStack, or not this account's to see", self.account)) end
  return row.name, row.domainid
end

local function resolve(self, client)
  if self.project ~= "" then return { projectid = project_id(self, client) } end
  local name, domain = account_of(self, client)
  return { account = name, domainid = domain }
end

-- The parameters to send: those of the request and, where the command knows of owners and the request names none,
-- whose. Raises CloudError when the project, account or domain is not there.
function tenancy:parameters(client, command, params)
  local kind = self.commands[command]
  if not kind or params.projectid or params.account then return params end
  if kind == "account" and self.project ~= "" then return params end
  self.owner = self.owner or resolve(self, client)
  return tables.with(params, self.owner)
end

-- What a name stood for may have changed.
function tenancy:forget()
  self.owner = nil
end

-- What distinguishes the answers for one owner from those for another, for the cache.
function tenancy.key(site)
  return ("%s %s %s"):format(site.project, site.account, site.domain)
end

tenancy.account = account
tenancy.new = new
return tenancy
