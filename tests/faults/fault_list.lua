-- Every fault that a request can meet: how the simulator is asked for it, and the words of CloudStack (or of the
-- wire) of which one has to be in the message of a verb that fails by it.
--   make(request, good) -> a fault for sim.fault; good is what was answered in the run without faults (decoded)
--   says    words, any of them
--   jobs    only asynchronous commands can meet it;  acts: only commands that do something (a list may be empty)
--   done    only of commands that do something: to others it is as the one before it
--   alone   it is about this request, and no other one can meet it
--   answers an error that is right for it in a verb that has another way where this one is not allowed
--   brief   one of those that the short matrix, and the matrix of faults during clean-up, do not leave out

local replies = require "cloudstack.replies"

local MASKED = "Internal error executing command"
local KILLED = "management server restarted?"
local CLOSED = { "closed the connection", "lost", "knows nothing of its job" }

local function fixed(fault)
  return function() return fault end
end

-- The same answer with every field of another type than it has.
local function of_wrong_types(json, good)
  local function spoilt(value)
    if type(value) == "string" then return 7 end
    if type(value) == "number" then return { "x" } end
    if type(value) == "boolean" then return "perhaps" end
    return "none"
  end
  local payload = {}
  for name, value in pairs(type(good) == "table" and good or {}) do payload[name] = spoilt(value) end
  if next(payload) == nil then payload.count = "none" end -- nothing would be an answer: an empty list
  return json.encode { spoiltresponse = payload }
end

local NO_ANSWER = { "not a CloudStack answer", "the answer is not a list", "the answer has no", "the answer names no job",
  "no reason given", "does not say what became of job" }

