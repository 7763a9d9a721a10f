-- Templates that are deleted and that are copied to other zones.
local accounts = require "sim.accounts"
local access = require "sim.template_access"
local jobs = require "sim.jobs"
local limits = require "sim.limits"
local refusal = require "sim.refusal"
local templates = require "sim.templates"

local template_life = {}

local PACKAGE = "org.apache.cloudstack.api.command.user.template."

-- ---------------------------------------------------------------------------------------------------------
-- deleteTemplate

-- The newest version counts the VMs, those before it name them.
local function refuse_use(m, template)
  local users = m:rows_by("vm", "template", template)
  if #users == 0 then return end
  if m.version:at_least "4.23" then
    refusal.invalid("Unable to delete template [%s] because there are [%d] VM instances using it.",
      access.described(template), #users)
  end
  local names = {}
  for i, vm in ipairs(users) do names[i] = vm.instance_name end
  refusal.invalid("Unable to delete template with id: %d because VM instances: [%s] are using it.", template.number,
    table.concat(names, ","))
end

-- One whose upload is not over, refused or not, stays until the server has looked at the storage again. Seen on 4.22.
local UPLOADING = { NotUploaded = true, UploadInProgress = true }

local function refuse_delete(m, template, call)
  if template.ghost or template.removed then refusal.invalid("Unable to find Template with id %d", template.number) end
  if not call.arguments.forced then refuse_use(m, template) end
  if UPLOADING[template.state] then
    refusal.invalid("The template is either getting uploaded or it may be initiated shortly, please wait for it to be completed")
  end
  if not accounts.may_act(call.account, template.account) then
    refusal.denied "Caller does not have permission to operate with provided resource."
  end
end

local function drop(m, template, zone)
  local kept = {}
  for _, copy in ipairs(template.copies) do
    if zone and copy.zone ~= zone then kept[#kept + 1] = copy end
  end
  if #kept == 0 then
    template.tags = nil
    m:remove(template)
  else
    template.copies = kept
  end
end

-- The permission is looked at after the use, and both only by the job.
local function delete(m, call)
  local template = call.arguments.id
  return jobs.answer(jobs.start(m, call, {
    instance = template, instance_type = "Template",
    check = function() refuse_delete(m, template, call) end,
    finish = function()
      refuse_delete(m, template, call)
      drop(m, template, call.arguments.zoneid)
    end,
  }))
end

-- ---------------------------------------------------------------------------------------------------------
-- copyTemplate

local function destinations(call)
  local arguments = call.arguments
  local where = arguments.destzoneids or (arguments.destzoneid and { arguments.destzoneid }) or {}
  if #where == 0 then refusal.parameter "Either destzoneid or destzoneids parameters have to be specified." end
  return where
end

local function refuse_copy(m, call, template, where)
  local source = call.arguments.sourcezoneid
  for _, zone in ipairs(where) do
    if zone == source then refusal.invalid "Please specify different source and destination zones." end
  end
  if not accounts.may_act(call.account, template.account) then
    refusal.denied "Caller does not have permission to operate with provided resource."
  end
  if source and not access.is_ready(template, source) then
    refusal.invalid("There is no template %s in zone %s", template.id, source.id)
  end
  if template.upload then -- seen on 4.22
    refusal.internal 'Cannot invoke "String.length()" because the return value of "com.cloud.storage.VMTemplateVO.getUrl()" is null'
  end
  limits.check(m, template.account, {})
end

local function arrive(template, zone)
  local copy = access.in_zone(template, zone)
  if not copy then
    copy = { zone = zone, ready = false }
    template.copies[#template.copies + 1] = copy
  end
  return copy
end

-- The copies are ready; one may have been deleted on its way.
local function complete(template, where)
  local last
  for _, zone in ipairs(where) do
    local copy = access.in_zone(template, zone)
    if copy then copy.ready, last = true, copy end
  end
  return last
end

local function arrive_all(template, where)
  local last
  for _, zone in ipairs(where) do last = arrive(template, zone) end
  return last
end

-- The job ends when the copies are ready (seen on 4.22), which takes as long as the world says of templates where it says
-- nothing of this command.
local function copy_all(m, call, template, where)
  return { seconds = m.world.latency.template, begin = function() arrive_all(template, where) end,
    finish = function()
      local last = complete(template, where)
      return last and { template = templates.row(m, template, last, call.account) }
    end }
end

local function copy_template(m, call)
  local template, where = call.arguments.id, destinations(call)
  local plan = copy_all(m, call, template, where)
  plan.instance, plan.instance_type = template, "Template"
  plan.check = function() refuse_copy(m, call, template, where) end
  return jobs.answer(jobs.start(m, call, plan))
end

template_life.commands = {
  { name = "copyTemplate", run = copy_template, class = PACKAGE .. "CopyTemplateCmd",
    parameters = {
      { "id", "uuid", of = "template", required = true }, { "sourcezoneid", "uuid", of = "zone" },
      { "destzoneid", "uuid", of = "zone" }, { "destzoneids", "uuids", of = "zone", since = "4.11" },
    } },
  { name = "deleteTemplate", run = delete, class = PACKAGE .. "DeleteTemplateCmd",
    parameters = {
      { "id", "uuid", of = "template", required = true }, { "zoneid", "uuid", of = "zone" },
      { "forced", "boolean", since = "4.9" },
    } },
}

return template_life
