-- A server that means harm below its answers: bytes without an end, bytes that drip, another host's address, bombs. Each
-- ends in one error of the right class, within time and memory, and nothing is sent to anybody else.

local json = require("host_native").json
local rig = require "rig"

local MEMORY = 400000 -- KB of address space; not under sanitizers, which take terabytes
local MARK = "no-secret-of-ours"

-- One request from each connection, then what the behaviour says; what was asked for is counted on stderr. The first line
-- of stdout is the port and the process.
local SERVER = [[
require 'socket'
$stdout.sync = $stderr.sync = true
server = TCPServer.new('127.0.0.1', 0)
puts "#{server.addr[1]} #{$$}"
def request(io)
  head = ''
  head << io.readpartial(4096) until head.include?("\r\n\r\n")
  $stderr.puts head.lines.first
  rest = head[/Content-Length: (\d+)/i, 1].to_i + head.index("\r\n\r\n") + 4 - head.bytesize
  io.read rest if rest > 0 # what nobody has read makes a close a reset
end
loop do
  Thread.new(server.accept) do |io|
    begin
      request(io)
      BEHAVIOUR
    rescue SystemCallError, IOError
    ensure
      io.close rescue nil
    end
  end
end
]]

local directory, servers, count = nil, {}, 0

local read = require("tests.support.text_file").read

local function write(name, text)
  local file = assert(io.open(directory .. "/" .. name, "w"))
  file:write(text)
  file:close()
end

