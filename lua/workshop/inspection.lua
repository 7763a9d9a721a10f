-- What a stemcell's file is: its manifest, its image, its disk, where its agent looks for the settings, and whether that can
-- work on CloudStack.

local agent = require "workshop.agent"
local bench = require "workshop.bench"
local disk_image = require "workshop.disk_image"
local errors = require "errors"
local file_system = require "workshop.file_system"
local stemcell_file = require "workshop.stemcell_file"

local inspection = {}

local HYPERVISORS = { qcow2 = "kvm", raw = "kvm", vpc = "xen", vmdk = "vmware" }

local function verdict(report, boots, why, remedy)
  report.boots, report.why, report.remedy = boots, why, remedy
  return report
end

-- Of the manifest alone.
local function read_manifest(mf)
  local properties = mf:map "cloud_properties" or {}
  return {
    name = mf:text "name", version = mf:text "version", operating_system = mf:text "operating_system",
    api_version = math.tointeger(tonumber(mf:text "api_version" or "")), formats = mf:list "stemcell_formats" or {},
    infrastructure = properties.infrastructure, hypervisor = properties.hypervisor, light_template = properties.light_template,
  }
end

local CONVERT = "cpi stemcell convert"

local function judge(report)
  local seen = report.agent
  if not seen.boots then
    return verdict(report, false, seen.why, ("%s makes one of it that finds them"):format(CONVERT))
  elseif report.infrastructure and report.infrastructure ~= "cloudstack" then
    return verdict(report, false, ("it is marked as a stemcell of '%s', which create_stemcell refuses"):format(report.infrastructure),
      ("%s makes one of it that is taken, or set cloudstack.stemcell.any_infrastructure"):format(CONVERT))
  end
  return verdict(report, true, seen.why)
end

local function look_into_disk(host, work, report)
  local disk = disk_image.open(work)
  report.image.format, report.image.packing, report.image.disk_size = disk.format, disk.packing, disk.size
  report.hypervisor = report.hypervisor or HYPERVISORS[disk.format]
  local root = file_system.open(work, "disk.raw")
  report.layout = { label = root.layout.label, root = root.layout.root, uefi = root.layout.uefi,
    partitions = host.json.array(root.layout.partitions) }
  report.agent = agent.look(host, root)
  report.agent.sources = host.json.array(report.agent.sources)
end

-- run(host, from, place, say) -> the report, as docs/stemcells.md describes it. place: what the directory of the work is made
-- beside; say: as for a conversion. Raises CpiError for what is not a stemcell.
function inspection.run(host, from, place, say)
  local work <close> = bench.new(host, place, say, bench.TO_CONVERT)
  local file = stemcell_file.open(work, from)
  local report = read_manifest(file.manifest)
  report.formats = host.json.array(report.formats)
  report.image = { size = file.size }
  if file.size == 0 then
    return verdict(report, report.light_template ~= nil, report.light_template and
      ("a light stemcell: it stands for the template '%s'"):format(report.light_template)
      or "a light stemcell of another infrastructure: it names no template of CloudStack",
      not report.light_template and "cpi stemcell light makes one for a template that is there" or nil)
  end
  local ok, why = pcall(look_into_disk, host, work, report)
  if not ok and (not errors.is(why) or host.interruption()) then error(why, 0) end
  if not ok then return verdict(report, false, errors.words(why), "take a stemcell of bosh.io as it was published") end
  return judge(report)
end

return inspection
