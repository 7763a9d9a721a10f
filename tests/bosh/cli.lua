-- The real bosh CLI: where it and the agent are, what it is given, how it is run, what it asked the CPI for, and what an agent says.
-- A table that inherits from this one has directory and variables (of the manifest there, manifest.yml).

local rig = require "rig"
local shell = require "tests.support.shell"
local text_file = require "tests.support.text_file"

local PORT, PASSWORD = 6868, "e2e-mbus-password"
local START_SECONDS = 20

local cli = { passed = 0, failed = 0, stage_seconds = 1800 } -- the first stage compiles OpenSSL and the rest
cli.__index = cli

local quote, read, write = rig.quote, text_file.read_any, text_file.write

-- ---------------------------------------------------------------------------------------------------------
-- the machine

local function output_of(format, ...) return (shell.output_of(format, ...):gsub("%s+$", "")) end

local function program(variable, name)
  local path = output_of("command -v %s || true", quote(os.getenv(variable) or name))
  return path ~= "" and os.execute("test -f " .. quote(path)) and output_of("realpath %s", quote(path)) or nil
end

local BOSH, AGENT = program("BOSH", "bosh"), program("BOSH_AGENT", "bosh-agent")
if not (BOSH and AGENT and program("RUBY", "ruby")) then
  print "e2e: nothing was tested: it needs the programs bosh and bosh-agent (BOSH, BOSH_AGENT, or in PATH) and ruby"
  os.exit(0)
end

local function sh(format, ...)
  local command = format:format(...)
  if not os.execute(command) then error("failed: " .. command, 2) end
end

local function sha1(path) return output_of("sha1sum %s", quote(path)):match "%x+" end

cli.output_of, cli.sh, cli.sha1, cli.agent, cli.bosh_program = output_of, sh, sha1, AGENT, BOSH

function cli.versions() return output_of("%s --version | head -n 1", BOSH), output_of("%s -v", AGENT) end

function cli.check(condition, format, ...)
  local what = format:format(...)
  local sum = condition and "passed" or "failed"
  cli[sum] = cli[sum] + 1
  print(("    %s %s"):format(condition and "ok    " or "NOT ok", what))
end

local check = cli.check

-- ---------------------------------------------------------------------------------------------------------
-- what the CLI is given

-- A release with one job that does nothing, made by the CLI itself.
local function make_tiny_release(directory)
  sh("cp -R tests/bosh/release %s/tiny && mkdir %s/tiny/packages %s/tiny/src", directory, directory, directory)
  sh("HOME=%s %s create-release --force --dir %s/tiny --tarball %s/tiny.tgz >%s/tiny.log 2>&1", directory, quote(BOSH),
    directory, directory, directory)
  return directory .. "/tiny.tgz"
end

local function our_release()
  local path = os.getenv "RELEASE" or output_of "ls -t build/dist/*.tgz 2>/dev/null | head -n 1"
  if path == "" then
    print "e2e: there is no release in build/dist: make dist makes it, or RELEASE names one"
    os.exit(2)
  end
  return output_of("realpath %s", quote(path))
end

-- Makes the environment's directory with what a manifest needs whatever the cloud: two releases, and the agent's end of mbus.
function cli:prepare(address)
  self.directory = output_of "mktemp -d"
  local release, tiny = our_release(), make_tiny_release(self.directory)
  self.variables = {
    cpi_release = release, cpi_release_sha1 = sha1(release), tiny_release = tiny, tiny_release_sha1 = sha1(tiny),
    directory = self.directory, address = address, port = PORT, password = PASSWORD, motto = "first", store_path = "",
  }
end

function cli:use_stemcell(path)
  self:set { stemcell = path, stemcell_sha1 = sha1(path) }
end

function cli:set(variables)
  for name, value in pairs(variables) do self.variables[name] = value end
end

-- ---------------------------------------------------------------------------------------------------------
-- running it

function cli:write_variables() write(self.directory .. "/vars.json", rig.json.encode(self.variables)) end

