-- A light stemcell: a tarball whose image is empty, and whose cloud_properties name a template that is in CloudStack.

local bench = require "workshop.bench"
local errors = require "errors"
local manifest = require "workshop.manifest"
local stemcell_file = require "workshop.stemcell_file"

local light = {}

-- run(host, result, facts, say) -> the manifest's text. facts: name, version, operating_system, template, zone (nil where there
-- is one alone), hypervisor (kvm, xen or vmware). Raises CpiError; then there is no result.
function light.run(host, result, facts, say)
  if host.workshop.is_there(result) then error(errors.cpi("%s: File exists; remove it, or choose another name", result)) end
  local work <close> = bench.new(host, result, say, bench.TO_PACK)
  local mf = manifest.read(("name: %s\nversion: 0\n"):format "light")
  mf:set("name", facts.name)
  mf:set("version", facts.version)
  mf:set("bosh_protocol", 1)
  mf:set("api_version", 3)
  mf:set("operating_system", facts.operating_system)
  mf:set("stemcell_formats", { "cloudstack-light" })
  mf:set("cloud_properties", {
    name = facts.name, version = facts.version, infrastructure = "cloudstack", hypervisor = facts.hypervisor,
    os_type = "linux", architecture = "x86_64", light_template = facts.template, zone = facts.zone,
  })
  work:write("image", "")
  work:write("stemcell.MF", "")
  local ok, why = host.workshop.hand_over(work:path(stemcell_file.pack(work, mf, {})), result)
  return ok and mf:write() or error(errors.cpi("%s", why))
end

return light
