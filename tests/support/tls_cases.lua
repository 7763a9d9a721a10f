-- Servers whose certificate or TLS is not to be believed: nothing is sent to them, and it is said why. A chunk for
-- several builds, each of which has a TLS library of its own: this build's is the distribution's, the release brings one.
-- tests/hostile and tests/release load it with the environment of their specs.

local json = require("host_native").json

local build = ... -- the directory of the `cpi` that is tried
local directory, running

local function shell(line, ...)
  local command = line:format(...)
  assert(os.execute(("cd %s && { %s; } >>log 2>&1"):format(directory, command)), command)
end

local function write(name, text)
  local file = assert(io.open(directory .. "/" .. name, "w"))
  file:write(text)
  file:close()
end

local function read(name)
  local file = io.open(directory .. "/" .. name)
  local text = file and file:read "a" or ""
  if file then file:close() end
  return text
end

-- NAME.pem and NAME.key: a certificate for an address or a host, by the authority, valid in those years, for a key of so
-- many bits (2048).
local function certify(name, alternative, from, to, bits)
  write(name .. ".ext", "subjectAltName=" .. alternative .. "\n")
  shell("openssl req -newkey rsa:%d -nodes -keyout %s.key -subj /CN=%s -out %s.csr", bits or 2048, name, name, name)
  shell("openssl ca -batch -config ca.cnf -extfile %s.ext -startdate %s0101000000Z -enddate %s0101000000Z -in %s.csr -out %s.pem",
    name, from, to, name, name)
end

local function make_certificates()
  write("ca.cnf", [[
[ca]
default_ca=a
[a]
dir=.
database=index
new_certs_dir=.
serial=serial
certificate=ca.pem
private_key=ca.key
default_md=sha256
policy=p
unique_subject=no
[p]
commonName=supplied
]])
  write("index", "")
  write("serial", "01\n")
  shell("openssl req -x509 -newkey rsa:2048 -nodes -keyout ca.key -subj /CN=authority -days 3650 -out ca.pem")
  certify("good", "IP:127.0.0.1", 2020, 2040)
  certify("expired", "IP:127.0.0.1", 2020, 2021)
  certify("early", "IP:127.0.0.1", 2039, 2040)
  certify("weak", "IP:127.0.0.1", 2020, 2040, 1024)
  certify("other", "DNS:cloud.example.com,IP:127.0.0.2", 2020, 2040)
  shell("openssl req -x509 -newkey rsa:2048 -nodes -keyout self.key -subj /CN=127.0.0.1 -addext subjectAltName=IP:127.0.0.1 "
    .. "-days 30 -out self.pem")
end

-- A TLS server with that certificate -> its port. It turns each line around for whoever gets through.
local function serve(name, options)
  os.remove(directory .. "/server")
  local pipe = io.popen(("cd %s && { openssl s_server -accept 127.0.0.1:0 -cert %s.pem -key %s.key -rev %s </dev/null "
    .. ">server 2>&1 & echo $!; }"):format(directory, name, name, options or ""))
  local pid = pipe:read "n"
  pipe:close()
  running = pid
  local deadline = os.time() + 20
  while os.time() < deadline do
    local port = read("server"):match "ACCEPT [^\n]*:(%d+)"
    if port then return tonumber(port) end
    os.execute "sleep 0.02"
  end
  error("openssl s_server did not start: " .. read "server")
end

local function stop()
  if running then os.execute(("kill %d 2>/dev/null"):format(running)) end
  running = nil
end

-- has_vm with that server as CloudStack -> the error's message. is_final: whatever happens, it is not tried again.
local function ask(port, more, is_final)
  local config = { cloudstack = { endpoint = ("https://127.0.0.1:%d/client/api"):format(port), api_key = "k",
    secret_access_key = "s-e-c-r-e-t", ca_cert = read "ca.pem" }, agent = { mbus = "m" },
    policies = { directory = is_final and directory or nil } }
  for key, value in pairs(more or {}) do config.cloudstack[key] = value ~= "none" and value or nil end
  write("cpi.json", json.encode(config))
  write("request", '{"method":"has_vm","arguments":["cpivm-1"],"context":{"director_uuid":"d"}}')
  local pipe = io.popen(("%s/cpi --config %s/cpi.json <%s/request 2>%s/stderr"):format(build, directory, directory, directory))
  local answer = json.decode(pipe:read "a")
  pipe:close()
  assert.equal("Bosh::Clouds::CloudError", answer.error.type)
  return answer.error.message
end

-- What the server says is no HTTP: that was heard, so TLS had nothing against it.
local function got_through(message) return message:find("HTTP/0.9", 1, true), message end

setup(function()
  directory = io.popen("mktemp -d"):read "l"
  make_certificates()
  write("retry.lua", "return { api = 1, decide = function() end }")
end)
teardown(function() os.execute("rm -rf " .. directory) end)
after_each(stop)

it("is believed by the authority that ca_cert gives", function()
  assert.truthy(got_through(ask(serve "good", nil, true)))
end)

local refused = {
  { "expired", nil, "expired", "an expired certificate" },
  { "early", nil, "not yet valid", "one that is not valid yet" },
  { "other", nil, "127.0.0.1", "one for another host" },
  { "self", nil, "self.signed", "one that signed itself" },
  { "weak", nil, "key too weak", "a key of 1024 bits", "-cipher DEFAULT@SECLEVEL=0" },
  { "good", { ca_cert = "none" }, "issuer", "one of an authority that nobody knows" },
}
for _, case in ipairs(refused) do
  it("refuses " .. case[4] .. ", once, and says so", function()
    local message = ask(serve(case[1], case[5]), case[2])
    assert.truthy(message:find(case[3]), message)
    assert.is_nil(read("server"):find("secret", 1, true))
    assert.is_nil(read("stderr"):find("trying again", 1, true), "it will not get better")
  end)
end

it("refuses a protocol older than 1.2", function()
  local port = serve("good", "-tls1_1 -cipher ALL:@SECLEVEL=0")
  assert.truthy(ask(port):find "protocol version")
  assert.truthy(ask(port, { skip_verify_ssl = true }):find "protocol version", "whether it is verified or not")
end)

it("takes all of them where the site says skip_verify_ssl", function()
  for _, name in ipairs { "expired", "self" } do
    assert.truthy(got_through(ask(serve(name), { skip_verify_ssl = true, ca_cert = "none" }, true)))
    stop()
  end
end)
