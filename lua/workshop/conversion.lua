-- A stemcell of another infrastructure becomes one of CloudStack: its agent is shown where CloudStack has its settings, its
-- disk gets the format of the hypervisor, its manifest says so.

local agent = require "workshop.agent"
local bench = require "workshop.bench"
local disk_image = require "workshop.disk_image"
local errors = require "errors"
local file_system = require "workshop.file_system"
local stemcell_file = require "workshop.stemcell_file"

local conversion = {}

-- bosh-openstack-kvm-ubuntu-jammy-go_agent becomes bosh-cloudstack-kvm-ubuntu-jammy-go_agent.
local function name_for(mf, format)
  local name, system = mf:text "name", mf:text "operating_system"
  local at = system and name:find(system, 1, true)
  local rest = at and name:sub(at) or name:gsub("^bosh%-", "")
  return ("bosh-cloudstack-%s-%s"):format(format.name, (rest:gsub("%-raw$", "")))
end

local OTHERS_ALONE = { "root_device_name" } -- what only the infrastructure of before understands

-- CloudStack starts VMs by BIOS where the template's details do not say UEFI.
local function describe(mf, format, layout)
  local properties = mf:map "cloud_properties" or {}
  for _, key in ipairs(OTHERS_ALONE) do properties[key] = nil end
  mf:set("name", name_for(mf, format))
  properties.name, properties.version = mf:text "name", mf:text "version"
  properties.infrastructure, properties.hypervisor = "cloudstack", format.name
  properties.disk_format, properties.container_format = format.disk_format, "bare"
  properties.os_type, properties.architecture = properties.os_type or "linux", properties.architecture or "x86_64"
  if layout.uefi then properties.details = { UEFI = "LEGACY" } end
  mf:set("stemcell_formats", format.formats)
  mf:set("cloud_properties", properties)
end

-- Refused before anything is unpacked.
local function check_result(host, result)
  if host.workshop.is_there(result) then error(errors.cpi("%s: File exists; remove it, or choose another name", result)) end
end

-- run(host, from, result, format, say) -> { name, version, size (bytes of the result), formats }
-- format: of lua/workshop/formats.lua. say(text, percent or nil) is called with what is under way. Raises CpiError; then there is
-- no result, and nothing is left of the work.
function conversion.run(host, from, result, format, say)
  check_result(host, result)
  local work <close> = bench.new(host, result, say, bench.TO_CONVERT)
  local file = stemcell_file.open(work, from)
  if file.size == 0 then error(errors.cpi("%s is a light stemcell: its image is empty, and its template is in CloudStack", from)) end
  local disk = disk_image.open(work)
  work:remove "image"
  local root = file_system.open(work, "disk.raw")
  root:write(agent.changes(host, root:read "/var/vcap/bosh/agent.json"))
  describe(file.manifest, format, root.layout)
  format.make(work, { name = file.manifest:text "name", size = disk.size, uefi = root.layout.uefi })
  work:remove "disk.raw"
  local packed = stemcell_file.pack(work, file.manifest, file.others)
  local size = work:size(packed)
  work:check()
  local ok, why = host.workshop.hand_over(work:path(packed), result)
  if not ok then error(errors.cpi("%s", why)) end
  return { name = file.manifest:text "name", version = file.manifest:text "version", size = size, formats = format.formats }
end

return conversion
