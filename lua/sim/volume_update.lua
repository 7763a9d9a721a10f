-- updateVolume, for administrators of root; and createTemplate, which makes a template of a volume or of a snapshot.
local accounts = require "sim.accounts"
local jobs = require "sim.jobs"
local limits = require "sim.limits"
local refusal = require "sim.refusal"
local templates = require "sim.templates"
local volume_rows = require "sim.volume_rows"

local volume_update = {}

local function update(m, call)
  local volume, arguments = call.arguments.id, call.arguments
  return jobs.answer(jobs.start(m, call, {
    instance = volume, instance_type = "Volume",
    check = function()
      if volume.ghost or volume.removed then refusal.invalid "The volume id doesn't exist" end
    end,
    finish = function()
      volume.name = arguments.name or volume.name
      if arguments.deleteprotection ~= nil then volume.protected = arguments.deleteprotection end
      return { volume = volume_rows.row(m, volume, call.account) }
    end,
  }))
end

-- What a template is made of, and of which hypervisor it is.
local function source_of(arguments)
  local volume, snapshot = arguments.volumeid, arguments.snapshotid
  if (volume ~= nil) == (snapshot ~= nil) then
    refusal.invalid "Failed to create private template record, neither volume ID nor snapshot ID were specified."
  end
  local source = volume or snapshot
  if source.ghost or source.removed then
    refusal.invalid("Failed to create private template record, unable to find %s %d", volume and "volume" or "snapshot",
      source.number)
  end
  if snapshot and snapshot.state ~= "BackedUp" then
    refusal.invalid("Snapshot id=%d is not in BackedUp state yet and can't be used for template creation", snapshot.number)
  end
  if volume and volume.vm and volume.vm.state ~= "Stopped" then
    refusal.invalid("Unable to create a Template from a volume in use by VM %s", volume.vm.id)
  end
  return source, volume or snapshot.volume
end

local function create_template(m, call)
  local arguments, owner = call.arguments, accounts.owner(m, call)
  local source, volume = source_of(arguments)
  limits.check(m, owner, { template = 1 })
  local origin = volume.template
  local template = templates.add(m, {
    name = arguments.name, displaytext = arguments.displaytext or arguments.name, account = owner, type = "USER",
    format = origin and origin.format or m.world.format, hypervisor = origin and origin.hypervisor or m.world.hypervisor,
    ostype = arguments.ostypeid or m:rows("ostype")[1], public = arguments.ispublic or false, featured = false, details = {},
    extractable = false, size = source.size, state = "NotUploaded",
  }, { source.zone }, false)
  return jobs.created(jobs.start(m, call, {
    instance = template, instance_type = "Template",
    cancel = function() m:remove(template) end,
    finish = function()
      template.state, template.copies[1].ready, template.physical_size = "Active", true, source.size
      return { template = templates.row(m, template, template.copies[1], call.account) }
    end,
  }), template)
end

volume_update.commands = {
  { name = "updateVolume", admin = true, run = update, class = "org.apache.cloudstack.api.command.user.volume.UpdateVolumeCmd",
    admin_class = "org.apache.cloudstack.api.command.admin.volume.UpdateVolumeCmdByAdmin", parameters = {
      { "id", "uuid", of = "volume", required = true, acl = true }, { "name", "string", since = "4.16" },
      { "deleteprotection", "boolean", since = "4.20" },
    } },
  { name = "createTemplate", run = create_template,
    class = "org.apache.cloudstack.api.command.user.template.CreateTemplateCmd", parameters = {
      { "name", "string", required = true }, { "displaytext", "string", max = 4096 },
      { "ostypeid", "uuid", of = "ostype", required = true }, { "volumeid", "uuid", of = "volume", acl = true },
      { "snapshotid", "uuid", of = "snapshot", acl = true }, { "ispublic", "boolean" }, { "isfeatured", "boolean", ignored = true },
      table.unpack(accounts.OWNER_PARAMETERS),
    } },
}

return volume_update
