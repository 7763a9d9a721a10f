-- Uploading a stemcell's image: CloudStack makes an empty template and says where the file goes, and the file goes there.
-- CloudStack takes an upload for one zone.

local errors = require "errors"
local making = require "stemcell.making"

local upload = {}

local FIELDS = "id postURL signature metadata expires"

-- Where the image goes, as CloudStack answered it.
local function target_in(payload)
  local target = payload.getuploadparams
  if type(target) ~= "table" then
    error(errors.cloud("getUploadParamsForTemplate: the answer has no getuploadparams"))
  end
  for name in FIELDS:gmatch "%a+" do
    if type(target[name]) ~= "string" then error(errors.cloud("getUploadParamsForTemplate: the answer has no %s", name)) end
  end
  return target
end

function upload.start(cpi, stemcell)
  local params = making.parameters(cpi, stemcell)
  params.zoneid = stemcell.zones[1].id
  stemcell.target = target_in(making.begin(cpi, stemcell, "getUploadParamsForTemplate", params))
  return stemcell.target.id, { stemcell.zones[1] }
end

function upload.fill(cpi, stemcell)
  local target, file = stemcell.target, stemcell.file
  cpi.log.secret(target.signature)
  cpi.log.info("uploading %d MB to %s", file.size // 1048576, target.postURL:match "^%w+://[^/]+" or "CloudStack")
  local reply = cpi.http.upload(target.postURL, file.path, {
    ["X-signature"] = target.signature, ["X-metadata"] = target.metadata, ["X-expires"] = target.expires,
  }, { name = "file", filename = stemcell.cid .. "." .. file.extension, type = file.media_type, member = file.member })
  if reply.fault == "interrupted" then cpi.interruption.check() end
  if reply.fault then error(errors.cloud("uploading stemcell %s: %s", stemcell.cid, reply.text)) end
  local said = ("HTTP %d with %s"):format(reply.status, cpi.cloudstack.first_words(reply.body, cpi.log.mask))
  if reply.status ~= 200 or reply.body:find "^%s*<" then -- a page does not come from a server that takes images
    error(errors.cloud("uploading stemcell %s: %s", stemcell.cid, said))
  elseif reply.body ~= "" and not reply.body:lower():find("success", 1, true) then
    cpi.log.warn("uploading stemcell %s: %s; looking whether CloudStack has the image", stemcell.cid, said)
    stemcell.doubt = said
  end
  cpi.log.info("uploaded it in %.2f s", reply.seconds or 0)
end

return upload