-- Starts a server -> its port, and the path of what it was asked.
local function serve(behaviour)
  count = count + 1
  local name = "server" .. count
  write(name .. ".rb", (SERVER:gsub("BEHAVIOUR", function() return behaviour end)))
  local pipe = assert(io.popen(("exec ruby %s/%s.rb 2>%s/%s.log"):format(directory, name, directory, name)))
  local port, pid = pipe:read("n", "n")
  servers[#servers + 1] = { pipe = pipe, pid = assert(pid, "the server did not start") }
  return port, ("%s/%s.log"):format(directory, name)
end

-- has_vm of that CloudStack -> the error, once what holds for every answer is seen to.
local function ask(port, timeout)
  write("cpi.json", json.encode { cloudstack = { endpoint = ("http://127.0.0.1:%d/client/api"):format(port),
    api_key = "the-api-key-xyzzy", secret_access_key = "the-secret-xyzzy", request_timeout = timeout or 20 },
    agent = { mbus = "m" }, policies = { directory = directory } })
  write("request", '{"method":"has_vm","arguments":["cpivm-1"],"context":{"director_uuid":"d"}}')
  local limit = rig.build:find "asan" and "" or ("ulimit -v %d;"):format(MEMORY)
  local pipe = io.popen(("%s %s --config %s/cpi.json <%s/request 2>%s/stderr; echo \" $?\""):format(limit,
    rig.quote(rig.program "cpi"), directory, directory, directory))
  local text = pipe:read "a"
  pipe:close()
  local line, code = text:match "^([^\n]+)\n (%d+)\n$"
  assert.equal("0", code, text)
  local answer = assert(json.decode(line))
  if answer.error == json.null then return nil, answer.result end
  assert.equal("Bosh::Clouds::CloudError", answer.error.type)
  assert.is_false(answer.error.ok_to_retry)
  assert.is_true(#answer.error.message < 1000, "the body is not repeated")
  for _, words in ipairs { answer.error.message, read(directory .. "/stderr") } do
    assert.is_nil(words:find("xyzzy", 1, true), words)
  end
  return answer.error.message
end

describe("a hostile server", function()
  setup(function()
    directory = io.popen("mktemp -d"):read "l"
    write("retry.lua", "return { api = 1, decide = function() end }") -- nothing is tried again
  end)
  teardown(function()
    os.execute("rm -rf " .. directory)
  end)
  after_each(function()
    for _, server in ipairs(servers) do
      rig.kill(server.pid)
      server.pipe:close()
    end
    servers = {}
  end)

  local HEAD = [[io.write "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n"; ]]
  local harms = {
    { "a body without an end", HEAD .. [[io.write "Connection: close\r\n\r\n"; loop { io.write 'x' * 65536 }]], "larger than" },
    { "endless chunks", HEAD .. [[io.write "Transfer-Encoding: chunked\r\n\r\n"; loop { io.write "10000\r\n" + 'x' * 65536 + "\r\n" }]],
      "larger than" },
    { "a length beyond all bounds", HEAD .. [[io.write "Content-Length: 99999999999999\r\n\r\n{"; sleep]], "listVirtualMachines: " },
    { "headers without an end", [[io.write "HTTP/1.1 200 OK\r\n"; i = 0; loop { io.write "X-#{i += 1}: #{'x' * 1000}\r\n" }]],
      "listVirtualMachines: " },
    { "a header line without an end", [[io.write "HTTP/1.1 200 OK\r\nX: "; loop { io.write 'x' * 65536 }]], "listVirtualMachines: " },
    { "bytes that drip", HEAD .. [[io.write "Content-Length: 100000\r\n\r\n"; loop { io.write ' '; sleep 0.05 }]], "timed out after", 1 },
    { "headers that drip", [[io.write "HTTP/1.1 200 OK\r\nX: "; loop { io.write 'x'; sleep 0.05 }]], "timed out after", 1 },
    { "informal answers for ever", [[loop { io.write "HTTP/1.1 100 Continue\r\n\r\n"; sleep 0.001 }]], "timed out after", 1 },
    { "a gzip bomb", [[io.write "HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: 20\r\n\r\n\x1f\x8b" + 'x' * 18]],
      "HTTP 200 with" },
    { "no HTTP", [[io.write "SSH-2.0-OpenSSH_9.2\r\n" * 10]], "listVirtualMachines: " },
    { "nothing at all", "", "Empty reply from server" },
  }
  for _, harm in ipairs(harms) do
    it("that sends " .. harm[1] .. " is told of, soon", function()
      local message = ask(serve(harm[2]), harm[4])
      assert.truthy(message and message:find(harm[3], 1, true), message)
    end)
  end

  it("that sends 64 MB of JSON is read or refused, in bounded memory", function()
    local message, result = ask((serve(HEAD .. [[body = '{"listvirtualmachinesresponse":{"count":0,"filler":"' + 'x' * (64 << 20) + '"}}'
      io.write "Content-Length: #{body.bytesize}\r\n\r\n" + body]])))
    assert.truthy(result == false or message and message:find("larger than", 1, true), message)
  end)

  it("that leads elsewhere is not followed: nothing of ours gets there", function()
    local elsewhere, asked = serve [[io.write "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}"]]
    for _, status in ipairs { "301 Moved", "302 Found", "303 See Other", "307 Temporary Redirect", "308 Permanent Redirect" } do
      local port = serve(([[io.write "HTTP/1.1 %s\r\nLocation: http://127.0.0.1:%d/%s\r\nContent-Length: 0\r\n\r\n"]]):format(
        status, elsewhere, MARK))
      local message = ask(port)
      assert.truthy(message:find("HTTP " .. status:match "%d+", 1, true), message)
      local wanted = ("it leads to http://127.0.0.1:%d/%s; cloudstack.endpoint must be"):format(elsewhere, MARK)
      assert.truthy(message:find(wanted, 1, true), message)
    end
    assert.equal("", read(asked))
  end)

  describe("that says on purpose that it is not CloudStack", function()
    before_each(function() os.remove(directory .. "/retry.lua") end) -- our own policy
    after_each(function() write("retry.lua", "return { api = 1, decide = function() end }") end)

    for what, case in pairs {
      ["a redirect to https"] = { "301 Moved", [[Location: https://127.0.0.1/client/api\r\n]], "",
        "cloudstack.endpoint should be https://127.0.0.1/client/api" },
      ["a redirect with a password and a query"] = { "302 Found", [[Location: https://me:xyzzy@a.test/login?key=xyzzy\r\n]], "",
        "it leads to https://a.test/login;" },
      ["a redirect with control characters"] = { "307 Temporary", [[Location: /x\e[31m\r\n]], "", "/x?[31m;" },
      ["a path that is not known"] = { "404 Not Found", "", "<html>no</html>", "is not CloudStack's management server" },
      ["a page"] = { "200 OK", "", "<html>Sign in</html>", "HTTP 200 with Sign in" },
    } do
      it("is asked once: " .. what, function()
        local answer = [[io.write "HTTP/1.1 %s\r\n%sContent-Length: %d\r\n\r\n%s"]]
        local port, asked = serve(answer:format(case[1], case[2], #case[3], case[3]))
        local message = ask(port)
        assert.truthy(message:find(case[4], 1, true), message)
        assert.equal("POST /client/api HTTP/1.1\r\n", read(asked))
      end)
    end
  end)
end)
