-- Uploading a stemcell's image: CloudStack makes an empty template and says where the file goes, the file
-- goes there, and the template is looked at until it is ready.

local errors = require "errors"
local exact = require "cloudstack.exact"
local tags = require "cloudstack.tags"
local templates = require "cloudstack.templates"

local upload = {}

local FIRST_LOOK, LONGEST_PAUSE = 0.1, 15 -- seconds

local function rows_by_name(cpi, cid)
  return cpi.cloudstack:rows(templates.request(cid, "self"))
end

-- What is left of the stemcell, deleted.
local function remove(cpi, cid)
  local left = exact.one(rows_by_name(cpi, cid), cid, "stemcell")
  if left then templates.delete(cpi, left) end
end

-- Makes the empty template. When the reply is lost it may still appear: stemcell.is_lost says so.
local function ask_where(cpi, stemcell)
  local site = cpi.settings.cloudstack.stemcell
  local payload, failure = cpi.cloudstack:try("getUploadParamsForTemplate", {
    name = stemcell.cid, displaytext = stemcell.names.display_name, format = stemcell.file.format,
    hypervisor = stemcell.file.hypervisor, zoneid = stemcell.zone.id, ostypeid = stemcell.os_type.id,
    isextractable = true, requireshvm = site.requires_hvm, bits = 64,
    ispublic = site.public_visibility or nil,
  })
  if not payload then
    stemcell.is_lost = failure.sent and failure.kind ~= "refused" and failure.kind ~= "busy"
    cpi.cloudstack.raise(failure)
  end
  return payload.getuploadparams
    or error(errors.cloud("getUploadParamsForTemplate: the answer has no getuploadparams"))
end

local function send_file(cpi, stemcell, target)
  cpi.log.secret(target.signature)
  cpi.log.info("uploading %d MB to %s", stemcell.file.size // 1048576, target.postURL:match "^%w+://[^/]+" or "CloudStack")
  local reply = cpi.http.upload(target.postURL, stemcell.file.path, {
    ["X-signature"] = target.signature, ["X-metadata"] = target.metadata, ["X-expires"] = target.expires,
  }, { name = "file", filename = stemcell.cid .. "." .. stemcell.file.extension, type = stemcell.file.media_type })
  if reply.fault then error(errors.cloud("uploading stemcell %s: %s", stemcell.cid, reply.text)) end
  if reply.status ~= 200 then
    error(errors.cloud("uploading stemcell %s: %s (%d)", stemcell.cid, reply.body:sub(1, 200):gsub("%s+", " "), reply.status))
  end
end

-- Words in a template's status that nothing comes after.
local function has_failed(status)
  status = status:lower()
  return status:find("error", 1, true) or status:find("abandoned", 1, true) or status:find("fail", 1, true)
    or status:find("not a valid", 1, true)
end

-- Looks until the template is ready; at once when it has failed.
local function wait_until_ready(cpi, stemcell, id)
  local client, clock = cpi.cloudstack, cpi.clock
  local began, limit = clock.now(), cpi.settings.cloudstack.timeout.poll_template
  local request = { "listTemplates", { id = id, templatefilter = "self", zoneid = stemcell.zone.id }, rows = "template" }
  while true do
    local row = client:rows(request)[1]
    local status = row and row.status or "unknown to CloudStack"
    if row and row.isready then return end
    if row and has_failed(status) then
      error(errors.cloud("the template of stemcell %s failed: %s", stemcell.cid, status))
    end
    local age = clock.now() - began
    if age >= limit then
      error(errors.cloud("the template of stemcell %s is not ready after %d s; its last state: %s", stemcell.cid,
        limit, status))
    end
    clock.sleep(math.min(math.max(age * 0.1, FIRST_LOOK), LONGEST_PAUSE))
  end
end

-- run(cpi, { cid, file, zone, os_type, names }, undo): the template is ready when it returns. Raises
-- CloudError; what was made is removed by undo.
function upload.run(cpi, stemcell, undo)
  local entry = cpi.journal.open { kind = "stemcell", name = stemcell.cid }
  undo.add("stemcell " .. stemcell.cid, function()
    remove(cpi, stemcell.cid)
    if not stemcell.is_lost then entry.close() end
  end)
  local target = ask_where(cpi, stemcell)
  entry.note { id = target.id }
  local tagging = cpi.cloudstack:start { tags.create_request(cpi, "Template", target.id, stemcell.names.tags) }
  send_file(cpi, stemcell, target)
  wait_until_ready(cpi, stemcell, target.id)
  if cpi.cloudstack:wait(tagging)[1].failure then
    cpi.log.warn("%s", cpi.cloudstack.say(tagging[1].failure))
  end
end

return upload
