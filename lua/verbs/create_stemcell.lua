-- create_stemcell(image_path, cloud_properties [, { tags }]): a template that VMs can be made of, and its CID.
-- The stemcell policy says how: uploaded, fetched by CloudStack, copied, or there already. A light stemcell names a template
-- that exists (light_template).

local arguments = require "request.arguments"
local arrival = require "stemcell.arrival"
local capabilities = require "cloudstack.capabilities"
local copying = require "stemcell.copying"
local director_mark = require "made.marks"
local errors = require "errors"
local exact = require "cloudstack.exact"
local image = require "stemcell.image"
local infrastructure = require "stemcell.infrastructure"
local making = require "stemcell.making"
local naming = require "made.names"
local os_types = require "cloudstack.os_types"
local publication = require "stemcell.publication"
local read_properties = require "request.cloud_properties"
local registration = require "stemcell.registration"
local rollback = require "base.rollback"
local tables = require "base.tables"
local templates = require "cloudstack.templates"
local runners = require "stemcell.runners"
local twins = require "stemcell.twins"
local upload = require "stemcell.upload"
local zones = require "cloudstack.zones"

-- What stemcells of all kinds put into their cloud_properties; ours are light_template,
-- template_url, zone, os_type_name and details.
local properties_of_a_stemcell = {
  name = "text", version = "any", infrastructure = "text", hypervisor = "text", disk = "any", disk_format = "text",
  container_format = "text", os_type = "text", os_distro = "text", architecture = "text",
  auto_disk_config = "any", root_device_name = "text", light_template = "text", template_url = "url", zone = "text", os_type_name = "text",
  details = "texts",
}

-- A stemcell is a public product: what it says beyond these names is read by other CPIs, and is not an error.
local function known_only(given, null)
  if type(given) ~= "table" then return given end
  local kept = {}
  for key, value in pairs(given) do
    if properties_of_a_stemcell[tostring(key):lower()] and value ~= null then kept[key] = value end
  end
  return kept
end

-- A template that exists: found by name or id in the zone, used as it is, never deleted by us.
local function use_existing(cpi, wanted, zone_name)
  local request = { "listTemplates", exact.filter(wanted), rows = "template" }
  request[2].templatefilter = "executable"
  local found = cpi.cloudstack:gather { zones = zones.request() }
  local zone = zones.pick(found.zones, zone_name)
  local rows = zones.rows_in(cpi.cloudstack:rows(request), zone)
  local template = exact.one(rows, wanted, "template")
  if not template then error(errors.cloud("template '%s' is not in zone '%s'", wanted, zone.name)) end
  return templates.light_cid(template)
end

