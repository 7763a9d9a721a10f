-- What a newcomer does wrong on the first day: what doctor says of it and what to do, what a verb says, and that docs/errors.md has the
-- words of the verb.

local native = require "host_native"
local new_trial = require("operator.trial").new
local operator = require "tests.support.operator"
local text_file = require "text_file"

local HTTPS = { endpoint = "https://cloud.test/client/api" }
local HTTP_PAGE = { status = 404, type = "text/html", body = "<html><title>Not Found</title></html>", seconds = 0 }

local function fault(kind, text) return { fault = kind, text = text, sent = false, seconds = 0 } end

-- Each: what is wrong; site (of the configuration's cloudstack) and more (its other sections); reply, what then comes back from the
-- wire, or none for the simulated CloudStack; doctor, words of it; verb, its words; call, another verb than has_vm; in_errors, what
-- errors.md is searched for, where that is not the verb's words.
local mistakes = {
  { "a path that is not the API's", site = { endpoint = "http://cloud.test/api" }, reply = HTTP_PAGE,
    doctor = "cloudstack.endpoint should be http://cloud.test/client/api",
    verb = "cloudstack.endpoint should be http://cloud.test/client/api", in_errors = "cloudstack.endpoint should be" },
  { "https on a port that speaks http", site = HTTPS,
    reply = fault("tls", "TLS connect error: error:0A0000C6:SSL routines::packet length too long"),
    doctor = "no TLS is spoken there: is it http://cloud.test/client/api, or another port for https?", verb = "packet length too long" },
  { "http on a port that speaks https", reply = { status = 400, type = "text/plain", seconds = 0,
      body = "Bad Request\nThis combination of host and port requires TLS.\n" },
    doctor = "the server speaks https there: cloudstack.endpoint should be https://cloud.test/client/api",
    verb = "the server speaks https there" },
  { "a proxy that is not there", more = { env = { http_proxy = "http://proxy.test:3128" } },
    reply = fault("connect", "Failed to connect to proxy.test port 3128 after 2 ms: Could not connect to server"),
    doctor = "it is the proxy http://proxy.test:3128: check env.http_proxy", verb = "Failed to connect to proxy.test port 3128",
    in_errors = "Failed to connect" },
  { "a server that is not there",
    reply = fault("connect", "Failed to connect to cloud.test port 80 after 2 ms: Could not connect to server"),
    doctor = "check host and port in cloudstack.endpoint", verb = "Failed to connect", in_errors = "Failed to connect" },
  { "a name that nobody knows", reply = fault("resolve", "Could not resolve host: cloud.test"),
    doctor = "check the name in cloudstack.endpoint, and this machine's resolver", verb = "Could not resolve host" },
  { "a certificate for another name", site = HTTPS,
    reply = fault("tls", "SSL: no alternative certificate subject name matches target host name 'cloud.test'"),
    doctor = "the certificate is for another name: cloudstack.endpoint must have a name that is in it",
    verb = "no alternative certificate subject name matches" },
  { "an authority that is not known", site = HTTPS, reply = fault("tls", "SSL certificate problem: unable to get local issuer certificate"),
    doctor = "put the certificate of the server's authority into cloudstack.ca_cert", verb = "unable to get local issuer certificate" },
  { "an API key with a line break at its end", site = { api_key = "key\n" },
    doctor = "cloudstack.api_key must be a key without blanks and line breaks, also at its end",
    verb = "cloudstack.api_key must be a key without blanks and line breaks", in_errors = "without blanks and line breaks" },
  { "a secret key of another account", reply = { status = 401, type = "application/json", seconds = 0,
      body = '{"listcapabilitiesresponse":{"errorcode":401,"errortext":"unable to verify user credentials and/or request signature"}}' },
    doctor = "check that api_key and secret_access_key are a pair of this server", verb = "unable to verify user credentials" },
  { "a property that is misspelt", site = { default_zon = "zone1" },
    doctor = "cloudstack.default_zon is not known (did you mean 'default_zone'?)",
    verb = "cloudstack.default_zon is not known (did you mean 'default_zone'?)", in_errors = "is not known" },
  { "a zone that is not there", site = { default_zone = "zone-1" }, doctor = "cloudstack.default_zone 'zone-1' is not in CloudStack",
    call = { "create_disk", "1024", "{}" }, verb = "zone 'zone-1' is not in CloudStack; there are: zone1",
    in_errors = "is not in CloudStack; there are" },
  { "a zone of stemcells that is not there", site = { stemcell = { zones = { "zone1", "zone2" } } },
    doctor = "cloudstack.stemcell.zones: 'zone2' is not in CloudStack" },
  { "a directory of policies that is not there", more = { policies = { directory = "/nowhere/policies" } },
    doctor = "make the directory, or leave policies.directory out", call = { "create_disk", "1024", "{}" }, verb = "/nowhere/policies",
    in_errors = "policies.directory" },
  { "an offering that is misspelt", call = { "create_disk", "1024", '{"disk_offering":"shared.custm"}' },
    verb = "disk offering 'shared.custm' is not in CloudStack", in_errors = "is not in CloudStack; there are" },
}

local function settings_of(mistake)
  local settings = { cloudstack = mistake.site or {} }
  for name, section in pairs(mistake.more or {}) do settings[name] = section end
  return settings
end

local function said_by(mistake, name, words)
  local trial = new_trial { host = native, settings = settings_of(mistake) }
  if mistake.reply then
    trial.host.cloudstack.send = function(requests)
      local replies = {}
      for i in ipairs(requests) do replies[i] = mistake.reply end
      return replies
    end
  end
  local code, out, err = operator.on(trial, name, words)
  return code, out .. err
end

describe("a newcomer's mistake,", function()
  local page = text_file.read("docs/errors.md"):gsub("%s+", " ")

  for _, mistake in ipairs(mistakes) do
    it(mistake[1] .. ", is said with its remedy", function()
      if mistake.doctor then
        local code, text = said_by(mistake, "doctor", {})
        assert.not_equal(0, code)
        assert.truthy(text:find(mistake.doctor, 1, true), text)
      end
      if mistake.verb then
        local code, text = said_by(mistake, "call", mistake.call or { "has_vm", "cpivm-1" })
        assert.not_equal(0, code)
        assert.truthy(text:find(mistake.verb, 1, true), text)
        assert.truthy(page:find(mistake.in_errors or mistake.verb, 1, true), "errors.md has no: " .. (mistake.in_errors or mistake.verb))
      end
    end)
  end
end)
