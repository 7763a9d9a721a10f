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

-- What an answer to the upload says of the image: "taken"; "refused", which is final; "unclear": all of it has left, and the storage may
-- have it. A second upload to the same place is never taken, so CloudStack is asked for the template.
local function fate_of(reply)
  if reply.fault then return reply.sent and reply.complete ~= false and "unclear" or "refused" end
  local words = reply.body:lower()
  if reply.status >= 500 then return reply.complete ~= false and "unclear" or "refused" end
  if words:find("post url is already used", 1, true) and not words:find("in error state", 1, true) then return "unclear" end
  if reply.status ~= 200 or words:find "^%s*<" then return "refused" end -- a page does not come from a server that takes images
  return (reply.body == "" or words:find("success", 1, true)) and "taken" or "unclear"
end

function upload.fill(cpi, stemcell)
  local target, file = stemcell.target, stemcell.file
  cpi.log.secret(target.signature)
  cpi.log.info("uploading %d MB to %s", file.size // 1048576, target.postURL:match "^%w+://[^/]+" or "CloudStack")
  local reply = cpi.http.upload(target.postURL, file.path, {
    ["X-signature"] = target.signature, ["X-metadata"] = target.metadata, ["X-expires"] = target.expires,
  }, { name = "file", filename = stemcell.cid .. "." .. file.extension, type = file.media_type, member = file.member })
  if reply.fault == "interrupted" then cpi.interruption.check() end
  local said = reply.fault and reply.text
    or ("HTTP %d with %s"):format(reply.status, cpi.cloudstack.first_words(reply.body, cpi.log.mask))
  local fate = fate_of(reply)
  if fate == "refused" then error(errors.cloud("uploading stemcell %s: %s", stemcell.cid, said)) end
  if fate == "unclear" then
    cpi.log.warn("uploading stemcell %s: %s; looking whether CloudStack has the image", stemcell.cid, said)
    stemcell.doubt = said
  end
  cpi.log.info("uploaded it in %.2f s", reply.seconds or 0)
end

return upload