-- The CLI's command line in the environment's directory. What it says is kept in NAME.log, what it does in NAME.debug.
function cli:line(name, command)
  self:write_variables()
  return ("cd %s && exec env HOME=%s BOSH_LOG_LEVEL=debug BOSH_LOG_PATH=%s.debug %s --tty -n %s manifest.yml "
    .. "--state state.json --vars-store store.yml -l vars.json >%s.log 2>&1 </dev/null"):format(self.directory, self.directory,
    name, quote(BOSH), command, name)
end

-- Runs the CLI. Checks that it succeeds (nothing goes on when it does not), or fails where that is `expected`; returns what
-- `answered` returns.
function cli:bosh(name, command, expected)
  local started = rig.now()
  os.remove(("%s/%s.debug"):format(self.directory, name))
  local ok = os.execute(("timeout %d sh -c %s"):format(self.stage_seconds, quote(self:line(name, command)))) == true
  print(("  %s (%s): %.1f s"):format(name, command, rig.now() - started))
  check(ok == (expected ~= "fails"), "%s %s", command, expected or "succeeds")
  if not ok and expected ~= "fails" then error(self:log(name):sub(-3000), 0) end
  return self:answered(name)
end

-- The requests of that run that the CPI answered, without info.
function cli:answered(name)
  local methods = {}
  for method in read(("%s/%s.debug"):format(self.directory, name)):gmatch "STDIN: '{\"method\":\"([%l_]+)\"" do
    if method ~= "info" then methods[#methods + 1] = method end
  end
  return table.concat(methods, " ")
end

-- The same in the background, in a session and a process group of its own; answers its pid. It does not ignore SIGINT,
-- as it does not in a terminal either: a shell makes what it starts in the background ignore it. `ended` says when it has.
function cli:begin(name, command)
  local base = ("%s/%s"):format(self.directory, name)
  for _, kept in ipairs { ".pid", ".exit", ".debug" } do os.remove(base .. kept) end
  local line = ("echo $$ >%s.pid; %s"):format(base, self:line(name, command))
  os.execute(("{ setsid env --default-signal=INT,QUIT sh -c %s; echo $? >%s.exit; } >/dev/null 2>&1 &"):format(quote(line), base))
  return rig.wait(function() return tonumber(read(base .. ".pid"):match "^(%d+)\n") end, START_SECONDS)
end

-- The exit code of what `begin` began, as a shell says it; nil while it runs.
function cli:ended(name) return tonumber(read(("%s/%s.exit"):format(self.directory, name)):match "^(%d+)\n") end

-- The pids of the CPI's processes that live, as words; "" without any.
function cli:cpis()
  local pattern = self.directory .. "/[.]bosh/installations/.*/bin/cpi " -- [.]: not this very command
  return (output_of("pgrep -f %s || true", quote(pattern)):gsub("%s+", " "))
end

-- What the CLI said in that run.
function cli:log(name) return read(("%s/%s.log"):format(self.directory, name)) end

function cli.mbus_url(address) return ("https://mbus:%s@%s:%d"):format(PASSWORD, address, PORT) end

-- Asks the agent at that address over mbus, as the CLI does; the decoded value, or nil.
function cli.ask_agent_at(address, method)
  local text = output_of("curl -sk --max-time 60 -d '%s' %s/agent", rig.json.encode { method = method,
    arguments = rig.json.array {}, reply_to = "e2e" }, cli.mbus_url(address))
  local answer = rig.json.decode(text)
  return answer and answer.value
end

-- ---------------------------------------------------------------------------------------------------------
-- what it left

local function those(list, fits)
  local found = {}
  for _, row in ipairs(list) do
    if fits(row) then found[#found + 1] = row end
  end
  return found
end

function cli:running_vms()
  return those(self.cloud:state().vms, function(vm) return vm.state == "Running" end)
end

function cli:persistent_disks()
  return those(self.cloud:state().volumes, function(volume) return volume.name:find "^cpi%-disk%-" ~= nil end)
end

function cli:check_nothing_left()
  self.cloud:clock(86400)
  local left = {}
  for kind, count in pairs(self.cloud:state().left) do
    if count > 0 then left[#left + 1] = ("%d %s"):format(count, kind) end
  end
  check(#left == 0, "0 objects are left in CloudStack%s", #left > 0 and ": " .. table.concat(left, ", ") or "")
end

return cli
