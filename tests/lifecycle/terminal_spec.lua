-- Every command on a cloud whose names hold what a terminal would act on: nothing of it is written, and no name makes a line
-- of its own.

local native = require "host_native"
local rig = require "rig"

local FORGED = "ok      forged"
-- ESC sequences, BEL, backspace, line ends, C1 as UTF-8 and as a byte would be, marks of direction, DEL.
local EVIL = "x\27[31m\27]0;title\7\8\r\n" .. FORGED .. "\n\194\155" .. "2J\194\133\226\128\174\226\129\166\226\128\168\127y"

-- What must not be in what a terminal gets.
local FORBIDDEN = { ["a control character"] = "[%z\1-\8\11-\31\127]", ["a C1 character"] = "\194[\128-\159]",
  ["a mark of direction"] = "\226\128[\142\143\168-\174]", ["an isolate"] = "\226\129[\160-\175]" }

local function assert_quiet(text, where)
  assert.truthy(utf8.len(text), where .. " is not UTF-8")
  for what, pattern in pairs(FORBIDDEN) do
    local at = text:find(pattern)
    assert.is_nil(at, ("%s is in %s: %q"):format(what, where, text:sub(math.max(1, (at or 1) - 200), (at or 1) + 40)))
  end
  assert.is_nil(("\n" .. text):find("\n%s*" .. FORGED), where .. " has a forged line:\n" .. text)
end

local WORLD = {
  service_offerings = { { name = EVIL, cpu = 2, mhz = 1000, memory = 4096, displaytext = EVIL } },
  disk_offerings = { { name = EVIL, size = 20, displaytext = EVIL } },
  networks = { { name = EVIL, zone = "zone1", type = "Isolated", cidr = "10.9.0.0/24", gateway = "10.9.0.1", account = "bosh",
    displaytext = EVIL } },
}

local function request(method, ...)
  return rig.json.encode { method = method, api_version = 2, arguments = rig.json.array { ... },
    context = { director_uuid = "d-1", request_id = "cpi-1" .. EVIL } }
end

-- What CloudStack itself takes for a name: it refuses ASCII's control characters in parameters.
local TAKEN = "x" .. FORGED .. "\194\155" .. "2J\194\133\226\128\174\226\129\166\226\128\168y"

local function create_vm(properties, group)
  return request("create_vm", "agent-1", "ubuntu-builtin", properties,
    { [EVIL] = { type = "dynamic", cloud_properties = { name = EVIL } } }, rig.json.array {},
    { bosh = { group = group or EVIL, groups = { group or EVIL } } })
end

