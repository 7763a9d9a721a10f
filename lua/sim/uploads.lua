-- Images that are pushed: the parameters for one upload, and the secondary storage's side of it.
local dates = require "sim.dates"
local templates = require "sim.templates"
local utf8_text = require "sim.utf8_text"

local uploads = {}

local VALID = 3600 -- seconds for which upload parameters are good

local function sign(m, text)
  return m.bytes.base64(m.bytes.hmac_sha1(m:id_of "upload secret", text))
end

local function params(m, call)
  local zone = call.arguments.zoneid
  local fields = templates.fields(m, call)
  fields.state = "NotUploaded"
  local template = templates.add(m, fields, { zone }, false)
  local url = ("%s/upload/%s"):format(m.base_url, template.id)
  local expires = dates.milliseconds(m:now() + VALID)
  local metadata = m.bytes.base64(m.bytes.sha256("metadata:" .. template.id) .. ":" .. template.id)
  template.upload = { url = url, metadata = metadata, expires = expires, signature = sign(m,
    metadata .. url .. expires) }
  m.schedule:after(m:setting "upload.operation.timeout" * 60, function()
    if template.state == "NotUploaded" then template.state, template.error = "UploadAbandoned", "Upload abandoned" end
  end)
  return { getuploadparams = {
    id = template.id, postURL = url, metadata = metadata, expires = expires, signature = template.upload.signature,
  } }
end

-- ---------------------------------------------------------------------------------------------------------
-- what the storage answers

local function answer(status, text)
  return { status = status, type = "text/plain; charset=UTF-8", body = text }
end

local function is_blank(text)
  return text == nil or text == ""
end

-- An extension that is the format's, or the format's packed by gzip, bzip2 or zip.
local function fits_format(filename, format)
  local name = filename:lower():gsub("%.gz$", ""):gsub("%.bz2$", ""):gsub("%.zip$", "")
  return name:match("%." .. format:lower() .. "$") ~= nil
end

local function extension(filename)
  return filename:match "%.([^.]+)$" or "none"
end

-- What is wrong with a request, or nil.
local function complaint(m, template, request)
  local headers, upload = request.headers, template and template.upload
  local signature, metadata, expires = headers["x-signature"], headers["x-metadata"], headers["x-expires"]
  if is_blank(signature) or is_blank(metadata) or is_blank(expires) then
    return "signature, metadata and expires are compulsory fields."
  end
  if (request.size or 0) <= 0 then return "content length is not set in the request or has invalid value." end
  if not upload or signature ~= sign(m, metadata .. upload.url .. expires) then
    return "signature validation failed."
  end
  local until_ = dates.parse_milliseconds(expires)
  if not until_ or until_ < m:now() then return "request not valid anymore." end
  if template.refused then return "The one time post url is already used and the upload is in ERROR state." end
  if template.state ~= "NotUploaded" then
    local state = template.state == "Active" and "COMPLETED" or template.state == "UploadError" and "ERROR"
      or "IN_PROGRESS"
    return ("The one time post url is already used and the upload is in %s state."):format(state)
  end
end

-- The server learns that an upload failed when it looks at the storage the next time. Seen on 4.22.
local function refuse(m, template, text)
  template.refused = text
  m.schedule:after(m:setting "upload.monitoring.interval", function() template.state, template.error = "UploadError", text end)
end

-- receive(m, id, { headers, size, sha256, filename }) -> { status, type, body }
function uploads.receive(m, id, request)
  local template = m:find("template", id)
  if template and template.removed then template = nil end
  local wrong = complaint(m, template, request)
  if wrong then return answer(400, wrong) end
  template.uploaded = { size = request.size, sha256 = request.sha256,
    filename = request.filename and utf8_text.readable(request.filename) }
  if not fits_format(request.filename or "", template.format) then
    local text = "File type mismatch between the sent file and the actual content. Received: " .. extension(request.filename or "")
    refuse(m, template, text)
    return answer(400, text)
  end
  template.state = "UploadInProgress"
  templates.make_ready(m, template, request.size)
  return answer(200, "upload successful.")
end

uploads.commands = {
  { name = "getUploadParamsForTemplate", envelope = "postuploadtemplateresponse", run = params,
    parameters = templates.parameters { { "zoneid", "uuid", of = "zone", required = true } } },
}

return uploads
