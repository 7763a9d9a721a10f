-- Each secret of a configuration, of an env and of a VM's settings, in each form, at each place where a server's text comes
-- back, whole and cut: it is in no message, no log line and not in the journal.

local forms = require "tests.support.secret_forms"
local native = require "host_native"
local new_trial = require("operator.trial").new

local SAYS_TOO_MUCH = 12 -- characters of a form in one piece; unit tests of the mask know the exact numbers

local certificate = ("-----BEGIN RSA PRIVATE KEY-----\nMIIEowIBAAKCAQEA%s7Jv\nq9Zt%s\n-----END RSA PRIVATE KEY-----\n"):format(
  ("aB3x"):rep(11), ("Kd8Q"):rep(14))

local settings = {
  cloudstack = { api_key = "Ap1Key-_fOfTheAccount0123456789" }, registry = { password = "registry=pass/word" },
  agent = { mbus = "https://mbus:mbus%2Fp%40ssw%3Drd@0.0.0.0:6868", blobstore = { provider = "dav", options = {
    endpoint = "http://blob.test", user = "agent", password = "blobstore\\\"quoted\bsecret" } } },
}
local env = { bosh = { password = "$6$salt/4x+hash=of.it", mbus = { urls = { "nats://nats:nats-secret-7@10.0.0.5:4222" },
  cert = { private_key = certificate } } }, token = "line\rand\ttab and=more" }

local secrets = {
  api_key = settings.cloudstack.api_key, registry_password = settings.registry.password,
  mbus_password = "mbus/p@ssw=rd", mbus_password_in_url = "mbus%2Fp%40ssw%3Drd",
  blobstore_password = settings.agent.blobstore.options.password, env_password = env.bosh.password,
  nats_password = "nats-secret-7", token = env.token, private_key = certificate:match "\n(MII%w+)\n",
}

-- What a server makes of a text: the reply to any command.
local places = {
  ["an error"] = function(text)
    return { status = 431, body = native.json.encode { xresponse = { errorcode = 431, errortext = "no: " .. text } }, seconds = 0 }
  end,
  ["an error with another status"] = function(text)
    local inner = { errorcode = 530, cserrorcode = 4250, errortext = text }
    return { status = 530, body = native.json.encode { xresponse = inner }, seconds = 0 }
  end,
  ["a page"] = function(text)
    return { status = 400, body = "<html><body><h1>400</h1><pre>" .. text .. "</pre></body></html>", type = "text/html", seconds = 0 }
  end,
  ["garbage"] = function(text) return { status = 200, body = text, seconds = 0 } end,
  ["words of the connection"] = function(text)
    return { fault = "other", text = "cannot resolve http://" .. text, sent = true, seconds = 0 }
  end,
}

-- The host of a trial whose log knows secrets as the program's does; what is logged is kept as it would be written.
local function trial_with(echo)
  local trial = new_trial { host = native, settings = settings, store = true }
  local host, send, written = trial.host, trial.host.cloudstack.send, {}
  host.log = setmetatable({ secret = native.log.secret, mask = native.log.mask }, { __index = host.log })
  for _, level in ipairs { "debug", "info", "warn", "error" } do
    host.log[level] = function(format, ...)
      written[#written + 1] = native.log.mask(select("#", ...) > 0 and format:format(...) or format)
    end
  end
  host.cloudstack = { open = function() end, send = function(requests)
    local replies = send(requests)
    for i, request in ipairs(requests) do replies[i] = echo(request, replies[i]) or replies[i] end
    return replies
  end }
  return trial, written
end

local function create_vm(trial)
  return pcall(trial.call, "create_vm", "agent-1", trial.sim.state().templates[1].name, { compute_offering = "shared.small" },
    { default = { type = "dynamic", cloud_properties = { name = "bosh-net" } } }, {}, env)
end

-- All that a run has written, with its error as the response line has it.
local function all_of(trial, written, failure)
  local list = table.move(written, 1, #written, 1, {})
  list[#list + 1] = native.log.mask(tostring(failure))
  for _, value in pairs(trial.store.journal or {}) do list[#list + 1] = value end
  return table.concat(list, "\n")
end

local function assert_gone(form, all, where)
  for at = 1, #form - SAYS_TOO_MUCH + 1, #form > 400 and 7 or 1 do
    local piece = form:sub(at, at + SAYS_TOO_MUCH - 1)
    if all:find(piece, 1, true) then
      error(("%s: %q is in\n%s"):format(where, piece, all:sub(1, 3000)), 0)
    end
  end
end

describe("a secret that a server gives back", function()
  local echoed
  local trial, written = trial_with(function(request, reply)
    return echoed and request.command:find "^listVirtual" and echoed or reply
  end)
  setup(function() assert(create_vm(trial)) end) -- which tells the log of all secrets

  for what, secret in pairs(secrets) do
    it("is written in no form: " .. what, function()
      for form_name, form in pairs(forms) do
        local whole = form(secret)
        for place, reply in pairs(places) do
          for _, cut in ipairs { #whole, #whole - 1, #whole - 3, (#whole + 1) // 2 + 4 } do
            for i = #written, 1, -1 do written[i] = nil end
            echoed = reply(whole:sub(1, cut))
            local ok, failure = pcall(trial.call, "has_vm", "cpivm-1")
            echoed = nil
            assert.is_false(ok)
            assert_gone(whole:sub(1, cut), all_of(trial, written, failure), ("%s, %s, cut at %d"):format(form_name, place, cut))
          end
        end
      end
    end)
  end

  it("is not in the answer about a VM whose user data it gives back", function()
    for form_name, form in pairs(forms) do
      for place, reply in pairs(places) do
        for _, cut in ipairs { 100, 1000, 1e6 } do
          local sent
          local one, lines = trial_with(function(request)
            if request.command ~= "deployVirtualMachine" then return nil end
            sent = form(request.params.userdata):sub(1, cut)
            return reply(sent .. " is too long")
          end)
          local _, failure = create_vm(one) -- an answer that was lost is found again
          assert.truthy(sent)
          assert_gone(sent, all_of(one, lines, failure), ("%s, %s, cut at %d"):format(form_name, place, cut))
        end
      end
    end
  end)

  it("is not in the words of a job that failed", function()
    for form_name, form in pairs(forms) do
      for what, secret in pairs(secrets) do
        local one, lines = trial_with(function() end)
        one.sim.fault { command = "deployVirtualMachine", fault = "fail_job", errortext = "it is: " .. form(secret) }
        local ok, failure = create_vm(one)
        assert.is_false(ok)
        assert_gone(form(secret), all_of(one, lines, failure), form_name .. " of " .. what)
      end
    end
  end)
end)
