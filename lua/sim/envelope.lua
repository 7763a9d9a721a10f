-- The JSON that goes around an answer or an error.
local refusal = require "sim.refusal"

local envelope = {}

local TYPE = "application/json;charset=utf-8"

-- Up to 4.11 a success that is not a job's result is a string.
local function of_this_version(m, payload)
  if payload.success == true and not m.version:at_least "4.12" then
    payload.success = "true"
  end
  return payload
end

function envelope.answer(m, key, payload)
  return { status = 200, type = TYPE, body = m.json.encode { [key] = of_this_version(m, payload) } }
end

function envelope.refusal(m, key, why, account)
  local text = why.text and why:text_for(account, m.version)
  return {
    status = why.code, type = TYPE, headers = why.code ~= 401 and { ["X-Description"] = text } or nil,
    body = m.json.encode { [key] = {
      uuidList = m:array(why.about), errorcode = why.code, cserrorcode = why.cserrorcode, errortext = text,
    } },
  }
end

-- The page that the servlet container shows when a request never got to the API.
function envelope.html(status)
  local reason = ({ [404] = "Not Found", [500] = "Server Error", [502] = "Bad Gateway",
    [504] = "Gateway Timeout" })[status]
    or "Service Unavailable"
  local title = ("Error %d %s"):format(status, reason)
  return {
    status = status, type = "text/html;charset=iso-8859-1",
    body = ("<html>\n<head>\n<meta http-equiv=\"Content-Type\" content=\"text/html;charset=ISO-8859-1\"/>\n"
      .. "<title>%s</title>\n</head>\n<body><h2>HTTP ERROR %d %s</h2>\n</body>\n</html>\n"):format(
      title, status, reason),
  }
end

-- Catches what a handler raises: its payload, or nil and the refusal. Anything else is a bug and goes on.
function envelope.guard(run, ...)
  local fine, result = pcall(run, ...)
  if fine then return result end
  if not refusal.is(result) then error(result, 0) end
  return nil, result
end

return envelope
