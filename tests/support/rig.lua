-- The whole thing on a bench: cpi-server sim in the background, and the CPI as its own process for each request.
--
--   local cloud <close> = rig.start { role = "bosh", store = true }
--   local run = cloud:cpi { method = "info", arguments = {}, context = {} }
--
-- CPI_BUILD names the build to use (build by default; build/asan for the one with sanitizers).

local circumstances = require "tests.support.circumstances"
local native = require "host_native"
local text_file = require "tests.support.text_file"

local rig = { json = native.json, sha256 = native.bytes.sha256, now = native.clock.now, build = os.getenv "CPI_BUILD" or "build" }
rig.__index = rig

local json, clock = native.json, native.clock
local START_SECONDS, STOP_SECONDS, TURN = 20, 15, 0.005

-- ---------------------------------------------------------------------------------------------------------
-- the machine: files, processes, waiting

-- A word for the shell, whatever is in it.
function rig.quote(text) return "'" .. tostring(text):gsub("'", "'\\''") .. "'" end
local quote = rig.quote

local read, write = text_file.read_any, text_file.write

local output_of = require("tests.support.shell").output_of

local function new_directory()
  local path = output_of("mktemp -d"):match "%S+"
  return assert(path, "mktemp -d made no directory")
end

-- Asks again and again until the condition holds; answers its value, or raises when the seconds are over.
function rig.wait(condition, seconds)
  local deadline = clock.now() + seconds
  while true do
    local value = condition()
    if value then return value end
    if clock.now() > deadline then error(("waited %s s in vain"):format(seconds), 2) end
    clock.sleep(TURN)
  end
end

local function number_in(path) return tonumber(read(path):match "^%d+\n") end

-- Starts a command line in the background. NAME.pid is its process, NAME.exit its exit code once it has ended.
-- A shell waits for it, so that nobody else has to. Of what had the name before nothing stays.
local function start(directory, name, line, files)
  local base = directory .. "/" .. name
  for _, kept in ipairs { ".pid", ".exit", ".out" } do os.remove(base .. kept) end
  local inner = ("echo $$ >%s; exec %s"):format(quote(base .. ".pid"), line)
  local waiter = "{ sh -c %s %s; echo $? >%s; } >/dev/null 2>&1 </dev/null &"
  os.execute(waiter:format(quote(inner), files, quote(base .. ".exit")))
  return rig.wait(function() return number_in(base .. ".pid") end, START_SECONDS)
end

local function is_gone(pid)
  local state = read(("/proc/%d/stat"):format(pid)):match "%) (%a)"
  return not state or state == "Z"
end

-- kill -9, and back when the process is gone.
function rig.kill(pid)
  os.execute(("kill -9 %d 2>/dev/null"):format(pid))
  rig.wait(function() return is_gone(pid) end, 5)
end

-- The path of a program of ours, wherever it is called from.
function rig.program(name)
  local path = ("%s/%s"):format(rig.build, name)
  return path:find "^/" and path or output_of("pwd"):match "[^\n]+" .. "/" .. path
end

-- A directory of site policies: { retry = "return { ... }" } -> its path. It goes when the program ends.
local policy_directories = setmetatable({}, { __gc = function(list)
  for _, path in ipairs(list) do os.execute("rm -rf " .. quote(path)) end
end })

