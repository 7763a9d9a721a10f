local endpoint = require "cloudstack.endpoint"

local function as_it_is(text) return text end
local OWN = "http://cloud.test:8080/client/api"

local function redirected(location, own)
  return endpoint.advice(own or OWN, { status = 302, body = "", location = location }, as_it_is)
end

describe("what answered elsewhere", function()
  for location, wanted in pairs {
    ["https://cloud.test/client/api"] = "cloudstack.endpoint should be https://cloud.test/client/api",
    ["https://cloud.test:8443/client/api/?command=x&apiKey=word"] = "cloudstack.endpoint should be https://cloud.test:8443/client/api",
    ["/cloud/client/api"] = "cloudstack.endpoint should be http://cloud.test:8080/cloud/client/api",
    ["v2/client/api"] = "cloudstack.endpoint should be http://cloud.test:8080/client/v2/client/api",
    ["//other.test/client/api"] = "cloudstack.endpoint should be http://other.test/client/api",
    ["https://cloud.test/"] = "cloudstack.endpoint should be https://cloud.test/client/api",
    ["https://cloud.test/client/"] = "cloudstack.endpoint should be https://cloud.test/client/api",
    ["HTTPS://cloud.test"] = "cloudstack.endpoint should be https://cloud.test/client/api",
    ["https://sso.test/login?next=x"] = "cloudstack.endpoint must be the API itself",
    ["https://other.test/"] = "cloudstack.endpoint must be the API itself",
    ["http://cloud.test:8080/client/api"] = "cloudstack.endpoint must be the API itself",
    ["ftp://cloud.test/client/api"] = "cloudstack.endpoint must be the API itself",
  } do
    it("leads to " .. location, function()
      local text = redirected(location)
      assert.truthy(text:find(wanted, 1, true), text)
      assert.is_nil(text:find("?", 1, true), text)
    end)
  end

  it("is shown without names, passwords, queries and control characters, and cut", function()
    local text = redirected "https://me:word@cloud.test/client/api"
    assert.is_nil(text:find("word", 1, true) or text:find("me:", 1, true), text)
    text = redirected "https://x.test/\27[31m\r\nred\u{9b}5m"
    assert.is_nil(text:find "[%c\128-\255]", text)
    assert.is_true(#redirected("https://x.test/" .. ("y"):rep(5000)) < 500)
  end)

  it("knows a path that is not the API's", function()
    for _, own in ipairs { "http://cloud.test:8080/client", "http://cloud.test:8080/", "http://cloud.test:8080/client/api/",
      "http://a:b@cloud.test:8080/api" } do
      local text = endpoint.advice(own, { status = 404, body = "<html>" }, as_it_is)
      assert.truthy(text:find("should be http://cloud.test:8080/client/api,", 1, true), text)
    end
  end)

  it("is another server where the path is right", function()
    assert.equal("what answers at http://cloud.test:8080 is not CloudStack's management server",
      endpoint.advice(OWN, { status = 404, body = "<html>" }, as_it_is))
  end)

  it("speaks https on a port to which http went", function()
    local text = endpoint.advice("http://cloud.test:8443/client/api", { status = 400,
      body = "<html>The plain HTTP request was sent to HTTPS port</html>" }, as_it_is)
    assert.truthy(text:find("should be https://cloud.test:8443/client/api", 1, true), text)
  end)

  it("is told in general where no endpoint is known", function()
    assert.truthy(endpoint.advice(nil, { status = 302, body = "", location = "/x" }, as_it_is):find("/client/api as a rule", 1, true))
  end)
end)

describe("the remedy of", function()
  local cases = {
    { "TLS where none is spoken", "https://c.test:8080/client/api", "TLS connect error: error:0A00010B:SSL routines::wrong version number",
      "tls", "is it http://c.test:8080/client/api" },
    { "HTTP where TLS is spoken", "http://c.test:8443/client/api", "Received HTTP/0.9 when not allowed", "other",
      "is it https://c.test:8443/client/api" },
    { "a certificate for another name", "https://c.test/client/api",
      "SSL: no alternative certificate subject name matches target host name 'c.test'", "tls", "certificate is for another name" },
    { "an old certificate", "https://c.test/client/api", "SSL certificate problem: certificate has expired", "tls", "must be renewed" },
    { "an unknown authority", "https://c.test/client/api", "SSL certificate problem: unable to get local issuer certificate", "tls",
      "cloudstack.ca_cert" },
    { "a name that is not known", "https://c.test/client/api", "Could not resolve host: c.test", "resolve", "name in cloudstack.endpoint" },
    { "an unknown fault", "https://c.test/client/api", "odd", "other", "host and port" },
  }
  for _, case in ipairs(cases) do
    it(case[1], function()
      local text = endpoint.remedy(case[2], nil, { text = case[3], fault = case[4] })
      assert.truthy(text:find(case[5], 1, true), text)
    end)
  end

  it("a proxy that is not there, or does not lead on", function()
    for _, text in ipairs { "Failed to connect to proxy.test port 3128 after 0 ms: Could not connect",
      "Could not resolve proxy: proxy.test",
      "CONNECT tunnel failed, response 403" } do
      local remedy = endpoint.remedy("https://c.test/client/api", "http://me:word@proxy.test:3128", { text = text, fault = "connect" })
      assert.truthy(remedy:find("it is the proxy http://proxy.test:3128: check env.https_proxy", 1, true), remedy)
      assert.is_nil(remedy:find("word", 1, true))
    end
    local remedy = endpoint.remedy("http://c.test/client/api", "http://proxy.test:3128",
      { text = "Failed to connect to c.test port 80", fault = "connect" })
    assert.truthy(remedy:find("cloudstack.endpoint", 1, true), remedy)
  end)
end)
