local native = require "host_native"
local new_trial = require("operator.trial").new
local operator = require "tests.support.operator"

local trial

-- What the prompt says to these lines. options: arguments, tty.
local function say(text, options)
  options = options or {}
  local lines, out, err, vowed = {}, {}, {}, false
  for line in (text .. "\n"):gmatch "(.-)\n" do lines[#lines + 1] = line end
  local code, _, complaint = operator.on(trial, "repl", options.arguments or {}, {
    read_only = function() vowed = true end,
    compile = function(chunk, name, globals) return load(chunk, name, "t", globals) end,
    console = { tty = options.tty, clean = native.console.clean, read = function(prompt)
        if options.tty then out[#out + 1] = prompt end
        return table.remove(lines, 1)
      end,
      write = function(words) out[#out + 1] = words return true end, error = function(words) err[#err + 1] = words end },
    cloudstack = { open = function() end, send = function(requests)
      for _, request in ipairs(requests) do
        if vowed and not request.command:find "^list" then error(request.command .. " is not sent: only reads are allowed here", 0) end
      end
      return trial.sim.send(requests)
    end },
  })
  return table.concat(out), table.concat(err) .. (complaint or ""), code, vowed
end

before_each(function() trial = new_trial { host = native } end)

describe("cpi repl", function()
  it("shows expressions, statements and tables, over several lines", function()
    local out, err, code = say "1 + 1\nx = 5\nfor i = 1, 2 do\nprint(i, x)\nend\n{ a = 1, b = 'y' }\n'it'\nnil\n1, nil, 3"
    assert.equal("= 2\n1\t5\n2\t5\n=\n  a = 1\n  b = y\n= it\n= nil\n= 1\n= nil\n= 3\n", out)
    assert.same({ "", 0 }, { err, code })
  end)

  it("has the client, the cpi, JSON and the verbs", function()
    local out, err = say('cloudstack:rows { "listZones", {}, rows = "zone" }[1].name\ncall("has_vm", "cpivm-1")\n'
      .. 'cpi.settings.cloudstack.default_zone\njson.encode { 1 }\nhelp()')
    assert.equal("", err)
    assert.matches("^= zone1\n= false\n= zone1\n= %[1%]\ncloudstack:rows", out)
  end)

  it("tells errors, and goes on with an empty line", function()
    local out, err, code = say "x y\n1\nnothing_here\nerror 'mine'\ncall('has_vm', 5)\n2"
    assert.same({ "= 1\n= 2\n", 0 }, { out, code })
    for _, words in ipairs { "syntax error near 'y'\n", "undefined variable 'nothing_here'\n", "prompt:1: mine\n",
      "argument vm_cid must be a string, got 5\n" } do
      assert.truthy(err:find(words, 1, true), words .. "\n" .. err)
    end
  end)

  local WRITE = 'cloudstack:call("createTags", { resourceids = "x", resourcetype = "UserVm", ["tags[0].key"] = "k" })'

  it("is in a host that only reads, and says how more is allowed", function()
    local out, err, _, vowed = say(WRITE)
    assert.is_true(vowed)
    assert.same({ "", "createTags is not sent: only reads are allowed here; `cpi repl --write` allows more\n" }, { out, err })
  end)

  it("makes no file while it only reads", function()
    trial = new_trial { host = native, store = true }
    local opened = 0
    trial.host.store.open = function() opened = opened + 1 return true end
    say 'cpi.store.put("cache", "k", "v")'
    assert.equal(0, opened)
    assert.same({}, trial.store.cache or {})
    say('cpi.store.put("cache", "k", "v")', { arguments = { "--write" } })
    assert.equal(1, opened)
    assert.equal("v", trial.store.cache.k)
  end)

  it("sends all with --write", function()
    local _, err, _, vowed = say(WRITE, { arguments = { "--write" } })
    assert.is_false(vowed)
    assert.is_nil(err:find("is not sent", 1, true))
    assert.equal("createTags", trial.requests()[1].command)
  end)

  it("prompts on a terminal, and says there what it may do", function()
    assert.equal("Lua, reads only (--write allows more); help() says what there is\n> >> >> > \n",
      (say("for i = 1, 1 do\n\nend", { tty = true })))
    assert.matches("^Lua; help%(%)", (say("", { tty = true, arguments = { "--write" } })))
  end)

  it("ends with 2 for words", function()
    local _, err, code = say("1", { arguments = { "x" } })
    assert.equal(2, code)
    assert.truthy(err:find("unknown argument 'x'", 1, true), err)
  end)
end)