function rig.policies(texts)
  local path = new_directory()
  policy_directories[#policy_directories + 1] = path
  for name, text in pairs(texts) do write(("%s/%s.lua"):format(path, name), text) end
  return path
end

-- ---------------------------------------------------------------------------------------------------------
-- start and stop

local function is_list(value) return #value > 0 or json.is_array(value) end

-- Lays the changes over the table, key by key; lists are replaced.
local function overlay(onto, changes)
  for key, value in pairs(changes or {}) do
    if type(value) == "table" and type(onto[key]) == "table" and not is_list(value) then
      overlay(onto[key], value)
    else
      onto[key] = value
    end
  end
  return onto
end

local function account_for(accounts, role)
  for _, account in ipairs(accounts) do
    if account.account == role then return account end
  end
  for _, account in ipairs(accounts) do
    if account.role == role then return account end
  end
  error(("the simulator has no account or role '%s'"):format(role))
end

local function start_server(self, options)
  local line = { quote(self.build .. "/cpi-server"), "sim --listen " .. (options.listen or "127.0.0.1:0") }
  local world = options.world
  if type(world) ~= "string" and not circumstances.are_usual() then world = circumstances.world(world) end
  if type(world) == "table" then world = write(self.directory .. "/world.json", json.encode(world)) end
  if world then line[#line + 1] = "--world " .. quote(world) end
  if options.guest then line[#line + 1] = "--guest " .. quote(options.guest) end
  if options.images then line[#line + 1] = "--images " .. quote(options.images) end
  if options.grace then line[#line + 1] = "--grace " .. tostring(options.grace) end
  if options.strict then line[#line + 1] = "--strict" end
  local out, err = self.directory .. "/server.out", self.directory .. "/server.err"
  self.server = start(self.directory, "server", table.concat(line, " "), (">%s 2>%s"):format(quote(out), quote(err)))
  local first = rig.wait(function()
    if number_in(self.directory .. "/server.exit") then error("cpi-server did not start: " .. read(err), 0) end
    return read(out):match "^[^\n]+\n"
  end, START_SECONDS)
  return assert(json.decode(first))
end

local function write_config(self, options)
  local config = {
    cloudstack = { endpoint = self.endpoint, api_key = self.api_key, secret_access_key = self.secret_access_key,
      default_zone = "zone1" },
    agent = { mbus = "https://mbus:mbus-secret@0.0.0.0:6868",
      blobstore = { provider = "local", options = { blobstore_path = "/var/vcap/micro_bosh/data/cache" } } },
    ntp = { "0.pool.ntp.org", "1.pool.ntp.org" },
  }
  if options.store then
    self.store = self.directory .. "/store.db"
    config.store = { path = self.store }
  end
  self.config = write(self.directory .. "/cpi.json", json.encode(overlay(config, options.config)))
end

-- start{ world = changes to the default world (or a file's path), guest = program, grace = its seconds, images = directory
-- of uploads, listen = "HOST:PORT", role = an account's name or a
-- role ("bosh" unless given), store = true for one, config = laid over the CPI's configuration }
-- The rig has endpoint, base_url, accounts, api_key, secret_access_key, directory, config and store (paths).
function rig.start(options)
  options = options or {}
  local self = setmetatable({ directory = new_directory(), build = rig.build, runs = 0, background = {}, grace = options.grace }, rig)
  local ok, why = pcall(function()
    local first = start_server(self, options)
    local account = account_for(first.accounts, options.role or "bosh")
    self.endpoint, self.accounts = first.endpoint, first.accounts
    self.base_url = first.endpoint:match "^https?://[^/]+"
    self.api_key, self.secret_access_key = account.apikey, account.secretkey
    write_config(self, options)
  end)
  if ok then return self end
  pcall(self.stop, self)
  error(why, 0)
end

-- Ends the server and removes the directory. Raises when a sanitizer has found something in the server, or when
-- it did not end by itself.
function rig:stop()
  if not self.directory then return end
  local directory = self.directory
  self.directory = nil
  for pid in pairs(self.background) do rig.kill(pid) end
  local code, report
  if self.server then
    os.execute(("kill -TERM %d 2>/dev/null"):format(self.server))
    pcall(rig.wait, function() return number_in(directory .. "/server.exit") end, STOP_SECONDS + (self.grace or 0))
    code = number_in(directory .. "/server.exit")
    if not code then rig.kill(self.server) end
    report = read(directory .. "/server.err")
  end
  os.execute("rm -rf " .. quote(directory))
  if report and report:find "Sanitizer" or report and report:find "runtime error:" then error(report, 0) end
  if self.server and code ~= 0 then error(("cpi-server ended with %s\n%s"):format(code or "kill -9", report), 0) end
end

rig.__close = function(self, failure)
  local ok, why = pcall(self.stop, self)
  if not ok and not failure then error(why, 0) end
end
rig.__gc = function(self) pcall(self.stop, self) end

-- ---------------------------------------------------------------------------------------------------------
-- the CPI

-- The files of one run, and its command line.
local function prepare(self, request, options)
  self.runs = self.runs + 1
  local name = "run" .. self.runs
  local base = self.directory .. "/" .. name
  write(base .. ".in", type(request) == "string" and request or json.encode(request))
  local line = ("%s %s --config %s"):format(options and options.under or "", quote(rig.program "cpi"),
    quote(options and options.config or self.config))
  local files = ("<%s >%s 2>%s"):format(quote(base .. ".in"), quote(base .. ".out"), quote(base .. ".err"))
  return name, line, files
end

-- One request (a table or text) -> { exit, stdout, stderr, response (decoded, nil when it is no JSON), line_count,
-- seconds }. Options: config = the path of another configuration, under = shell words that the CPI is started by.
function rig:cpi(request, options)
  local name, line, files = prepare(self, request, options)
  local base, before = self.directory .. "/" .. name, clock.now()
  local _, _, code = os.execute(("%s %s"):format(line, files))
  local run = { exit = code, seconds = clock.now() - before }
  run.stdout, run.stderr = read(base .. ".out"), read(base .. ".err")
  run.response = json.decode(run.stdout)
  run.line_count = select(2, run.stdout:gsub("\n", ""))
  for _, suffix in ipairs { ".in", ".out", ".err" } do os.remove(base .. suffix) end
  return run
end

-- An operator's command in the background -> its pid, and a function that waits for its end and returns { exit, stdout, stderr }.
function rig:command_background(words)
  self.runs = self.runs + 1
  local name = "run" .. self.runs
  local base, line = self.directory .. "/" .. name, { quote(rig.program "cpi"), "--config", quote(self.config) }
  for _, word in ipairs(words) do line[#line + 1] = quote(word) end
  local pid = start(self.directory, name, table.concat(line, " "), (">%s 2>%s"):format(quote(base .. ".out"), quote(base .. ".err")))
  self.background[pid] = true
  return pid, function(seconds)
    rig.wait(function() return number_in(base .. ".exit") end, seconds or START_SECONDS)
    self.background[pid] = nil
    return { exit = number_in(base .. ".exit"), stdout = read(base .. ".out"), stderr = read(base .. ".err") }
  end
end

-- An operator's command, as words -> { exit, stdout, stderr }. Options: stdin = text, config = the path of another
-- configuration, or false for none; directory = where it runs.
function rig:command(words, options)
  options = options or {}
  self.runs = self.runs + 1
  local base = ("%s/run%d"):format(self.directory, self.runs)
  local line = { options.directory and ("cd %s &&"):format(quote(options.directory)) or "", quote(rig.program "cpi") }
  if options.config ~= false then line[#line + 1] = "--config " .. quote(options.config or self.config) end
  for _, word in ipairs(words) do line[#line + 1] = quote(word) end
  write(base .. ".in", options.stdin or "")
  local _, _, code = os.execute(("%s <%s >%s 2>%s"):format(table.concat(line, " "), quote(base .. ".in"), quote(base .. ".out"),
    quote(base .. ".err")))
  local run = { exit = code, stdout = read(base .. ".out"), stderr = read(base .. ".err") }
  for _, suffix in ipairs { ".in", ".out", ".err" } do os.remove(base .. suffix) end
  return run
end

-- The same in the background -> its pid, for rig.kill, and a function that waits for its end and answers as rig:cpi does.
function rig:cpi_background(request, options)
  local name, line, files = prepare(self, request, options)
  local pid = start(self.directory, name, line, files)
  local base = self.directory .. "/" .. name
  self.background[pid] = true
  return pid, function(seconds)
    rig.wait(function() return number_in(base .. ".exit") end, seconds or START_SECONDS)
    self.background[pid] = nil
    return { exit = number_in(base .. ".exit"), stderr = read(base .. ".err"), response = json.decode(read(base .. ".out")) }
  end
end

-- Starts cpi-server NAME (registry, templates) with the rig's configuration -> its URL; it ends with the rig, and its stderr
-- is in DIRECTORY/NAME.err.
function rig:daemon(name)
  local base = self.directory .. "/" .. name
  local line = ("%s %s --config %s --listen 127.0.0.1:0"):format(quote(rig.program "cpi-server"), name, quote(self.config))
  self.background[start(self.directory, name, line, (">%s 2>%s"):format(quote(base .. ".out"), quote(base .. ".err")))] = true
  return rig.wait(function()
    if number_in(base .. ".exit") then error(name .. " did not start: " .. read(base .. ".err"), 0) end
    return read(base .. ".out"):match "^([^\n]+)\n"
  end, START_SECONDS)
end

-- The journal of the store as text, a line each; "" when it is empty.
function rig:journal()
  local file = self.store and io.open(self.store, "rb")
  if not file then return "" end -- none is wanted, or no verb has needed it yet
  file:close()
  local lines = {}
  assert(native.store.open(self.store))
  for i, row in ipairs(assert(native.store.rows "journal")) do lines[i] = ("%s %s\n"):format(row.key, row.value) end
  return table.concat(lines)
end

-- ---------------------------------------------------------------------------------------------------------
-- the server

local function escaped(text)
  return (tostring(text):gsub("[^%w_.*-]", function(byte) return ("%%%02X"):format(byte:byte()) end))
end

-- The parameters as a form, signed (version 2) with the rig's account.
function rig:signed(command, parameters)
  local list = { command = command, response = "json", apiKey = self.api_key }
  for name, value in pairs(parameters or {}) do list[name] = value end
  local words = {}
  for name, value in pairs(list) do words[#words + 1] = { name, escaped(value) } end
  table.sort(words, function(a, b) return a[1] < b[1] end)
  for i, word in ipairs(words) do words[i] = word[1] .. "=" .. word[2] end
  local form = table.concat(words, "&")
  local signature = native.bytes.base64(native.bytes.hmac_sha1(self.secret_access_key, form:lower()))
  return form .. "&signature=" .. escaped(signature)
end

-- Runs curl on a path of the server -> the body, and what -w wrote: code, exit and seconds.
function rig:curl(path, arguments)
  local body, errors = self.directory .. "/curl.out", self.directory .. "/curl.err"
  os.remove(body)
  local line = "curl -sS -m 60 -o %s -w '%%{http_code} %%{exitcode} %%{time_total}' %s %s 2>%s"
  local told = output_of(line:format(quote(body), arguments or "", quote(self.base_url .. path), quote(errors)))
  local code, exit, seconds = told:match "(%d+) (%d+) ([%d.]+)$"
  local numbers = { code = tonumber(code), exit = tonumber(exit), seconds = tonumber(seconds) }
  numbers.errors = read(errors)
  return read(body), numbers
end

-- One command of the API, without the CPI -> the reply's inner object, and what curl told.
function rig:api(command, parameters, arguments)
  local form = write(self.directory .. "/curl.form", self:signed(command, parameters))
  local body, told = self:curl("/client/api", ("--data-binary @%s %s"):format(quote(form), arguments or ""))
  local answer = json.decode(body)
  return answer and select(2, next(answer)), told
end

local function ask(self, path, value)
  local arguments = ""
  if value then
    local file = write(self.directory .. "/curl.in", json.encode(value))
    arguments = "-H 'Content-Type: application/json' --data-binary @" .. quote(file)
  end
  local body, told = self:curl(path, arguments)
  if told.code ~= 200 then error(("%s: %d %s%s"):format(path, told.code, body, told.errors), 3) end
  return assert(json.decode(body))
end

-- Every object of the simulated CloudStack.
function rig:state() return ask(self, "/sim/state") end

-- The requests that it has had, in order; with since = n only those after the nth.
function rig:requests(since) return ask(self, "/sim/requests?since=" .. (since or 0)) end

-- Has it had a request of that command?
function rig:has_had(command)
  for _, request in ipairs(self:requests()) do
    if request.command == command then return true end
  end
  return false
end

-- Faults that its next answers shall have; {} takes back what is left of them.
function rig:faults(list) return ask(self, "/sim/faults", json.array(list)) end

-- So long a time passes that CloudStack has expunged whatever was destroyed.
function rig:expunge() return self:clock(circumstances.EXPUNGED) end

-- Lets time pass in it, in seconds.
function rig:clock(seconds) return ask(self, "/sim/clock", { advance = seconds }) end

-- The world as it was in the beginning.
function rig:reset() return ask(self, "/sim/reset", {}) end

return rig
