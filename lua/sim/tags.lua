-- Tags on VMs, volumes, templates, snapshots and networks: one value per key, all of a call or nothing. Keys are
-- compared as the database compares them, also those of one call.
local accounts = require "sim.accounts"
local collation = require "base.collation"
local jobs = require "sim.jobs"
local lists = require "sim.lists"
local refusal = require "sim.refusal"

local tags = {}

local KINDS = {
  UserVm = "vm", Volume = "volume", Template = "template", Snapshot = "snapshot", Network = "network",
  PublicIpAddress = "public_address",
  PortForwardingRule = "port_forwarding", FirewallRule = "firewall_rule", LoadBalancer = "loadbalancer",
  SecurityGroup = "security_group", Vpc = "vpc",
}
local ORDER = { "UserVm", "Volume", "Template", "Snapshot", "Network", "PublicIpAddress", "PortForwardingRule", "FirewallRule",
  "LoadBalancer", "SecurityGroup", "Vpc" }

local function type_named(name)
  for _, known in ipairs(ORDER) do
    if lists.same(known, name) then return known end
  end
  refusal.invalid("Invalid resource type %s", name)
end

local function resources(m, call)
  local kind, out = type_named(call.arguments.resourcetype), {}
  for i, id in ipairs(call.arguments.resourceids) do
    local object = m:find(KINDS[kind], id)
    if not object or object.removed then
      refusal.invalid("Unable to find resource by uuid %s and type %s", id, kind)
    end
    if object.account and not accounts.may_act(call.account, object.account) then
      refusal.denied "Caller does not have permission to operate with provided resource."
    end
    out[i] = object
  end
  return out, kind
end

local function find(object, key)
  for i, tag in ipairs(object.tags or {}) do
    if collation.same(tag.key, key) then return tag, i end
  end
end

-- ---------------------------------------------------------------------------------------------------------
-- createTags

-- The database has three bytes for a letter.
local function refuse_long_letters(text)
  if text:find "[\xf0-\xff]" then
    refusal.internal("DB Exception on: com.mysql.cj.jdbc.ClientPreparedStatement: Incorrect string value for column 'value' at row 1")
  end
end

local function refuse_create(objects, kind, wanted)
  for _, fields in ipairs(wanted) do
    if not fields.key or fields.key == "" then refusal.invalid "Key for the tag is either null or empty" end
    if not fields.value or fields.value == "" then
      refusal.invalid("Value for the key %s is either null or empty", fields.key)
    end
    refuse_long_letters(fields.key .. fields.value)
  end
  for _, object in ipairs(objects) do
    local seen = {}
    for _, fields in ipairs(wanted) do
      local key = collation.fold(fields.key)
      if find(object, fields.key) or seen[key] then
        refusal.internal("tag %s already on %s with id %s", fields.key, kind, object.id)
      end
      seen[key] = true
    end
  end
end

-- Tags are never changed but replaced as a whole: what finds objects by them follows the assignment.
function tags.put(object, wanted, owner)
  local list = table.move(object.tags or {}, 1, #(object.tags or {}), 1, {})
  for _, fields in ipairs(wanted) do list[#list + 1] = { key = fields.key, value = fields.value, account = owner } end
  object.tags = list
end

local function create(m, call)
  local wanted = call.arguments.tags
  return jobs.answer(jobs.start(m, call, {
    finish = function()
      local objects, kind = resources(m, call)
      refuse_create(objects, kind, wanted)
      for _, object in ipairs(objects) do tags.put(object, wanted, object.account or call.account) end
    end,
  }))
end

-- ---------------------------------------------------------------------------------------------------------
-- deleteTags

local function refuse_delete(objects, wanted)
  for _, object in ipairs(objects) do
    for _, fields in ipairs(wanted) do
      local tag = fields.key and find(object, fields.key)
      if not tag or (fields.value and fields.value ~= tag.value) then refusal.internal "Failed to delete tags" end
    end
  end
end

local function without(object, wanted)
  local kept = table.move(object.tags, 1, #object.tags, 1, {})
  for _, fields in ipairs(wanted) do
    local _, at = find({ tags = kept }, fields.key)
    table.remove(kept, at)
  end
  return kept
end

local function delete(m, call)
  local wanted = call.arguments.tags or {}
  return jobs.answer(jobs.start(m, call, {
    finish = function()
      local objects = resources(m, call)
      refuse_delete(objects, wanted)
      for _, object in ipairs(objects) do
        object.tags = #wanted > 0 and without(object, wanted) or nil
      end
    end,
  }))
end

-- ---------------------------------------------------------------------------------------------------------
-- listTags

local function add_entries(out, object, kind)
  for _, tag in ipairs(object.tags or {}) do
    out[#out + 1] = { tag = tag, object = object, kind = kind, account = tag.account }
  end
end

-- Every tag with its object, as the list has them; those of one object alone.
function tags.all(m)
  local out = {}
  for _, kind in ipairs(ORDER) do
    for _, object in ipairs(m:rows(KINDS[kind])) do add_entries(out, object, kind) end
  end
  return out
end

function tags.of_id(m, id)
  local out = {}
  for _, kind in ipairs(ORDER) do
    local object = m:find(KINDS[kind], id)
    if object and not object.removed then add_entries(out, object, kind) end
  end
  return out
end

local function row(entry)
  return accounts.show_owner({
    key = entry.tag.key, value = entry.tag.value, resourcetype = entry.kind, resourceid = entry.object.id,
  }, entry.account)
end

local function list(m, call)
  local arguments, mine, found = call.arguments, lists.scope(m, call), {}
  for _, entry in ipairs(arguments.resourceid and tags.of_id(m, arguments.resourceid) or tags.all(m)) do
    if mine(entry) and (not arguments.resourceid or entry.object.id == arguments.resourceid)
      and (not arguments.resourcetype or lists.same(entry.kind, arguments.resourcetype))
      and (not arguments.key or lists.same(entry.tag.key, arguments.key))
      and (not arguments.value or lists.same(entry.tag.value, arguments.value)) then
      found[#found + 1] = entry
    end
  end
  return lists.answer(m, call, "tag", found, row)
end

local PACKAGE = "org.apache.cloudstack.api.command.user.tag."

tags.commands = {
  { name = "createTags", run = create, class = PACKAGE .. "CreateTagsCmd", parameters = {
    { "tags", "map", required = true }, { "resourcetype", "string", required = true },
    { "resourceids", "strings", required = true }, { "customer", "string", ignored = true },
  } },
  { name = "deleteTags", run = delete, class = PACKAGE .. "DeleteTagsCmd", parameters = {
    { "tags", "map" }, { "resourcetype", "string", required = true }, { "resourceids", "strings", required = true },
  } },
  { name = "listTags", run = list, parameters = lists.owned_parameters {
    { "resourceid", "string" }, { "resourcetype", "string" }, { "key", "string" }, { "value", "string" },
  } },
}

return tags
