-- host.read_only: kept by the host, by the names of commands; nothing that a script does takes it back.

local check = require "check"
local harness = require "harness"

local host = harness.host
local directory = harness.directory()
local store = directory .. "/store.db"

host.cloudstack.open { endpoint = "http://127.0.0.1:1/client/api", api_key = "the-key", connect_timeout = 2 }
harness.take '{"context":{"secret_access_key":"the-secret"}}'
local function send(command) return host.cloudstack.send { { command = command } } end

check.equal("connect", send("deployVirtualMachine")[1].fault, "a write goes out before the vow")
check.equal(true, host.store.open(store))
check.equal(true, host.store.put("journal", "a", "1"))

host.read_only()

for _, command in ipairs { "listZones", "listVirtualMachines", "queryAsyncJobResult" } do
  check.equal("connect", send(command)[1].fault, command .. " reads")
end
-- Names that begin as a read does and are none, and one that begins with "get" and makes a template.
for _, command in ipairs { "deployVirtualMachine", "deleteVolume", "createTags", "getUploadParamsForTemplate", "getApiLimit",
  "list", "listing", "query", "queryx", "List", "LISTZones", " listZones", "xlistZones", "" } do
  check.raises("only reads are allowed here", send, command)
end
check.raises("only reads", host.cloudstack.send, { { command = "listZones" }, { command = "destroyVirtualMachine" } })
check.raises("only reads", host.http.upload, "http://127.0.0.1:1/", directory .. "/file")

check.holds("only reads", select(2, host.store.put("journal", "b", "2")))
check.holds("only reads", select(2, host.store.delete("journal", "a")))
check.equal("1", host.store.get("journal", "a"), "what is there can be read")
check.holds("only reads", select(2, host.store.open(directory .. "/other.db")))
check.holds("No such file", select(2, host.files.read(directory .. "/other.db")), "no store was made")

check.raises("only reads", host.files.create, directory .. "/file", "x")
check.raises("only reads", host.files.replace, directory .. "/file", "x")

-- Other ways to the same functions, and new sessions, do not help.
host.cloudstack.open { endpoint = "http://127.0.0.1:1/client/api", api_key = "the-key" }
check.raises("only reads", send, "deployVirtualMachine")
check.raises("only reads", coroutine.wrap(send), "deployVirtualMachine")
host.read_only()
check.raises("only reads", send, "deployVirtualMachine")
for name in pairs(host) do check.that(not name:find "write", "nothing gives it back: " .. name) end

harness.shell("rm -rf " .. directory)
