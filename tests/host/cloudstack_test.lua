-- host.cloudstack, host.http and host.images: shapes of arguments and faults. What goes over the wire is tested in tests/unit.

local check = require "check"
local harness = require "harness"

local cloudstack, http, images = harness.host.cloudstack, harness.host.http, harness.host.images

check.raises("open was not called", cloudstack.send, {})
check.raises("table expected", cloudstack.open)
check.raises("endpoint must be", cloudstack.open, {})
check.raises("endpoint must be", cloudstack.open, { endpoint = "ftp://x/" })
check.raises("endpoint must be a string, not a number", cloudstack.open, { endpoint = 5 })
check.raises("verify must be a boolean", cloudstack.open, { endpoint = "http://x/", verify = "no" })
check.raises("connect_timeout must be a positive number", cloudstack.open, { endpoint = "http://x/", connect_timeout = 0 })
check.raises("max_body must be a positive number", cloudstack.open, { endpoint = "http://x/", max_body = "5" })

cloudstack.open { endpoint = "http://127.0.0.1:1/client/api", api_key = "the-key", connect_timeout = 2 }
check.same({}, cloudstack.send {}, "nothing to send")
check.raises("no secret access key", cloudstack.send, { { command = "x" } })
harness.take '{"context":{"secret_access_key":"the-secret"}}'

check.raises("request 1 is a string", cloudstack.send, { "x" })
check.raises("request 2 has no command", cloudstack.send, { { command = "x" }, { params = {} } })
check.raises("x: params is a string", cloudstack.send, { { command = "x", params = "y" } })
check.raises("parameter 'a' is a table", cloudstack.send, { { command = "x", params = { a = {} } } })
check.raises("parameter 'a' is a userdata", cloudstack.send, { { command = "x", params = { a = harness.host.json.null } } })
check.raises("name of a parameter is a number", cloudstack.send, { { command = "x", params = { "a" } } })
check.raises("parameter 'Signature' is the host's", cloudstack.send, { { command = "x", params = { Signature = "a" } } })
check.raises("parameter 'apiKey' is the host's", cloudstack.send, { { command = "x", params = { apiKey = "a" } } })
check.raises("not finite", cloudstack.send, { { command = "x", params = { a = 0 / 0 } } })
check.raises("empty name", cloudstack.send, { { command = "x", params = { [""] = "a" } } })
check.raises("empty name", cloudstack.send, { { command = "x", params = { ["a\0b"] = "a" } } })
check.raises("timeout must be", cloudstack.send, { { command = "x", timeout = -1 } })
for _, expires in ipairs { "now", -1, math.huge, 0 / 0 } do
  check.raises("expires must be", cloudstack.send, { { command = "x", expires = expires } })
end

local replies = cloudstack.send { { command = "one", params = { a = 1, b = true, c = "x", d = 1.0, e = math.maxinteger } },
  { command = "two", timeout = 1, expires = 1.5e9 } }
check.equal(2, #replies)
for _, reply in ipairs(replies) do
  check.equal("connect", reply.fault)
  check.equal(false, reply.sent)
  check.equal("float", math.type(reply.seconds))
  check.that(#reply.text > 0 and not reply.text:find "the%-key", reply.text)
end

local directory = harness.directory()

-- images.stat
harness.write(directory .. "/file", ("x"):rep(1000))
local status = images.stat(directory .. "/file")
check.that(status.size == 1000 and status.head == ("x"):rep(512), "size and head")
harness.write(directory .. "/empty", "")
check.same({ size = 0, head = "" }, images.stat(directory .. "/empty"))
check.holds("No such file", select(2, images.stat(directory .. "/absent")))
check.holds("not a regular file", select(2, images.stat(directory)))
check.holds("not a regular file", select(2, images.stat "/dev/null"))

-- http.upload
local reply = http.upload("http://127.0.0.1:1/upload", directory .. "/file", { ["X-a"] = "b" }, { fields = { a = "b" } })
check.equal("connect", reply.fault)
check.equal(false, reply.sent)
check.raises("line break", http.upload, "http://127.0.0.1:1/", directory .. "/file", { a = "b\r\nEvil: 1" })
check.raises("headers must be a table", http.upload, "http://127.0.0.1:1/", directory .. "/file", "x")
check.raises("form.type must be a string", http.upload, "http://127.0.0.1:1/", directory .. "/file", {}, { type = {} })
check.equal(false, http.upload("http://127.0.0.1:1/", directory .. "/absent").sent)

harness.shell("rm -rf " .. directory)
