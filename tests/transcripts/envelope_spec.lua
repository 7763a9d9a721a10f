-- stdin to stdout: whatever comes in, exactly one valid envelope goes out, with the right class, and exit 0.
-- No CloudStack is needed: nothing here gets that far.

local json = require("host_native").json
local text_file = require "tests.support.text_file"

local BUILD = os.getenv "CPI_BUILD" or "build"
local directory

local read, write = text_file.read, text_file.write

-- Runs the CPI in a shell line with "$CPI" for the program; answers stdout, stderr and the exit code.
local function run(stdin, line)
  write(directory .. "/in", stdin)
  local command = ("CPI=%s/cpi; cd . && %s <%s/in >%s/out 2>%s/err"):format(BUILD, line or '"$CPI"', directory, directory, directory)
  local _, _, code = os.execute(command)
  return read(directory .. "/out"), read(directory .. "/err"), code
end

local function envelope(stdin, line)
  local out, err, code = run(stdin, line)
  assert.equal(0, code, err)
  assert.equal(1, select(2, out:gsub("\n", "")), "not one line: " .. out)
  local answer = assert(json.decode(out))
  local keys = {}
  for key in pairs(answer) do keys[#keys + 1] = key end
  table.sort(keys)
  assert.same({ "error", "log", "result" }, keys)
  assert.equal("", answer.log)
  return answer, err, out
end

local function failure(stdin, line)
  local answer, err = envelope(stdin, line)
  assert.equal(json.null, answer.result)
  assert.is_string(answer.error.message)
  assert.is_boolean(answer.error.ok_to_retry)
  return answer.error, err
end

local function request(method, arguments, more)
  return ('{"method":%s,"arguments":%s,"context":{"director_uuid":"d"}%s}'):format(method, arguments or "[]", more or "")
end

describe("the envelope", function()
  setup(function() directory = io.popen("mktemp -d"):read "l" end)
  teardown(function() os.execute("rm -rf " .. directory) end)

  describe("of a request that is malformed is a CpiError:", function()
    local cases = {
      ["nothing at all"] = "", ["white space"] = " \n ", ["no JSON"] = "hello", ["half of it"] = '{"method":"info"',
      ["two documents"] = request '"info"' .. request '"info"', ["a byte order mark"] = "\239\187\191" .. request '"info"',
      ["an array"] = "[]", ["a string"] = '"info"', ["null"] = "null",
      ["no method"] = '{"arguments":[],"context":{"director_uuid":"d"}}', ["a method that is a number"] = request "5",
      ["a method that is null"] = request "null", ["no arguments"] = '{"method":"info","context":{"director_uuid":"d"}}',
      ["arguments that are an object"] = request('"info"', "{}"), ["arguments that are null"] = request('"info"', "null"),
      ["a context that is a list"] = '{"method":"info","arguments":[],"context":[]}',
      ["an api_version that is a string"] = request('"info"', "[]", ',"api_version":"2"'),
      ["an api_version that is a fraction"] = request('"info"', "[]", ',"api_version":2.5'),
      ["invalid UTF-8"] = request('"has_vm"', '["\255\254"]'), ["a lone surrogate"] = request('"has_vm"', '["\\ud800"]'),
      ["a raw control character"] = request('"has_vm"', '["a\1b"]'), ["a leading zero"] = request('"has_vm"', "[01]"),
      ["NaN"] = request('"has_vm"', "[NaN]"), ["a number that is too large"] = request('"has_vm"', "[1e400]"),
      ["deep nesting"] = request('"has_vm"', ("["):rep(5000) .. ("]"):rep(5000)),
      ["deep nesting that never ends"] = ("["):rep(1000000), ["NUL bytes"] = ("\0"):rep(100),
    }
    for what, stdin in pairs(cases) do
      it(what, function() assert.equal("Bosh::Clouds::CpiError", failure(stdin).type) end)
    end

    it("64 MB", function()
      local text = request('"has_vm"', '["' .. ("x"):rep(64 * 1024 * 1024) .. '"]')
      assert.equal("Bosh::Clouds::CpiError", failure(text).type)
    end)
  end)

  it("of a request whose names are no texts says so, for every method", function()
    for _, name in ipairs { "request_id", "director_uuid" } do
      for value, is_wrong in pairs { ["null"] = false, ["5"] = false, ["1.5"] = false, ['"x"'] = false, ["true"] = true, ["{}"] = true,
        ["[]"] = true, ['{"a":[1]}'] = true } do
        local text = ('{"method":"info","arguments":[],"context":{"%s":%s}}'):format(name, value)
        if is_wrong then
          local err = failure(text)
          assert.equal("Bosh::Clouds::CpiError", err.type)
          assert.truthy(err.message:find(("^'context': %s must be a String, got: "):format(name)), err.message)
        else
          assert.equal(3, envelope(text).result.api_version, text)
        end
      end
    end
  end)

  it("of an unknown method is NotImplemented, in the words that callers know", function()
    for _, method in ipairs { "create_everything", "../cpi", "Info", "verbs.info", "", ("x"):rep(10000), "info\\u0000" } do
      local err = failure(request('"' .. method .. '"'))
      assert.equal("Bosh::Clouds::NotImplemented", err.type, method)
      assert.equal("Method is not known, got", err.message:sub(1, 24))
    end
  end)

  it("of info answers version and formats, with every version in the request and with none", function()
    for _, more in ipairs { "", ',"api_version":1', ',"api_version":2', ',"api_version":3' } do
      local answer = envelope(request('"info"', "[]", more))
      assert.equal(3, answer.result.api_version)
      assert.equal("integer", math.type(answer.result.api_version))
      assert.is_true(json.is_array(answer.result.stemcell_formats))
    end
  end)

  it("of info does not need a configuration that can be read", function()
    write(directory .. "/broken.json", "{ this is no JSON")
    for _, file in ipairs { "/nonexistent", directory .. "/broken.json", directory } do
      assert.equal(3, envelope(request '"info"', ('"$CPI" --config %s'):format(file)).result.api_version)
    end
  end)

  it("of other methods names what is wrong with the configuration", function()
    write(directory .. "/broken.json", "{ this is no JSON")
    write(directory .. "/wrong.json", '{"cloudstack":{"endpiont":"http://x/","secret_access_key":"5ecret"},"ntp":"pool"}')
    local has_vm = request('"has_vm"', '["cpivm-1"]')
    assert.truthy(failure(has_vm, '"$CPI" --config /nonexistent/cpi.json').message:find("/nonexistent/cpi.json", 1, true))
    assert.truthy(failure(has_vm, ('"$CPI" --config %s/broken.json'):format(directory)).message:find "broken.json")
    local err = failure(has_vm, ('"$CPI" --config %s/wrong.json'):format(directory))
    assert.equal("Bosh::Clouds::CpiError", err.type)
    for _, words in ipairs { "cloudstack.endpiont is not known (did you mean 'endpoint'?)", "cloudstack.endpoint is missing",
      "cloudstack.api_key is missing", "ntp must be a list of strings" } do
      assert.truthy(err.message:find(words, 1, true), words .. " is not in: " .. err.message)
    end
    assert.is_nil(err.message:find("5ecret", 1, true))
  end)

  it("takes the configuration's name from CPI_CONFIG too", function()
    local err = failure(request('"has_vm"', '["x"]'), 'CPI_CONFIG=/nonexistent/by-variable "$CPI"')
    assert.truthy(err.message:find("/nonexistent/by-variable", 1, true))
  end)

  it("takes context over file, and a secret from the context", function()
    write(directory .. "/file.json", '{"cloudstack":{"endpoint":"ftp://file/"}}')
    local text = '{"method":"has_vm","arguments":["x"],"context":{"director_uuid":"d","api_key":"k",'
      .. '"secret_access_key":"from-context","endpoint":7}}'
    local err = failure(text, ('"$CPI" --config %s/file.json'):format(directory))
    assert.truthy(err.message:find("context: cloudstack.endpoint must be an http or https URL", 1, true), err.message)
    assert.is_nil(err.message:find("secret_access_key is missing", 1, true))
  end)

  it("is written even when memory runs out", function()
    if BUILD:find "asan" then return end -- a sanitizer's shadow memory does not fit
    local text = request('"has_vm"', '["' .. ("x"):rep(3 * 1024 * 1024) .. '"]')
    for _, room in ipairs { 8000, 10000, 12000, 14000 } do
      local err = failure(text, ('(ulimit -v %d; "$CPI")'):format(room))
      assert.equal("Bosh::Clouds::CpiError", err.type)
      assert.truthy(err.message:find("not enough memory", 1, true), err.message)
    end
  end)

  -- Processor seconds and KB of address space: many times what these take, and a fraction of what they took.
  it("costs in proportion to the request, whatever that is full of", function()
    if BUILD:find "asan" then return end
    write(directory .. "/far.json", [[{"cloudstack":{"endpoint":"http://127.0.0.1:1/","api_key":"k","secret_access_key":"s"},
      "agent":{"mbus":"m"},"policies":{"directory":"]] .. directory .. [[/none"}}]])
    os.execute(("mkdir -p %s/none"):format(directory))
    write(directory .. "/none/retry.lua", "return { api = 1, decide = function() end }")
    local function many(count, make)
      local list = {}
      for i = 1, count do list[i] = make(i) end
      return table.concat(list, ",")
    end
    local create = '["agent","light-x",{%s},{"a":{"type":"dynamic","cloud_properties":{"name":"n"}%s}},[%s],{%s}]'
    for what, text in pairs {
      ["disks"] = create:format("", "", many(150000, function() return '"cpi-disk-1234567"' end), ""),
      ["cloud_properties"] = create:format(many(200000, function(i) return ('"k%07d":1'):format(i) end), "", "", ""),
      ["networks"] = create:format("", many(200000, function(i) return (',"k%07d":1'):format(i) end):gsub(",,", ","), "", ""),
      ["secrets"] = create:format("", "", "", '"bosh":{"x":[' .. many(200000, function(i) return ('"word%08d"'):format(i) end) .. "]}"),
      ["metadata of numbers"] = create:format("", "", "", '"bosh":{"x":[' .. many(1500000, function() return "1" end) .. "]}"),
    } do
      local err = failure(request('"create_vm"', text), ('(ulimit -t 30; ulimit -v 400000; "$CPI" --config %s/far.json)'):format(directory))
      assert.is_true(err.message ~= "not enough memory" and #err.message < 17000, what .. ": " .. err.message:sub(1, 200))
    end
  end)

  it("is not read beyond 4 MB", function()
    local err = failure(request('"has_vm"', '["' .. ("x"):rep(4 << 20) .. '"]'))
    assert.truthy(err.message:find("it is larger than 4194304 bytes", 1, true), err.message)
  end)

  it("is written when a site's policy searches a text for ever", function()
    os.execute(("mkdir -p %s/policies"):format(directory))
    write(directory .. "/policies/retry.lua", [[return { api = 1, decide = function()
      return ("a"):rep(300):find(("a*"):rep(30) .. "\0")
    end }]])
    write(directory .. "/endless.json", ([[{"cloudstack":{"endpoint":"http://127.0.0.1:1/","api_key":"k",
      "secret_access_key":"s"},"agent":{"mbus":"m"},"policies":{"directory":"%s/policies"}}]]):format(directory))
    local err = failure(request('"has_vm"', '["cpivm-1"]'), ('"$CPI" --config %s/endless.json'):format(directory))
    assert.equal("Bosh::Clouds::CpiError", err.type)
    assert.truthy(err.message:find("policies/retry.lua: ran for more than 5 s in one call into a library", 1, true), err.message)
  end)

  it("is written when a Lua file is missing or broken, and says which", function()
    os.execute(("mkdir -p %s/tree/bin && cp %s/cpi %s/tree/bin/ && cp -r lua %s/tree/lua"):format(directory, BUILD, directory, directory))
    local program = ('"%s/tree/bin/cpi"'):format(directory)
    assert.equal(3, envelope(request '"info"', program).result.api_version)

    write(directory .. "/tree/lua/verbs/ping.lua", "return function(")
    local err = failure(request '"ping"', program)
    assert.equal("Bosh::Clouds::CpiError", err.type)
    assert.truthy(err.message:find("ping.lua:1", 1, true), err.message)

    write(directory .. "/tree/lua/verbs/ping.lua", "return function() local x; return x.y end")
    local stderr
    err, stderr = failure(request '"ping"', program)
    assert.truthy(err.message:find("ping.lua:1", 1, true), err.message)
    assert.truthy(stderr:find("traceback", 1, true))

    write(directory .. "/tree/lua/verbs/ping.lua", "return function() error({}) end")
    assert.equal("Bosh::Clouds::CpiError", failure(request '"ping"', program).type)

    write(directory .. "/tree/lua/verbs/ping.lua", "return function() return function() end end")
    assert.equal("Bosh::Clouds::CpiError", failure(request '"ping"', program).type)

    os.remove(directory .. "/tree/lua/errors.lua")
    assert.equal("Bosh::Clouds::CpiError", failure(request '"ping"', program).type)
    os.remove(directory .. "/tree/lua/cpi.lua")
    assert.equal("Bosh::Clouds::CpiError", failure(request '"ping"', program).type)
  end)

  it("cannot be written to a closed stdout, which the exit code says", function()
    local _, err, code = run(request '"info"', 'sh -c "\"$CPI\" >&-"')
    assert.not_equal(0, code)
    assert.truthy(#err > 0)
  end)

  it("is not mixed with anything else that is written to stdout", function()
    os.execute(("mkdir -p %s/loud/bin && cp %s/cpi %s/loud/bin/ && cp -r lua %s/loud/lua"):format(directory, BUILD, directory, directory))
    write(directory .. "/loud/lua/verbs/ping.lua", "return function(cpi) cpi.log.info('%s', 'not on stdout') return 'pong' end")
    local answer, err = envelope(request '"ping"', ('"%s/loud/bin/cpi"'):format(directory))
    assert.equal("pong", answer.result)
    assert.truthy(err:find("not on stdout", 1, true))
  end)
end)

describe("the program", function()
  setup(function() directory = io.popen("mktemp -d"):read "l" end)
  teardown(function() os.execute("rm -rf " .. directory) end)

  it("says what it is and how it is used", function()
    local out, _, code = run("", '"$CPI" --help')
    assert.equal(0, code)
    assert.truthy(out:find("--config", 1, true))
    out, _, code = run("", '"$CPI" --version')
    assert.equal(0, code)
    assert.truthy(out:find "%d+%.%d+%.%d+")
  end)

  it("refuses unknown options and commands with exit code 2", function()
    for _, arguments in ipairs { "--confg x", "--config", "jurnal", "../verbs/info" } do
      local _, err, code = run("", '"$CPI" ' .. arguments)
      assert.equal(2, code, arguments)
      assert.truthy(#err > 0)
    end
  end)

  it("takes --config after the command too, but not after --", function()
    for _, arguments in ipairs { "--config /absent call has_vm x", "call has_vm x --config=/absent", "call --config /absent has_vm x" } do
      local _, err, code = run("", '"$CPI" ' .. arguments)
      assert.equal(2, code, arguments)
      assert.truthy(err:find("/absent: No such file", 1, true), err)
    end
    local _, err = run("", '"$CPI" call has_vm x -- --config=/absent')
    assert.falsy(err:find("/absent", 1, true))
  end)

  it("tells of a configuration that is not there as no bug of its own", function()
    local answer, err = run(request('"has_vm"', '["x"]'), '"$CPI" --config /absent')
    assert.truthy(answer:find('"message":"configuration /absent: No such file or directory"', 1, true), answer)
    assert.falsy(err:find("traceback", 1, true))
  end)
end)
