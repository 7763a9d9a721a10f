-- Uploading a stemcell's image: CloudStack makes an empty template and says where the file goes, and the file goes there.
-- CloudStack takes an upload for one zone.

local errors = require "errors"
local making = require "stemcell.making"

local upload = {}

function upload.start(cpi, stemcell)
  local params = making.parameters(cpi, stemcell)
  params.zoneid = stemcell.zones[1].id
  local payload = making.begin(cpi, stemcell, "getUploadParamsForTemplate", params)
  stemcell.target = payload.getuploadparams
    or error(errors.cloud("getUploadParamsForTemplate: the answer has no getuploadparams"))
  return stemcell.target.id, { stemcell.zones[1] }
end

function upload.fill(cpi, stemcell)
  local target, file = stemcell.target, stemcell.file
  cpi.log.secret(target.signature)
  cpi.log.info("uploading %d MB to %s", file.size // 1048576, target.postURL:match "^%w+://[^/]+" or "CloudStack")
  local reply = cpi.http.upload(target.postURL, file.path, {
    ["X-signature"] = target.signature, ["X-metadata"] = target.metadata, ["X-expires"] = target.expires,
  }, { name = "file", filename = stemcell.cid .. "." .. file.extension, type = file.media_type, member = file.member })
  if reply.fault then error(errors.cloud("uploading stemcell %s: %s", stemcell.cid, reply.text)) end
  if reply.status ~= 200 then
    error(errors.cloud("uploading stemcell %s: %s (%d)", stemcell.cid, reply.body:sub(1, 200):gsub("%s+", " "), reply.status))
  end
end

return upload