-- The zones that the template is wanted in: the first, and those of cloudstack.stemcell.zones ("*" for all).
local function zones_wanted(rows, first_name, more)
  local first = zones.pick(rows, first_name)
  local list, seen = { { id = first.id, name = first.name } }, { [first.id] = true }
  local function add(zone)
    if not seen[zone.id] then list[#list + 1], seen[zone.id] = { id = zone.id, name = zone.name }, true end
  end
  for _, name in ipairs(more or {}) do
    for _, zone in ipairs(name == "*" and rows or { zones.pick(rows, name) }) do add(zone) end
  end
  return list
end

-- Everything that CloudStack must be asked, at once; again after another process was at the same stemcell.
local function look_up(cpi, order)
  local requests = { zones = zones.request(), os_types = os_types.request(order.os_type) }
  if order.more_zones then requests.capabilities = capabilities.request() end
  if order.file.checksum then requests.twins = twins.request(order.properties.name, order.version) end
  local found = cpi.cloudstack:gather(requests)
  found.zones = zones_wanted(found.zones, order.zone_name, order.more_zones)
  found.os_type = os_types.pick(found.os_types, order.os_type)
  found.version = found.capabilities and capabilities.read(found.capabilities).version
  found.twins, found.untold = twins.of_image(cpi, twins.living(cpi, found.twins or {}), order.file, order.ignored)
  return found
end

-- The same, once every template that others make of this stemcell shows its image.
local function look_until_shown(cpi, order)
  local found = look_up(cpi, order)
  while found.untold do
    if not twins.await(cpi, found.untold.id) then order.ignored[found.untold.id] = true end
    found = look_up(cpi, order)
  end
  return found
end

-- What is to be done: the cloud properties say it, else the policy.
local function decide(cpi, order, found)
  local properties, file = order.properties, order.file
  if properties.template_url then return { how = "register", url = properties.template_url, details = {} } end
  return cpi.decide("stemcell", {
    name = properties.name, version = order.version, format = file.format, hypervisor = file.hypervisor, size = file.size,
    director_uuid = cpi.context.director_uuid, cloud_properties = properties,
    zone = found.zones[1], more_zones = table.move(found.zones, 2, #found.zones, 1, {}), templates = twins.facts(found.twins),
  })
end

-- A stemcell to be made: what lua/stemcell/making.lua needs to know. cid: that of a template that is there, in another zone.
local function describe(cpi, order, found, answer, cid)
  local stemcell_cid = cid or templates.new_cid(director_mark.short_uuid(cpi))
  local names = naming.of(cpi, "stemcell", stemcell_cid, {
    stemcell_name = order.properties.name, stemcell_version = order.version, given_tags = order.tags,
  })
  if order.file.checksum then twins.mark(names.tags, order.properties.name, order.version) end
  local details = {}
  for _, given in ipairs { order.properties.details or {}, answer.details } do
    for name, value in pairs(given) do details[name] = tostring(value) end
  end
  local ignored = {}
  for id in pairs(order.ignored) do ignored[id] = true end
  for _, template in ipairs(found.twins) do ignored[template.id] = true end
  return {
    cid = stemcell_cid, name = order.properties.name, version = order.version, file = order.file, zones = found.zones,
    os_type = found.os_type, names = names, details = details, ignored = ignored, cloudstack_version = found.version,
    is_further = cid ~= nil,
  }
end

-- The rows of a template that exists: name or id, ready or on its way.
local function rows_of(cpi, wanted)
  local request = templates.request(wanted, "self")
  local rows = cpi.cloudstack:rows(request)
  if #rows == 0 then rows = cpi.cloudstack:rows(templates.request(wanted, "executable")) end
  return exact.one(rows, wanted, "template"), rows
end

-- The image, uploaded to the zone as a template of the CID, of which there are `rows` in other zones. Raises CloudError.
local function upload_further(cpi, order, found, zone, rows, undo, cid)
  cpi.log.info("template '%s' was uploaded, which CloudStack does not copy: the image is uploaded to zone '%s' too", cid, zone.name)
  local stemcell = describe(cpi, order, tables.with(found, { zones = { zone } }), {}, cid)
  for _, row in ipairs(rows) do stemcell.ignored[row.id] = true end
  local id = making.run(cpi, stemcell, upload, undo)
  if not id then error(errors.cloud("another process uploads stemcell %s to zone '%s'", cid, zone.name)) end
  rows[#rows + 1] = { id = id, zoneid = zone.id }
end

-- The template of these rows in all zones that are wanted: copied, or uploaded to each where CloudStack does not copy it and there
-- is an image.
local function spread(cpi, order, found, rows, undo, cid)
  for _, row in ipairs(found.twins) do
    if row.name == cid then rows[#rows + 1] = row end -- of another id, where it was uploaded to each zone
  end
  if copying.is_everywhere(rows, found.zones) then return end
  local ok, why = pcall(copying.spread, cpi, { cid = cid, zones = found.zones }, rows, undo)
  if ok then return end
  if not (copying.is_impossible(why) and order.file.path and templates.is_ours(cid)) then error(why, 0) end
  for _, zone in ipairs(found.zones) do
    if #zones.rows_in(rows, zone) == 0 then upload_further(cpi, order, found, zone, rows, undo, cid) end
  end
end

local ways = {}

-- Is it one that a process makes which may still give it up? What else is missing is an error.
local function may_be_gone(found, wanted)
  return exact.one(found.twins, wanted, "template") ~= nil
    or error(errors.cloud("template '%s' is not in CloudStack", wanted))
end

-- Is it BOSH's from now on, also where its maker fails? false: it is being removed. Others than twins are nobody's to share.
local function share(cpi, found, template)
  for _, one in ipairs(found.twins) do
    if one.id == template.id and not twins.is_shared(template) then
      if not twins.share(cpi, template.id) then return false end
      cpi.journal.hand_over(template.name) -- of a process that was killed when it had made it
    end
  end
  return true
end

-- A template that exists in the first zone, and is copied to the others; nil where the process that made it gave it up.
function ways.existing(cpi, order, found, answer, undo)
  local template, rows = rows_of(cpi, answer.template)
  if not template and may_be_gone(found, answer.template) then return nil end
  local cid, zone = templates.cid_of(template), found.zones[1]
  local there = zones.rows_in(rows, zone)[1]
  if not there then error(errors.cloud("template '%s' is not in zone '%s'", answer.template, zone.name)) end
  local function is_abandoned(row) return twins.is_abandoned(cpi, row) end
  if not there.isready and not arrival.wait(cpi, cid, template.id, { zone }, is_abandoned) then return nil end
  if not share(cpi, found, template) then return nil end
  spread(cpi, order, found, rows, undo, cid)
  return cid
end

function ways.copy(cpi, order, found, answer, undo)
  local template, rows = rows_of(cpi, answer.template)
  if not template and may_be_gone(found, answer.template) then return nil end
  local cid = templates.cid_of(template)
  if not share(cpi, found, template) then return nil end
  local ok, why = pcall(copying.spread, cpi, { cid = cid, zones = found.zones, from = answer.from }, rows, undo)
  if ok then return cid end
  if not (copying.is_impossible(why) and order.file.path) then error(why, 0) end
  cpi.log.info("template '%s' was uploaded, which CloudStack does not copy: the image is uploaded anew for zone '%s'", cid,
    found.zones[1].name)
  return ways.upload(cpi, order, found, answer, undo)
end

local function make(cpi, order, found, answer, undo, way)
  found = tables.with(found, { zones = runners.of(cpi, found.zones, order.file.hypervisor) })
  local stemcell = describe(cpi, order, found, answer)
  local id = making.run(cpi, stemcell, way, undo)
  if not id then return nil end
  if #stemcell.zones > 1 then
    spread(cpi, order, found, cpi.cloudstack:rows(templates.request_by_id(id)), undo, stemcell.cid)
  end
  return stemcell.cid
end

function ways.upload(cpi, order, found, answer, undo)
  if not order.file.path then error(errors.cpi "the stemcell has no image that could be uploaded") end
  return make(cpi, order, found, answer, undo, upload)
end

function ways.register(cpi, order, found, answer, undo)
  return make(cpi, order, found, answer, undo, registration.of(answer.url, answer.checksum))
end

function ways.publish(cpi, order, found, answer, undo)
  if not order.file.path then error(errors.cpi "the stemcell has no image that could be published") end
  local way, withdraw = publication.of(cpi, order.file, undo)
  local cid = make(cpi, order, found, answer, undo, way)
  withdraw()
  return cid
end

local TRIES, LONGEST_PAUSE = 10, 3

-- Until it is there: a process that meets another one at the same stemcell looks again, and then uses what that has made.
local function obtain(cpi, order, undo)
  for _ = 1, TRIES do
    local found = look_until_shown(cpi, order)
    local answer = decide(cpi, order, found)
    local cid = ways[answer.how](cpi, order, found, answer, undo)
    if cid then return cid end
    cpi.wait(LONGEST_PAUSE * cpi.bytes.random(1):byte() / 255,
      function() return "waiting for another process that makes the same stemcell" end, cpi.clock.now())
  end
  error(errors.cloud("other processes make the same stemcell; none has come to an end after %d tries", TRIES))
end

local function tags_given(more, null)
  if type(more) ~= "table" or more == null or type(more.tags) ~= "table" then return {} end
  return more.tags
end

return function(cpi, image_path, cloud_properties, more)
  local null, site = cpi.json.null, cpi.settings.cloudstack
  local properties = read_properties(known_only(cloud_properties, null), properties_of_a_stemcell,
    "cloud_properties of the stemcell", null)
  local zone_name = properties.zone or site.default_zone
  local existing = properties.light_template or site.stemcell.mock ~= "" and site.stemcell.mock or nil
  if existing then return use_existing(cpi, existing, zone_name) end
  infrastructure.check(properties, site.stemcell.any_infrastructure)

  local order = {
    properties = properties, version = properties.version and tostring(properties.version), zone_name = zone_name,
    more_zones = site.stemcell.zones, ignored = {}, os_type = properties.os_type_name or site.stemcell.os_type,
    tags = tags_given(more, null),
    file = properties.template_url and image.for_url(properties, properties.template_url)
      or image.read(cpi, arguments.text("image_path", image_path), properties),
  }
  local undo <close> = rollback(cpi)
  cpi.journal.settle()
  return obtain(cpi, order, undo)
end
