-- Runs an operator command in this process, with files and policies as the host has them.
--   operator.run("policy", { "check", directory }) -> exit code, what it wrote, what it complained about
--   operator.on(trial, "gc", { ... })              -> the same, on a simulated CloudStack
--   operator.directory{ ["name.lua"] = text } -> a new directory; it goes when the spec file ends

local native = require "host_native"

local operator = {}

local directories = setmetatable({}, { __gc = function(list)
  for _, path in ipairs(list) do os.execute(("rm -rf '%s'"):format(path)) end
end })

function operator.directory(files)
  local path = os.tmpname()
  os.remove(path)
  assert(os.execute(("mkdir '%s'"):format(path)))
  directories[#directories + 1] = path
  for name, text in pairs(files or {}) do operator.write(path .. "/" .. name, text) end
  return path
end

function operator.write(path, text)
  local file = assert(io.open(path, "w"))
  file:write(text)
  file:close()
  return path
end

-- A host whose console is kept in lists. more: fields that replace the host's.
function operator.host(more)
  local host = { out = {}, err = {}, lua_dir = "lua", version = "1.2.3", config = { read = function() return {} end,
    has_secret = function() return false end, context = function() return {} end } }
  host.console = { tty = false, interactive = false, clean = native.console.clean,
    write = function(text) host.out[#host.out + 1] = text return true end,
    error = function(text) host.err[#host.err + 1] = text end }
  function host.environment() end
  for name, value in pairs(more or {}) do host[name] = value end
  return setmetatable(host, { __index = native })
end

-- As src/main.c runs a command: what it raises on purpose is told, and is worth its exit code.
function operator.run(name, arguments, more)
  local host = operator.host(more)
  local ok, code = pcall(require("commands." .. name), host, arguments)
  if not ok then
    if type(code) ~= "table" then error(code, 0) end
    host.console.error("cpi: " .. code.message .. "\n")
    code = code.exit_code or 1
  end
  return code or 0, table.concat(host.out), table.concat(host.err)
end

-- The same on a trial's CloudStack (lua/operator/trial.lua), with its configuration and store.
function operator.on(trial, name, arguments, more)
  local host = { read_only = function() end, catch_signals = function() end }
  for field, value in pairs(trial.host) do host[field] = value end
  host.config = { path = "/etc/cpi.json", is_named = true, read = trial.host.config.read, has_secret = trial.host.config.has_secret,
    context = trial.host.config.context }
  for field, value in pairs(more or {}) do host[field] = value end
  return operator.run(name, arguments, host)
end

return operator
