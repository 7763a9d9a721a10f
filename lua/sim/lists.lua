-- What all list commands have in common: whose objects a caller sees, filters by id, name, keyword and
-- tag, pages, and the envelope that has no count when there is nothing.
local accounts = require "sim.accounts"
local collation = require "base.collation"
local indexes = require "sim.indexes"
local refusal = require "sim.refusal"
local tables = require "base.tables"

local lists = {}

local PAGING = {
  { "keyword", "string" }, { "page", "integer" }, { "pagesize", "integer" },
}
local OWNERS = {
  { "account", "string" }, { "domainid", "uuid", of = "domain" }, { "listall", "boolean" },
  { "isrecursive", "boolean" }, { "projectid", "uuid", of = "project" },
}

local function joined(...)
  local out = {}
  for _, list in ipairs { ... } do
    for _, item in ipairs(list) do out[#out + 1] = item end
  end
  return out
end

-- The parameters of a list command: its own and those of every list; of lists of things somebody owns.
function lists.parameters(own) return joined(own, PAGING) end
function lists.owned_parameters(own) return joined(own, PAGING, OWNERS) end

-- ---------------------------------------------------------------------------------------------------------
-- whose

local function named_account(m, call)
  local arguments = call.arguments
  local domain = arguments.domainid or call.account.domain
  local found = m:first("account", function(account)
    return account.name == arguments.account and account.domain == domain
  end)
  local may_see = found == call.account or found and accounts.is_over(call.account, found)
  if not may_see and (found or not accounts.is_admin(call.account)) then
    refusal.denied "Caller does not have permission to operate with provided resource."
  end
  return found
end

-- What is in projects is shown only to him who asks for the project, whatever else is asked for.
local function project_scope(caller, project, listall)
  if project ~= accounts.ALL_PROJECTS then
    return function(object) return object.account == project.account end
  end
  return function(object)
    local its = object.account.project
    return its ~= nil and (its.members[caller] or listall and accounts.is_over(caller, object.account)) or false
  end
end

-- scope(m, call, by_id) -> function(object): is it among those the caller asks for? by_id = false: of this kind an
-- administrator finds another account's not even by its id.
function lists.scope(m, call, by_id)
  local caller, arguments = call.account, call.arguments
  if arguments.projectid then
    if arguments.account then refusal.invalid "Account and projectId can't be specified together" end
    return project_scope(caller, arguments.projectid, arguments.listall)
  end
  if arguments.account then
    local account = named_account(m, call)
    return function(object) return object.account == account end
  end
  if not accounts.is_admin(caller) then
    return function(object) return object.account == caller end
  end
  if arguments.domainid then
    if caller.role ~= "admin" and not accounts.is_within(arguments.domainid, caller.domain) then
      refusal.denied "Caller does not have permission to operate with provided resource."
    end
    return function(object)
      local domain = object.account.domain
      local fits = domain == arguments.domainid or arguments.isrecursive and accounts.is_within(domain, arguments.domainid)
      return fits and not object.account.project
    end
  end
  if arguments.listall or arguments.id and by_id ~= false then
    local with_projects = caller.role == "admin" and not arguments.listall
    return function(object)
      return accounts.is_over(caller, object.account) and (with_projects or not object.account.project)
    end
  end
  return function(object) return object.account == caller end
end

-- ---------------------------------------------------------------------------------------------------------
-- which

function lists.same(a, b)
  return a ~= nil and b ~= nil and collation.same(a, b)
end

function lists.like(text, part)
  return text ~= nil and collation.fold(text):find(collation.fold(part), 1, true) ~= nil
end

local function has_tag(object, fields)
  for _, tag in ipairs(object.tags or {}) do
    if lists.same(tag.key, fields.key) and (fields.value == nil or lists.same(tag.value, fields.value)) then
      return true
    end
  end
  return false
end

local function fits_tags(object, wanted)
  for _, fields in ipairs(wanted or {}) do
    if has_tag(object, fields) then return true end -- CloudStack joins several tags by OR
  end
  return wanted == nil or #wanted == 0
end

-- Filters by id, ids, name, keyword and tags, where the command has them. Names are compared whole and
-- as the database does; `like` says that this version looks for a part of them.
function lists.fits(object, arguments, like)
  if arguments.id and arguments.id ~= object then return false end
  if arguments.ids and not tables.place(arguments.ids, object) then return false end
  if arguments.name then
    local matches = like and lists.like(object.name, arguments.name) or lists.same(object.name, arguments.name)
    if not matches then return false end
  end
  if arguments.keyword and not (lists.like(object.name, arguments.keyword)
      or lists.like(object.displayname, arguments.keyword)) then
    return false
  end
  return fits_tags(object, arguments.tags)
end

-- The objects among which those that are wanted are, in the order of their making, by whatever finds the fewest.
local function candidates(m, kind, arguments, like)
  if arguments.id then return arguments.id.kind == kind and { arguments.id } or {} end
  if arguments.name and not like and m:has_index(kind, "named") then
    return m:rows_by(kind, "named", collation.fold(arguments.name))
  end
  local tags = arguments.tags
  if tags and #tags == 1 and tags[1].key and m:has_index(kind, "tagged") then
    return m:rows_by(kind, "tagged", indexes.tag_key(tags[1].key, tags[1].value))
  end
  if arguments.virtualmachineid and kind == "volume" then return m:rows_by(kind, "vm", arguments.virtualmachineid) end
  return nil
end

-- rows(m, kind, arguments, fits, like) -> the objects of a kind that a function says yes to
function lists.rows(m, kind, arguments, fits, like)
  local some = candidates(m, kind, arguments, like)
  if not some then return m:rows(kind, fits) end
  local out = {}
  for _, object in ipairs(some) do
    if not object.removed and fits(object) then out[#out + 1] = object end
  end
  return out
end

-- ---------------------------------------------------------------------------------------------------------
-- how many

local function window(m, arguments)
  local most = m:setting "default.page.size"
  local page, size = arguments.page, arguments.pagesize
  if page and size == -1 then
    refusal.invalid "Can't specify page parameter when pagesize is -1 (Unlimited)"
  end
  if page and not size then refusal.parameter '"pagesize" parameter is required when "page" is specified' end
  if size == -1 then return 0, math.huge end
  if size and not page then refusal.parameter '"page" parameter is required when "pagesize" is specified' end
  if not size then return 0, most end
  if size > most then
    refusal.invalid("Page size can't exceed max allowed page size value: %d", most)
  end
  return (math.max(page, 1) - 1) * size, size
end

-- Up to 4.14 some servers counted the rows of the page.
local function count_of(m, objects, rows)
  local counts_page = m.version:at_least "4.13" and not m.version:at_least "4.15"
  return counts_page and #rows or #objects
end

-- answer(m, call, key, objects, row) -> payload; row(object) makes the row of one object
function lists.answer(m, call, key, objects, row)
  local skip, size = window(m, call.arguments)
  if #objects == 0 then return {} end
  local rows = m:array()
  for i = skip + 1, math.min(#objects, skip + size) do rows[#rows + 1] = row(objects[i]) end
  return { count = count_of(m, objects, rows), [key] = #rows > 0 and rows or nil }
end

function lists.reversed(objects)
  local out = {}
  for i = #objects, 1, -1 do out[#out + 1] = objects[i] end
  return out
end

return lists
