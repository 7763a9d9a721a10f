local commands = require "sim.commands"
local native = require "host_native"
local replies = require "cloudstack.replies"
local text_file = require "text_file"

local first_words, json = replies.first_words, native.json

local COMMAND, OWN = "listVirtualMachines", "listvirtualmachinesresponse"
local ENDPOINT = "https://cloud.test/client/api"

local function read(status, document, command, more)
  local reply = { status = status, body = type(document) == "string" and document or json.encode(document) }
  for key, value in pairs(more or {}) do reply[key] = value end
  return replies.read(json, command or COMMAND, reply, ENDPOINT, function(text) return text end)
end

local function failure_of(...)
  local payload, failure = read(...)
  assert.is_nil(payload)
  return failure
end

describe("an answer", function()
  it("counts in the envelope of its command", function()
    assert.same({ count = 0 }, (read(200, { [OWN] = { count = 0 } })))
    assert.same({}, (read(200, { postuploadtemplateresponse = {} }, "getUploadParamsForTemplate")))
  end)

  for what, document in pairs {
    ["of another command"] = { listvolumesresponse = {} }, ["of nobody"] = { response = {} },
    ["of another command's odd name"] = { postuploadtemplateresponse = {} }, ["that is a list"] = { [OWN] = json.array {} },
    ["that is a text"] = { [OWN] = "" }, ["that is null"] = { [OWN] = json.null }, ["in a list"] = json.array { { [OWN] = {} } },
    ["one floor too deep"] = { [OWN] = json.array { {} } }, ["of nothing"] = {},
    ["with another command's error"] = { logoutresponse = { errorcode = 531, errortext = "no" } },
  } do
    it(what .. " says nothing of what was done", function()
      local failure = failure_of(200, document)
      assert.same({ "garbled", true, nil }, { failure.kind, failure.sent, failure.code })
    end)
  end

  it("of a refusal without an errorcode has the code of HTTP, from 400 on", function()
    for status, code in pairs { [200] = false, [399] = false, [400] = 400, [401] = 401, [530] = 530 } do
      assert.equal(code, failure_of(status, { [OWN] = { errortext = "no" } }).code or false)
    end
  end)

  it("of a server that has no time for it is busy, and only that", function()
    for code, kind in pairs { [429] = "busy", [503] = "busy", [502] = "refused", [504] = "refused", [430] = "refused" } do
      assert.equal(kind, failure_of(code, { [OWN] = { errorcode = code, errortext = "no" } }).kind)
    end
  end)

  it("under another name is told by that name", function()
    assert.truthy(failure_of(200, { listvolumesresponse = {} }).text:find("the answer is called 'listvolumesresponse'", 1, true))
    local text = failure_of(200, { logoutresponse = { errorcode = 531, errortext = "no" } }).text
    assert.truthy(text:find("logoutresponse says 531 no", 1, true), text)
  end)

  for _, status in ipairs { 200, 201, 302, 404, 500, 530 } do
    for _, code in ipairs { 401, 431, 432, 530, 533 } do
      it(("with errorcode %d is a refusal at HTTP %d"):format(code, status), function()
        for _, envelope in ipairs { OWN, "errorresponse" } do
          local failure = failure_of(status, { [envelope] = { errorcode = code, errortext = "no" } })
          assert.same({ "refused", code, "no" }, { failure.kind, failure.code, failure.text })
        end
      end)
    end
  end

  it("with an errorcode of any form, or an errortext alone, is a failure", function()
    for _, payload in ipairs { { errorcode = "530" }, { errorcode = json.null }, { errorcode = {} }, { errorcode = 0 },
      { errortext = "no" }, { errorcode = 530, virtualmachine = json.array { { id = "v" } } } } do
      assert.equal("refused", failure_of(200, { [OWN] = payload }).kind)
    end
    assert.equal(530, failure_of(200, { [OWN] = { errorcode = "530" } }).code)
  end)

  it("is busy by its errorcode", function()
    assert.equal("busy", failure_of(200, { [OWN] = { errorcode = 429, errortext = "retry after [340] ms" } }).kind)
  end)

  it("whose status is that of an error is not a payload", function()
    assert.equal("garbled", failure_of(502, { [OWN] = { count = 0 } }).kind)
    assert.equal("elsewhere", failure_of(404, { [OWN] = { count = 0 } }).kind)
  end)

  it("that says that it did not succeed is a refusal", function()
    for _, no in ipairs { false, "false" } do
      local failure = failure_of(200, { deletesshkeypairresponse = { success = no, displaytext = "in use" } }, "deleteSSHKeyPair")
      assert.same({ "refused", "in use" }, { failure.kind, failure.text })
    end
    assert.truthy(read(200, { deletesshkeypairresponse = { success = "true" } }, "deleteSSHKeyPair"))
  end)
end)