-- Answers with HTTP 200 that are not what they look like: a gateway has changed the status of an error, or has given the
-- answer to another request. The function makes what is
-- answered, of the request's own envelope and what was to come; before: CloudStack looks at it before it does anything.
local function false_answers(json)
  local function failed(code, text) return { errorcode = code, cserrorcode = 9999, errortext = text } end
  local list = {
    { "530", MASKED, function(own) return { [own] = failed(530, MASKED) } end },
    { "401", "unable to verify", function(own) return { [own] = failed(401, "unable to verify user credentials") } end, before = true },
    { "errorresponse with 432", "not available for the account", function()
      return { errorresponse = failed(432, "The API does not exist or is not available for the account") }
    end, before = true, answers = "NotImplemented" },
    { "response", nil, function() return { response = {} } end },
    { "another command's answer", nil, function(own)
      return own == "listzonesresponse" and { listvolumesresponse = {} } or { listzonesresponse = {} }
    end },
    { "another command's error", nil, function()
      return { logoutresponse = failed(431, "Unable to find template, volume or a snapshot: it does not exist, is already destroyed") }
    end },
    { "a list for an envelope", nil, function(own) return { [own] = json.array {} } end },
    { "nothing in the envelope", nil, function(own) return { [own] = json.null } end },
    { "a text in the envelope", nil, function(own) return { [own] = "ok" } end },
    { "what was to come, with an errorcode", MASKED, function(own, good)
      local payload = failed(530, MASKED)
      for name, value in pairs(type(good) == "table" and good or {}) do payload[name] = payload[name] or value end
      return { [own] = payload }
    end, alone = true },
  }
  local faults = {}
  for _, one in ipairs(list) do
    local name, words, of = table.unpack(one)
    local says = table.move(words and { words } or NO_ANSWER, 1, words and 1 or #NO_ANSWER, 1, {})
    says[#says + 1] = "the upload was answered by"
    for _, is_done in ipairs(one.before and { false } or { false, true }) do
      faults[#faults + 1] = { name = "false answer: " .. name .. (is_done and ", and it was done" or ""), says = says,
        done = is_done, alone = one.alone, answers = one.answers, make = function(request, good)
          return { fault = "status", status = 200, after = is_done, body = json.encode(of(replies.envelope_of(request.command), good)) }
        end }
    end
  end
  return faults
end

return function(json)
  local list = {
    { name = "drop", make = fixed { fault = "drop" }, says = CLOSED, brief = true },
    { name = "lose", done = true, make = fixed { fault = "lose" }, says = CLOSED, brief = true },
    { name = "hang", done = true, make = fixed { fault = "hang" }, says = { "no answer after" } },
    { name = "hang before", make = fixed { fault = "hang", before = true }, says = { "no answer after" } },
    { name = "delay past the limit", done = true, make = fixed { fault = "delay", seconds = 400 }, says = { "no answer after" } },
    { name = "delay", make = fixed { fault = "delay", seconds = 50 }, says = {} },
    { name = "401", make = fixed { fault = "status", status = 401 }, says = { MASKED } },
    { name = "429", make = fixed { fault = "status", status = 429 }, says = { MASKED } },
    { name = "431", make = fixed { fault = "status", status = 431 }, says = { MASKED } },
    { name = "503", make = fixed { fault = "status", status = 503 }, says = { "Maintenance or Shutdown" } },
    { name = "530", make = fixed { fault = "status", status = 530 }, says = { MASKED }, brief = true },
    { name = "530 after it was done", done = true, says = { MASKED },
      make = fixed { fault = "status", status = 530, after = true } },
    { name = "throttle", make = fixed { fault = "throttle", milliseconds = 900 }, says = { "api limit" } },
    { name = "HTML", make = fixed { fault = "html" }, says = { "HTTP 503 with" } },
    { name = "HTML after it was done", done = true, says = { "HTTP 500 with" },
      make = fixed { fault = "html", after = true, status = 500 } },
    { name = "HTML 404", make = fixed { fault = "html", status = 404 }, says = { "HTTP 404 with" } },
    { name = "truncate", make = fixed { fault = "truncate", bytes = 12 }, says = { "the answer ended early" } },
    { name = "garbage", make = fixed { fault = "garbage", body = "[]" }, says = NO_ANSWER },
    { name = "another's answer", make = fixed { fault = "garbage", body = '{"x":{}}' }, says = NO_ANSWER },
    { name = "empty answer", acts = true, alone = true, make = fixed { fault = "garbage", body = '{"xresponse":{}}' }, says = NO_ANSWER },
    { name = "wrong types", alone = true, says = NO_ANSWER, make = function(_, good)
      return { fault = "garbage", body = of_wrong_types(json, good) }
    end },
    { name = "restart", make = fixed { fault = "restart" }, says = { KILLED } },
    { name = "restart, a while away", make = fixed { fault = "restart", seconds = 20 }, says = { KILLED, "refused" } },
    { name = "restart, done", make = fixed { fault = "restart", done = true }, says = { KILLED } },
  }
  for _, fault in ipairs(false_answers(json)) do list[#list + 1] = fault end
  for _, status in ipairs { 302, 404 } do
    list[#list + 1] = { name = ("elsewhere: %d"):format(status), says = { ("HTTP %d with"):format(status) },
      make = fixed { fault = "status", status = status, body = "<html>moved</html>" } }
  end
  list[#list + 1] = { name = "elsewhere: a page with 200", says = { "HTTP 200 with" },
    make = fixed { fault = "status", status = 200, body = "<html><body>Sign in</body></html>" } }
  local of_jobs = {
    { name = "job fails", make = fixed { fault = "fail_job", errortext = "the host fell over" }, says = { "the host fell over" },
      brief = true },
    { name = "job fails, done", says = { "the host fell over" },
      make = fixed { fault = "fail_job", errortext = "the host fell over", when = "after" } },
    { name = "job fails without a text", make = fixed { fault = "fail_job" }, says = { "without a reason" } },
    { name = "job fails without a result", make = fixed { fault = "fail_job", jobresult = false }, says = { "without a result" } },
    { name = "job vanishes", make = fixed { fault = "vanish_job" }, says = { "no longer knows job", "knows nothing of its job" },
      brief = true },
    { name = "no room (533)", make = fixed { fault = "capacity" }, says = { "o destination found", "suitable", "capacity" } },
    { name = "no room (530)", make = fixed { fault = "capacity", code = 530 }, says = { "capacity", "suitable" } },
  }
  for _, fault in ipairs(of_jobs) do
    fault.jobs = true
    list[#list + 1] = fault
  end
  list[#list + 1] = { name = "limit reached", jobs = true, limit = true, says = { "Maximum amount of resources", "has been exceeded" } }
  return list
end
