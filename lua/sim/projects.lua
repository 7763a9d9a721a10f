-- Projects: what belongs to several accounts together. CloudStack gives each project an account of its own, which
-- nobody can be; everything in the project belongs to that.
local accounts = require "sim.accounts"
local limits = require "sim.limits"
local lists = require "sim.lists"
local refusal = require "sim.refusal"

local projects = {}

function projects.seed(m)
  for _, spec in ipairs(m.world.projects) do
    local owner = m:named("account", spec.account)
    local project = m:add("project", {
      id = m:id_of("project:" .. spec.name), name = spec.name, displaytext = spec.displaytext or spec.name,
      domain = owner.domain, owner = owner, members = { [owner] = true }, state = spec.state or "Active",
    })
    for _, name in ipairs(spec.members or {}) do project.members[m:named("account", name)] = true end
    local account = m:add("account", {
      id = m:id_of("project account:" .. spec.name), name = ("PrjAcct-%s-%d"):format(spec.name, owner.domain.number),
      role = "project", domain = owner.domain, limits = spec.limits or {}, user = owner.user, project = project,
    })
    account.account, project.account = account, account
  end
end

-- An account that is not a member can't do anything in a project: said as if the command did not exist.
function projects.refuse_outsider(entry, arguments, caller)
  local project = arguments.projectid
  if not project or project == accounts.ALL_PROJECTS or project.ghost then return end
  if project.removed then refusal.invalid("Unable to find project by id %d", project.number) end
  if not project.members[caller] and not accounts.is_over(caller, project.account) then
    local why = refusal.new(432, 9999, ("The API [%s] does not exist or is not available for this account/user in "
      .. "project [%s]."):format(entry.name, project.id))
    why.envelope = "errorresponse"
    error(why, 0)
  end
end

local function row(m, project)
  return limits.show(m, {
    id = project.id, name = project.name, displaytext = project.displaytext, domainid = project.domain.id,
    domain = project.domain.name, owner = m:array { { account = project.owner.name } },
    projectaccountname = project.account.name, state = project.state, tags = m:array(), created = m:date(project.created),
  }, project.account)
end

local function list(m, call)
  local arguments, caller = call.arguments, call.account
  local found = m:rows("project", function(project)
    return (project.members[caller] or arguments.listall and accounts.is_over(caller, project.account))
      and lists.fits(project, arguments) and (not arguments.state or lists.same(project.state, arguments.state))
      and (not arguments.domainid or project.domain == arguments.domainid)
  end)
  return lists.answer(m, call, "project", found, function(project) return row(m, project) end)
end

projects.commands = {
  { name = "listProjects", run = list, parameters = lists.parameters {
    { "id", "uuid", of = "project" }, { "name", "string" }, { "state", "string" }, { "listall", "boolean" },
    { "account", "string" }, { "domainid", "uuid", of = "domain" }, { "displaytext", "string" },
  } },
}

return projects
