-- create_stemcell(image_path, cloud_properties [, { tags }]): a template that VMs can be made of, and its CID.
-- The image is uploaded; a light stemcell names a template that exists already (light_template).

local arguments = require "arguments"
local errors = require "errors"
local exact = require "cloudstack.exact"
local image = require "stemcell.image"
local naming = require "naming"
local os_types = require "cloudstack.os_types"
local read_properties = require "cloud_properties"
local rollback = require "rollback"
local templates = require "cloudstack.templates"
local upload = require "stemcell.upload"
local zones = require "cloudstack.zones"

-- What stemcells of all kinds put into their cloud_properties; ours are light_template, zone and os_type_name.
local properties_of_a_stemcell = {
  name = "text", version = "any", infrastructure = "text", hypervisor = "text", disk = "any", disk_format = "text",
  container_format = "text", os_type = "text", os_distro = "text", architecture = "text",
  auto_disk_config = "any", root_device_name = "text", light_template = "text", zone = "text", os_type_name = "text",
}

-- A stemcell is a public product: what it says beyond these names is read by other CPIs, and is no error.
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
  local rows = templates.in_zone(cpi.cloudstack:rows(request), zone)
  local template = exact.one(rows, wanted, "template")
  if not template then error(errors.cloud("template '%s' is not in zone '%s'", wanted, zone.name)) end
  return templates.light_cid(template)
end

local function look_up(cpi, zone_name, os_type)
  local found = cpi.cloudstack:gather { zones = zones.request(), os_types = os_types.request(os_type) }
  return zones.pick(found.zones, zone_name), os_types.pick(found.os_types, os_type)
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

  local file = image.read(cpi, arguments.text("image_path", image_path), properties)
  local zone, os_type = look_up(cpi, zone_name, properties.os_type_name or site.stemcell.os_type)
  local stemcell_cid = templates.new_cid(cpi.bytes.uuid())
  local names = naming.of(cpi, "stemcell", stemcell_cid, {
    stemcell_name = properties.name, stemcell_version = properties.version and tostring(properties.version),
    given_tags = tags_given(more, null),
  })
  local undo <close> = rollback(cpi.log)
  upload.run(cpi, { cid = stemcell_cid, file = file, zone = zone, os_type = os_type, names = names }, undo)
  return stemcell_cid
end
