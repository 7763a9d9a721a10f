-- Whether the machine that takes uploads answers, and by TLS that is trusted: for `cpi validate --upload-host`.
--
-- Only CloudStack names it, and only where an empty template is made for it (getUploadParamsForTemplate). Nothing is sent to the
-- template's own URL: one whose upload was refused cannot be deleted for minutes. Before 4.23 neither can one that waits for its
-- upload, until that is given up.
--
-- upload_host.ask(cpi, name, zone) -> { id, name, place }: the empty template, and where the machine is. Raises CloudError. name: of
--   the template; zone: a row of listZones
-- upload_host.look(cpi, target, file, proxy) -> words; raises CloudError where it does not answer. file: any that can be read;
--   proxy: the URL of the one in use, or nil
-- upload_host.close(cpi, target) raises CloudError where the template stays

local endpoint = require "cloudstack.endpoint"
local errors = require "errors"
local image_format = { KVM = "QCOW2", XenServer = "VHD", VMware = "OVA", Simulator = "QCOW2" }
local os_types = require "cloudstack.os_types"
local templates = require "cloudstack.templates"

local upload_host = {}

-- A hypervisor of the zone that this CPI knows images for.
local function hypervisor_of(cpi, zone)
  for _, row in ipairs(cpi.cloudstack:rows { "listHypervisors", { zoneid = zone.id }, rows = "hypervisor" }) do
    if image_format[row.name] then return row.name end
  end
  error(errors.cloud("zone '%s' has no hypervisor that stemcells are for", zone.name))
end

function upload_host.ask(cpi, name, zone)
  local hypervisor, wanted = hypervisor_of(cpi, zone), cpi.settings.cloudstack.stemcell.os_type
  local os_type = os_types.pick(cpi.cloudstack:rows(os_types.request(wanted)), wanted)
  local payload = cpi.cloudstack:call("getUploadParamsForTemplate", { name = name, displaytext = "cpi validate: looks for the upload host",
    format = image_format[hypervisor], hypervisor = hypervisor, ostypeid = os_type.id, zoneid = zone.id })
  local target = payload.getuploadparams
  if type(target) ~= "table" or type(target.id) ~= "string" or type(target.postURL) ~= "string" then
    error(errors.cloud "getUploadParamsForTemplate: the answer has no getuploadparams")
  end
  return { id = target.id, name = name, place = target.postURL:match "^%w+://[^/]+" or target.postURL }
end

-- Any answer will do: what stands at "/" there refuses what it is sent.
function upload_host.look(cpi, target, file, proxy)
  local reply = cpi.http.upload(target.place .. "/", file, {}, { name = "file", filename = "probe", type = "text/plain" })
  if reply.fault then
    error(errors.cloud("the upload host %s: %s; %s", target.place, reply.text, endpoint.remedy(target.place, proxy, reply)))
  end
  return ("%s answers (HTTP %d)"):format(target.place, reply.status)
end

-- The client waits for one that CloudStack does not let go yet.
function upload_host.close(cpi, target)
  templates.delete(cpi, target)
end

return upload_host