describe("names that hold what a terminal acts on", function()
  local cloud, directory, vm
  setup(function()
    cloud = rig.start { store = true, world = WORLD, config = { log = { level = "debug" } } }
    local made = cloud:cpi(create_vm({ cpu = 2, ram = 4096 }, TAKEN))
    vm = (made.response.result ~= rig.json.null and made.response.result or error(made.stdout .. made.stderr))[1]
    local ids = cloud:api("listVirtualMachines", { name = vm }).virtualmachine
    cloud:api("updateVirtualMachine", { id = ids[1].id, displayname = TAKEN })
    cloud:api("createTags", { resourceids = ids[1].id, resourcetype = "UserVm", ["tags[0].key"] = "k" .. TAKEN,
      ["tags[0].value"] = TAKEN })
    cloud:api("createSSHKeyPair", { name = TAKEN })
    directory = rig.policies {
      service_offering = ("return { api = 1, decide = function(facts, default) return default(facts), %q end }"):format(EVIL),
      names = ("return { api = 1, decide = function() return nil, %q end }"):format(EVIL),
      ["retry" .. EVIL:gsub("%c", "_"):gsub("/", "_")] = "return {",
      expunge = ("error(%q)"):format(EVIL),
      a_test = ("test(%q, function() error(%q) end) test('b', function() print(%q) end)"):format(EVIL, EVIL, EVIL),
    }
    assert(native.store.open(cloud.store))
    assert(native.store.put("journal", "k1", rig.json.encode { kind = EVIL, name = EVIL, at = EVIL, verb = EVIL,
      request = EVIL, director = EVIL, vm = EVIL, id = EVIL }))
  end)
  teardown(function() cloud:stop() end)

  -- Words of a command, and what it reads.
  local function each(visit)
    local facts = cloud.directory .. "/facts.json"
    local file = io.open(facts, "w")
    file:write(cloud:command({ "policy", "facts", "names", "--example" }).stdout):close()
    for _, one in ipairs {
      { { "doctor" } }, { { "doctor", "--output", "json" } }, { { "explain" }, create_vm { cpu = 2, ram = 4096 } },
      { { "explain", "--output", "json" }, create_vm { cpu = 2, ram = 4096 } },
      { { "explain" }, create_vm { compute_offering = EVIL } }, { { "explain" }, create_vm { compute_offering = EVIL .. "!" } },
      { { "explain" }, request("delete_vm", vm) }, { { "explain" }, request(EVIL) }, { { "explain" }, EVIL },
      { { "gc", "--director", "d-1", "--older-than", "0s" } }, { { "gc", "--director", EVIL } },
      { { "gc", "--director", "d-1", "--older-than", EVIL } },
      { { "journal", "show" } }, { { "journal", "show", "--output", "json" } }, { { "journal", "replay", "--director", EVIL } },
      { { "list" } }, { { "list", "--output", "json" } }, { { "list", EVIL } }, { { "list", "--director", EVIL } },
      { { "cid", "--history", vm, EVIL } }, { { "validate", "--network", EVIL } },
      { { "validate", "--yes", "--anyway", "--network", EVIL } },
      { { "cid", vm, EVIL, "cpivm-" .. EVIL } }, { { "cid", vm, "--output", "json" } },
      { { "policy", "list" } }, { { "policy", "check", directory } }, { { "policy", "test", directory } },
      { { "policy", "check", directory, "--output", "json" } }, { { "policy", "test", directory, "--output", "json" } },
      { { "policy", "check", EVIL } }, { { "policy", "facts", EVIL } }, { { "policy", "facts", "names" } },
      { { "policy", "try", "names", "--facts", facts, directory } }, { { "policy", "try", EVIL, "--facts", EVIL } },
      { { "keypair", "list" } }, { { "keypair", "delete", EVIL .. "2" } }, { { "keypair", "create", EVIL } },
      { { "call", "has_vm", EVIL } }, { { "call", "create_disk", "1024", '{"disk_offering":"none"}', EVIL } },
      { { "call", EVIL } }, { { "call", "create_vm", EVIL, EVIL, EVIL, EVIL, EVIL, EVIL } },
      { { "permissions", "role", EVIL } }, { { "completion", "bash" } }, { { "completion", EVIL } }, { { "verify" } },
      { { EVIL } }, { { "help", EVIL } }, { { "doctor", "--" .. EVIL } },
      { { "repl" }, "cpi.settings\nerror(cloudstack:rows({ 'listNetworks', {}, rows = 'network' })[1].name)\nprint(cloudstack:rows"
        .. " { 'listServiceOfferings', {}, rows = 'serviceoffering' }[1].name)\ncloudstack:rows { 'listNetworks', {}, rows = 'network' }"
        .. "\nx = '" .. EVIL:gsub("[\r\n]", "") .. "' y" },
    } do visit(table.unpack(one)) end
  end

  it("are escaped in what every command writes", function()
    local seen = 0
    each(function(words, stdin)
      local run = cloud:command(words, { stdin = stdin })
      local where = ("`cpi %s`"):format(table.concat(words, " "):gsub("%c", "?"))
      assert_quiet(run.stdout, where)
      assert_quiet(run.stderr, where .. "'s stderr")
      if run.stdout:find("\\u001b", 1, true) or run.stdout:find("\\27", 1, true) then seen = seen + 1 end
      for _, option in ipairs(words) do
        local last = run.stdout:match "([^\n]*)\n$" -- behind what a test prints
        if option == "json" then assert.truthy(last and rig.json.decode(last), where .. ": " .. run.stdout .. run.stderr) end
      end
    end)
    assert.is_true(seen > 8, seen .. " commands have shown such a name")
  end)

  it("are escaped on a terminal, which has our colours and no others", function()
    if not os.execute "script -qec true /dev/null </dev/null >/dev/null 2>&1" then return end
    local coloured = 0
    each(function(words, stdin)
      if words[1] == "repl" then return end -- which waits for a person
      local line = { rig.quote(rig.program "cpi"), "--config", rig.quote(cloud.config) }
      for _, word in ipairs(words) do line[#line + 1] = rig.quote(word) end
      local input = cloud.directory .. "/terminal.in"
      io.open(input, "w"):write(stdin or ""):close()
      local script = cloud.directory .. "/terminal.sh"
      io.open(script, "w"):write(table.concat(line, " ") .. " <" .. rig.quote(input) .. "\n"):close()
      local pipe = io.popen("script -qec " .. rig.quote("sh " .. script) .. " /dev/null </dev/null")
      local text = pipe:read "a"
      pipe:close()
      local plain, colours = text:gsub("\r\n", "\n"):gsub("\27%[%d*m", "")
      coloured = coloured + colours
      assert_quiet(plain, ("`cpi %s` on a terminal"):format(table.concat(words, " "):gsub("%c", "?")))
      assert.is_nil(text:find("\27[31m\\u001b", 1, true) and text:find("x\27[31m", 1, true))
    end)
    assert.is_true(coloured > 10)
  end)

  it("are escaped in log lines", function()
    for _, text in ipairs { create_vm { cpu = 2, ram = 4096 }, create_vm { compute_offering = EVIL }, request("has_vm", EVIL),
      request(EVIL), request("delete_vm", vm) } do
      local run = cloud:cpi(text)
      assert_quiet(run.stderr, "stderr")
      assert.truthy(run.response)
    end
  end)
end)