describe("what is not CloudStack's", function()
  it("was said on purpose: a redirect, a refusal, a page", function()
    for _, status in ipairs { 300, 301, 302, 303, 307, 308, 400, 403, 404, 405, 410, 501, 505 } do
      assert.equal("elsewhere", failure_of(status, "").kind, status)
      assert.equal("elsewhere", failure_of(status, "<html>").kind, status)
    end
    assert.equal("elsewhere", failure_of(200, "\n <!DOCTYPE html><title>Sign in</title>").kind)
  end)

  it("passes where a gateway says that what is behind it is away, or too busy", function()
    for _, status in ipairs { 408, 425, 429, 500, 502, 503, 504 } do
      assert.equal("garbled", failure_of(status, "<html>").kind, status)
    end
    assert.equal("garbled", failure_of(200, "").kind)
    assert.equal("garbled", failure_of(200, '{"listvirt').kind)
  end)

  it("is told by its beginning: to look for tags in all of this would take hours", function()
    assert.is_true(#failure_of(200, ("<"):rep(4 << 20)).text < 500)
    assert.is_nil(failure_of(200, (" "):rep(10000) .. "late").text:find("late", 1, true))
  end)
end)

describe("the result of a job", function()
  it("that went well is its object", function()
    assert.same({ volume = { id = "v" } }, replies.result_of { jobresult = { volume = { id = "v" } } })
    assert.same({}, replies.result_of { jobresult = json.null })
  end)

  it("may contradict it, which is a failure", function()
    for _, result in ipairs { { errorcode = 530, errortext = "no" }, { success = false, displaytext = "no" } } do
      local made, why = replies.result_of { jobresult = result }
      assert.is_nil(made)
      assert.equal("no", why)
    end
  end)
end)

local KEY = "first-words-Key0fThis"

describe("the first words of a body", function()
  native.log.secret(KEY)

  it("are without tags, on one line, and not many", function()
    assert.equal("503 Service down", first_words("<html>\n<b>503</b>\n  Service down",
      native.log.mask))
    assert.equal("an empty body", first_words("<p></p>", native.log.mask))
    assert.equal(120, #first_words(("x "):rep(1000), native.log.mask))
  end)

  it("have no secret in them, wherever they end", function()
    for before = 0, 130 do
      for _, form in ipairs { KEY, (KEY:gsub("-", "%%2d")), (KEY:gsub("%a", "<b>%0</b>", 3)), (KEY:gsub("-", "&#45;")) } do
        local words = first_words(("%sapikey is %s and more"):format(("y"):rep(before), form), native.log.mask)
        assert.is_nil(words:find("first%p.-words"), words)
      end
    end
  end)

  it("of a body whose tags hold a secret apart have none", function()
    assert.equal("it is <redacted> !", first_words("it is " .. KEY:gsub("-", "<wbr>-") .. " !", native.log.mask))
  end)
end)

local NEWEST = { version = { at_least = function() return true end } }

-- Every command that our scripts name, the simulator's aside.
local function commands_of_ours()
  local found, pipe = {}, assert(io.popen "find lua -name '*.lua' -not -path 'lua/sim*'")
  for path in pipe:lines() do
    for name in text_file.read(path):gmatch '"(%l+%u%w+)"' do
      local entry = commands.find(NEWEST, name)
      if entry and not entry.unmodelled then found[name] = entry.envelope end
    end
  end
  pipe:close()
  return found
end

describe("the name of an answer", function()
  it("is the command's, in lower case", function()
    assert.equal("listvirtualmachinesresponse", replies.envelope_of "listVirtualMachines")
  end)

  it("is as a real server has it, for every command that is sent", function()
    local count = 0
    for name, envelope in pairs(commands_of_ours()) do
      assert.equal(envelope, replies.envelope_of(name))
      count = count + 1
    end
    assert.is_true(count > 60, count)
    assert.equal("postuploadtemplateresponse", replies.envelope_of "getUploadParamsForTemplate")
  end)
end)
