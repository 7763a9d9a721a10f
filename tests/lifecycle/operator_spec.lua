-- The operator's commands as the program itself: what they say, how they end, and that explaining changes nothing.

local rig = require "rig"
local text_file = require "tests.support.text_file"

local SECRETS = { "mbus-secret", "env-password", "eyJ" }

-- A request for a VM of that size, as the director sends it.
local function create_vm(more)
  local request = { method = "create_vm", api_version = 2,
    context = { director_uuid = "d-1", request_id = "cpi-1", vm = { stemcell = { api_version = 3 } } },
    arguments = { "agent-1", "ubuntu-builtin", { cpu = 2, ram = 4096, disk = 10240 },
      { default = { type = "dynamic", cloud_properties = { name = "bosh-net" } } }, rig.json.array {},
      { bosh = { group = "bosh-cf-web", password = "env-password" } } } }
  for key, value in pairs(more or {}) do request[key] = value end
  return rig.json.encode(request)
end

local function writes(cloud)
  local list = {}
  for _, request in ipairs(cloud:requests()) do
    if not request.command:find "^list" and request.command ~= "queryAsyncJobResult" then list[#list + 1] = request.command end
  end
  return list
end

local function assert_clean(cloud, run)
  for _, secret in ipairs { cloud.secret_access_key, cloud.api_key, table.unpack(SECRETS) } do
    assert.is_nil((run.stdout .. run.stderr):find(secret, 1, true), secret)
  end
end

describe("cpi explain", function()
  local cloud
  setup(function() cloud = rig.start { store = true, config = { log = { level = "debug" } } } end)
  teardown(function() cloud:stop() end)

  it("tells look-ups, decisions, refused candidates and calls, and changes nothing", function()
    local run = cloud:command({ "explain", "-v" }, { stdin = create_vm() })
    assert.equal(0, run.exit, run.stderr)
    for _, words in ipairs { "create_vm, reads only: nothing is changed\n", "asks, at once\n", "\n  listZones\n    1: zone1\n",
      "decides service_offering by ", "\n    cpu = 2\n", "- shared.small             has 1 of 2 CPUs",
      "1 shared.medium            chosen", "would send\n  deployVirtualMachine\n", " bytes, not shown)",
      "would succeed, if CloudStack does as it is asked" } do
      assert.truthy(run.stdout:find(words, 1, true), words .. "\n" .. run.stdout)
    end
    assert.is_nil(run.stdout:find("\27", 1, true))
    assert.same({}, writes(cloud))
    assert.is_nil(io.open(cloud.store), "a store was made")
    assert_clean(cloud, run)
  end)

  it("begins with a plan, for a request and for a verb as call has it", function()
    local run = cloud:command({ "explain" }, { stdin = create_vm() })
    assert.equal(0, run.exit, run.stderr)
    assert.truthy(run.stdout:find("\n  service_offering: shared.medium, then shared.large", 1, true), run.stdout)
    run = cloud:command { "explain", "has_vm", "cpivm-1" }
    assert.same({ 0, "has_vm, reads only: nothing is changed\nwould succeed\n  result = false\n" }, { run.exit, run.stdout })
    assert.same({}, writes(cloud))
  end)

  it("reads a file, and says the same as JSON", function()
    local path = cloud.directory .. "/request.json"
    local file = assert(io.open(path, "w"))
    file:write(create_vm())
    file:close()
    local run = cloud:command { "explain", "--request", path, "--output", "json" }
    local told = rig.json.decode(run.stdout)
    assert.equal(0, run.exit)
    assert.is_false(told.certain)
    assert.equal("ask", told.events[1].kind)
    assert.is_true(#told.events > 5)
    assert_clean(cloud, run)
  end)

  it("ends with 1 where the request would fail, and says why", function()
    local run = cloud:command({ "explain", "--request=-" },
      { stdin = '{"method":"attach_disk","arguments":["cpivm-1","cpi-disk-1"],"context":{}}' })
    assert.equal(1, run.exit)
    assert.truthy(run.stdout:find("would fail\n  Bosh::Clouds::VMNotFound: ", 1, true), run.stdout)
  end)

  for what, row in pairs {
    ["no request"] = { { "explain" }, "", "Request cannot be deserialized, details: expected a value" },
    ["a file that is not there"] = { { "explain", "--request", "/nowhere" }, "", "/nowhere: No such file or directory" },
    ["what is no request"] = { { "explain", "--request", "-" }, "[]", "Request must be an Object, got: Array" },
    ["what is no JSON"] = { { "explain", "--request", "-" }, "{", "Request cannot be deserialized" },
    ["words"] = { { "explain", "x", "--request", "-" }, "{}", "a verb, or a request" },
    ["a configuration that is wrong"] = { { "explain", "--request", "-" },
      '{"method":"has_vm","arguments":["x"],"context":{"endpoint":"ftp://x"}}', "must be an http or https URL" },
  } do
    it("ends with 2 for " .. what, function()
      local run = cloud:command(row[1], { stdin = row[2] })
      assert.equal(2, run.exit)
      assert.equal("", run.stdout)
      assert.truthy(run.stderr:find(row[3], 1, true), run.stderr)
    end)
  end
end)

describe("cpi call", function()
  local cloud
  setup(function() cloud = rig.start { store = true } end)
  teardown(function() cloud:stop() end)

  it("does what the director does, and shows the answer to people", function()
    local run = cloud:command({ "call", "--request", "-" }, { stdin = create_vm() })
    assert.equal(0, run.exit, run.stderr)
    local cid = run.stdout:match "^create_vm\n  %- 1 = (cpivm%-%S+)\n"
    assert.truthy(cid, run.stdout)
    assert_clean(cloud, run)
    assert.equal("has_vm = true\n", cloud:command { "call", "has_vm", cid }.stdout)
    assert.equal("set_vm_metadata = done\n", cloud:command { "call", "set_vm_metadata", cid, '{"job":"web"}' }.stdout)
    local disk = cloud:command({ "call", "create_disk", "1024", "{}", cid }).stdout:match "^create_disk = (cpi%-disk%-%S+)\n"
    assert.truthy(disk)
    assert.equal("delete_disk = done\n", cloud:command { "call", "delete_disk", disk }.stdout)
    assert.equal("delete_vm = done\n", cloud:command { "call", "delete_vm", cid }.stdout)
    assert.equal("", cloud:journal())
  end)

  it("gives programs the line that the director gets", function()
    local run = cloud:command { "call", "has_vm", "cpivm-none", "--output", "json" }
    assert.equal('{"error":null,"log":"","result":false}\n', run.stdout)
    assert.equal(0, run.exit)
    run = cloud:command { "call", "attach_disk", "cpivm-none", "x", "--output=json" }
    local line = rig.json.decode(run.stdout)
    assert.equal(1, run.exit)
    assert.equal("Bosh::Clouds::VMNotFound", line.error.type)
    assert.equal(false, line.error.ok_to_retry)
  end)

  it("tells a failure with its type on stderr, and ends with 1", function()
    local run = cloud:command { "call", "attach_disk", "cpivm-none", "x" }
    assert.equal(1, run.exit)
    assert.equal("", run.stdout)
    assert.truthy(run.stderr:find("Bosh::Clouds::VMNotFound: ", 1, true), run.stderr)
  end)

  it("needs no configuration where the verb needs none", function()
    assert.equal(0, cloud:command({ "call", "info" }, { config = false }).exit)
    local run = cloud:command({ "call", "has_vm", "x" }, { config = false })
    assert.equal(2, run.exit)
    assert.truthy(run.stderr:find("cloudstack.endpoint is missing", 1, true), run.stderr)
  end)

  it("says how a verb is called whose arguments are wrong", function()
    local run = cloud:command { "call", "attach_disk", "cpivm-1" }
    assert.equal(1, run.exit)
    assert.equal("Bosh::Clouds::CpiError: argument disk_cid must be a string, got nothing\n"
      .. "it is called as attach_disk(vm_cid, disk_cid)\n", run.stderr)
  end)

  it("has a suggestion for a verb that there is not", function()
    local run = cloud:command { "call", "has_vn", "x" }
    assert.equal(2, run.exit)
    assert.equal("cpi: no verb is called 'has_vn' (did you mean 'has_vm'?)\n", run.stderr)
    assert.equal(2, cloud:command({ "call" }).exit)
    assert.equal(2, cloud:command({ "call", "has_vm", "--request", "-" }).exit)
  end)

  it("ends with 2 for a configuration that cannot be read", function()
    local run = cloud:command({ "call", "has_vm", "x" }, { config = "/nowhere/cpi.json" })
    assert.equal(2, run.exit)
    assert.equal("cpi: configuration /nowhere/cpi.json: No such file or directory\n", run.stderr)
  end)
end)

describe("a configuration that comes through a pipe", function()
  local cloud
  setup(function() cloud = rig.start {} end)
  teardown(function() cloud:stop() end)

  local function command_with(option, text)
    local pipe = assert(io.popen(("printf %%s %s | %s %s /dev/stdin call has_vm cpivm-1 2>/dev/null"):format(rig.quote(text),
      rig.quote(rig.program "cpi"), option)))
    local said = pipe:read "a"
    pipe:close()
    return said
  end

  it("is read once by each command", function()
    local config = rig.json.decode(text_file.read(cloud.config))
    assert.equal("has_vm = false\n", command_with("--config", rig.json.encode(config)))
    local clouds = { cpis = rig.json.array { { name = "east", properties = config } } }
    assert.equal("has_vm = false\n", command_with("--cpi-config", rig.json.encode(clouds)))
  end)
end)

describe("colour", function()
  local cloud
  setup(function() cloud = rig.start {} end)
  teardown(function() cloud:stop() end)

  -- The command on a terminal of its own, as script(1) makes one.
  local function on_a_terminal(setting)
    local pipe = io.popen(("%s script -qec %s /dev/null </dev/null"):format(setting,
      rig.quote(("%s --config %s policy list"):format(rig.program "cpi", cloud.config))))
    local text = pipe:read "a"
    pipe:close()
    return text
  end

  it("is on a terminal alone, and not where NO_COLOR forbids it", function()
    if os.execute "script -qec true /dev/null </dev/null >/dev/null 2>&1" then -- a chroot may have no terminals to give
      cloud:command { "policy", "list" }
      local directory = rig.policies { expunge = "return {" }
      local config = rig.json.decode(io.open(cloud.config):read "a")
      config.policies = { directory = directory }
      io.open(cloud.config, "w"):write(rig.json.encode(config)):close()
      assert.truthy(on_a_terminal(""):find("\27[31m", 1, true))
      assert.is_nil(on_a_terminal("NO_COLOR=1"):find("\27", 1, true))
      assert.truthy(on_a_terminal("NO_COLOR="):find("\27", 1, true))
    end
    assert.is_nil(cloud:command({ "policy", "list" }).stdout:find("\27", 1, true))
  end)
end)

describe("cpi doctor, cid and verify", function()
  local cloud
  setup(function() cloud = rig.start { store = true } end)
  teardown(function() cloud:stop() end)

  it("look and change nothing", function()
    local run = cloud:command { "doctor" }
    assert.equal(0, run.exit, run.stdout .. run.stderr)
    assert.truthy(run.stdout:find("ok       clock        both clocks agree within 1 s", 1, true), run.stdout)
    assert.truthy(run.stdout:find("will be made", 1, true), run.stdout)
    run = cloud:command { "cid", "ubuntu-builtin", "cpivm-1" }
    assert.equal(1, run.exit)
    assert.truthy(run.stdout:find("\n  stemcell ubuntu-builtin\n", 1, true), run.stdout)
    assert.equal(0, cloud:command({ "verify" }).exit)
    assert.same({}, writes(cloud))
    assert.is_nil(io.open(cloud.store), "a store was made")
  end)

  it("tell a wrong key from everything else", function()
    local config = rig.json.decode(io.open(cloud.config):read "a")
    config.cloudstack.secret_access_key = "another-secret-key"
    local path = cloud.directory .. "/wrong.json"
    io.open(path, "w"):write(rig.json.encode(config)):close()
    local run = cloud:command({ "doctor" }, { config = path })
    assert.equal(1, run.exit)
    assert.truthy(run.stdout:find("problem  signature    CloudStack refuses it", 1, true), run.stdout)
    assert.is_nil(run.stdout:find("another-secret-key", 1, true))
  end)

  it("end without a word where nobody reads on, as after `| head`", function()
    local script = [[cd %s; mkfifo unread; (exec 4<unread; exec 4<&-) & exec 5>unread; wait
      %s policy list >&5 2>unread.err; echo $? >unread.exit]]
    os.execute(("sh -c %s"):format(rig.quote(script:format(rig.quote(cloud.directory), rig.quote(rig.program "cpi")))))
    assert.equal("", io.open(cloud.directory .. "/unread.err"):read "a")
    assert.equal("1\n", io.open(cloud.directory .. "/unread.exit"):read "a")
  end)

  it("take one of several clouds from a file of the form of a cpi-config", function()
    local config = rig.json.decode(io.open(cloud.config):read "a")
    local path = cloud.directory .. "/clouds.yml"
    local lines = { "cpis:", "- name: here", "  properties:" }
    for _, name in ipairs { "endpoint", "api_key", "secret_access_key", "default_zone" } do
      lines[#lines + 1] = ("    %s: '%s'"):format(name, config.cloudstack[name])
    end
    lines[#lines + 1] = "- name: there\n  properties: {endpoint: 'http://127.0.0.1:1/client/api', api_key: k, secret_access_key: s}\n"
    io.open(path, "w"):write(table.concat(lines, "\n")):close()
    local run = cloud:command({ "doctor", "--cpi-config", path, "--cpi", "here" }, { config = false })
    assert.equal(0, run.exit, run.stdout .. run.stderr)
    assert.is_nil((run.stdout .. run.stderr):find(config.cloudstack.secret_access_key, 1, true))
    run = cloud:command({ "--cpi-config", path, "--cpi", "there", "list" })
    assert.truthy((run.stdout .. run.stderr):find("Failed to connect to 127.0.0.1 port 1", 1, true), run.stdout .. run.stderr)
    run = cloud:command({ "doctor", "--cpi-config=" .. path }, { config = false })
    assert.equal(2, run.exit)
    assert.truthy(run.stderr:find("which cpi? --cpi NAME; there are: here, there", 1, true), run.stderr)
  end)

  it("hold an installed tree against its list", function()
    local root = cloud.directory .. "/root"
    local log = io.popen(("make install BUILD=%s DESTDIR=%s PREFIX=/usr 2>&1"):format(rig.build, root))
    local told = log:read "a"
    assert.truthy(log:close(), told)
    local function verify()
      local pipe = io.popen(root .. "/usr/bin/cpi verify")
      local text = pipe:read "a"
      local _, _, code = pipe:close()
      return text, code
    end
    local text, code = verify()
    assert.equal(0, code, text)
    assert.truthy(text:find "ok       scripts      %d+ as they were installed\n", text)
    os.execute(("echo >>%s/usr/share/cloudstack_cpi/lua/made/names.lua; rm %s/usr/share/cloudstack_cpi/lua/verbs/has_vm.lua"):format(
      root, root))
    text, code = verify()
    assert.equal(1, code)
    assert.truthy(text:find("missing: verbs/has_vm.lua", 1, true), text)
    assert.truthy(text:find("not as they were installed: made/names.lua", 1, true), text)
  end)
end)

describe("cpi gc and journal", function()
  local cloud
  setup(function() cloud = rig.start { store = true } end)
  teardown(function() cloud:stop() end)

  it("say what is left, to people and to programs", function()
    assert.same({ 0, "nothing is left in the journal\n" }, { cloud:command({ "journal", "show" }).exit,
      cloud:command({ "journal", "show" }).stdout })
    local gc = { "gc", "--director", "d-1", "--older-than", "0s" }
    local before = #cloud:requests()
    assert.same({ exit = 0, stdout = "0 found, 0 left\n", stderr = "" }, cloud:command(gc))
    local asked
    for _, request in ipairs(cloud:requests(before)) do
      if request.command == "listCapabilities" then asked = request.status end
    end
    assert.equal(401, asked, "what has expired is refused: the clocks agree")
    local cid = cloud:cpi(create_vm()).response.result[1]
    local run = cloud:command(gc)
    assert.equal(1, run.exit)
    assert.truthy(run.stdout:find("leftover  vm       " .. cid, 1, true), run.stdout)
    assert.truthy(run.stdout:find("\n1 found, 1 left\n", 1, true), run.stdout)
    run = cloud:command { "gc", "--director", "d-1", "--older-than", "0s", "--apply", "--output", "json" }
    local told = rig.json.decode(run.stdout)
    assert.same({ 0, 0, "leftover", cid, "removed" }, { run.exit, told.left, told.found[1].is, told.found[1].cid, told.found[1].fate })
    assert.equal('{"entries":[],"left":0}\n', cloud:command({ "journal", "replay", "--output", "json" }).stdout)
  end)
end)

describe("an unknown command", function()
  it("is refused with a suggestion, whatever follows it", function()
    local cloud <close> = rig.start {}
    local run = cloud:command { "docter", "--output", "json" }
    assert.same({ 2, "cpi: there is no command 'docter' (did you mean 'doctor'?); `cpi --help` lists them\n" },
      { run.exit, run.stderr })
  end)
end)

describe("cpi repl", function()
  local cloud
  setup(function() cloud = rig.start { store = true } end)
  teardown(function() cloud:stop() end)

  local function say(text, ...) return cloud:command({ "repl", ... }, { stdin = text }) end

  it("answers expressions and statements, over several lines", function()
    local run = say "1 + 1\nx = 5\nfor i = 1, 2 do\nprint(i, x)\nend\n{ a = 1, b = 'y' }\n'it'\nnil\nprint 'end'"
    assert.equal("= 2\n1\t5\n2\t5\n=\n  a = 1\n  b = y\n= it\n= nil\nend\n", run.stdout)
    assert.equal("", run.stderr)
    assert.equal(0, run.exit)
  end)

  it("has the cpi, the client and the verbs", function()
    local run = say([[cloudstack:rows { "listZones", {}, rows = "zone" }[1].name
      call("has_vm", "cpivm-1")
      cpi.settings.cloudstack.default_zone
      cpi.decide("failed_vm", { vm = {}, error = {}, attempt = 1 })]])
    assert.equal("= zone1\n= false\n= zone1\n= destroy\n", run.stdout)
    assert.equal("", io.popen(("ls -d %s* 2>/dev/null"):format(cloud.store)):read "a")
  end)

  it("tells errors and goes on", function()
    local run = say "x y\n1 +\n1\nnothing_here\nerror 'mine'\ncall('has_vm', 5)\nos.exit()\n1"
    assert.equal("= 2\n= 1\n", run.stdout)
    for _, words in ipairs { "syntax error near 'y'", "prompt:1: undefined variable 'nothing_here'", "prompt:1: mine",
      "argument vm_cid must be a string", "undefined variable 'os'" } do
      assert.truthy(run.stderr:find(words, 1, true), words .. "\n" .. run.stderr)
    end
  end)

  local MAKE = [[cloudstack:job { "createVolume", { name = "x", size = 1,
    zoneid = cloudstack:rows({ "listZones", {}, rows = "zone" })[1].id,
    diskofferingid = cloudstack:rows({ "listDiskOfferings", { name = "shared.custom" }, rows = "diskoffering" })[1].id } }.volume.name]]

  it("sends no write, unless it is told to", function()
    local run = say(MAKE)
    assert.equal("", run.stdout)
    assert.equal("createVolume is not sent: only reads are allowed here; `cpi repl --write` allows more\n", run.stderr)
    assert.same({}, writes(cloud))
    assert.equal("= x\n", say(MAKE, "--write").stdout)
  end)
end)
