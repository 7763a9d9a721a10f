-- What every operator command does alike: reads its command line as lua/operator/usage.lua describes it, reads the
-- configuration, and ends with 0 (good), 1 (a finding, a failure) or 2 (usage, configuration).

local errors = require "errors"
local spelling = require "base.spelling"
local usage = require "operator.usage"

local command = {}

-- An error that ends the program with exit code 2.
local refusal = errors.configuration
command.refusal = refusal

local function described(name)
  for _, one in ipairs(usage.commands) do
    if one.name == name then return one end
  end
  error("no command is called " .. name)
end

local function refuse(name, why)
  local arguments = described(name).arguments
  error(refusal("%susage: cpi [--config FILE] %s%s; `cpi %s --help` says more", why and why .. "; " or "", name,
    arguments ~= "" and " " .. arguments or "", name))
end

-- The options of a command: { name = "FILE" } for one with a value, { name = true } for a flag; and { ["-v"] = "--verbose" } of
-- those that have a letter.
local function options_of(name)
  local known, letters = {}, {}
  for _, option in ipairs(described(name).options or {}) do
    local long, value = option[1]:match "^%-%-([%l-]+) ?(.*)$"
    known[long] = value ~= "" and value or true
    if option.letter then letters["-" .. option.letter] = "--" .. long end
  end
  return known, letters
end

local function unknown(name, word, known)
  local words = {}
  for long in pairs(known) do words[#words + 1] = "--" .. long end
  table.sort(words)
  refuse(name, ("unknown option %s%s"):format(word, spelling.suggestion(word, words)))
end

-- The value of an option at `at`, and where the next argument is.
local function read_option(name, arguments, at, known)
  local word = arguments[at]
  local long, value = word:match "^%-%-([^=]*)=?(.*)$"
  local kind = known[long]
  if not kind then unknown(name, word, known) end
  if kind == true then
    if word:find("=", 1, true) then refuse(name, ("--%s takes no value"):format(long)) end
    return long, true, at + 1
  end
  if word:find("=", 1, true) then return long, value, at + 1 end
  if not arguments[at + 1] then refuse(name, ("--%s needs a value: %s"):format(long, kind)) end
  return long, arguments[at + 1], at + 2
end

-- An option that shows words in lower case takes just those: "json|junit".
local function check_value(name, long, value, kind)
  if kind == true or kind:find "%u" then return end
  for word in kind:gmatch "[^|]+" do
    if word == value then return end
  end
  refuse(name, ("--%s takes %s, not '%s'"):format(long, kind:gsub("|", " or "), value))
end

-- { words }, { option = value or true }. What follows "--" is a word, whatever it looks like; so is a number.
local function read(name, arguments)
  local words, options, at = {}, {}, 1
  local known, letters = options_of(name)
  while arguments[at] do
    arguments[at] = letters[arguments[at]] or arguments[at]
    if arguments[at] == "--" then
      table.move(arguments, at + 1, #arguments, #words + 1, words)
      break
    elseif arguments[at]:find "^%-%-" then
      local long, value
      long, value, at = read_option(name, arguments, at, known)
      check_value(name, long, value, known[long])
      options[long] = value
    else
      words[#words + 1], at = arguments[at], at + 1
    end
  end
  return words, options
end

-- Is the command's help wanted? What follows "--" is not an option.
local function asks_for_help(arguments)
  for _, word in ipairs(arguments) do
    if word == "--help" or word == "-h" then return true end
    if word == "--" then return false end
  end
  return false
end

-- new(name, run) -> what lua/commands/NAME.lua returns. run(host, words, options, refuse) returns the exit code;
-- refuse(why) ends with the usage.
function command.new(name, run)
  return function(host, arguments)
    if asks_for_help(arguments) then
      host.console.write(require("operator.usage_text").command(name))
      return 0
    end
    local words, options = read(name, arguments)
    return run(host, words, options, function(why) refuse(name, why) end)
  end
end

-- settings(host, context) -> the settings, and what was given of them; what is wrong with the configuration ends the program with
-- exit code 2.
function command.settings(host, context)
  local ok, settings, given = pcall(require("setup.configuration").load, host, context or {})
  if ok then return settings, given end
  error(refusal("%s%s", host.config.is_named and "" or "no configuration is named (--config FILE, or CPI_CONFIG); ",
    errors.words(settings)))
end

-- client(host, settings) -> the CloudStack client for a command that only looks: nothing is tried again, kept, or believed
-- from the store.
function command.client(host, settings)
  return require "cloudstack.client" {
    send = host.cloudstack.send, json = host.json, clock = host.clock, uuid = host.bytes.uuid, log = host.log,
    decide = function() return {} end, tenant = require("cloudstack.tenancy").new(settings.cloudstack),
  }
end

-- The request that a file holds ("-" is standard input), without its secret; anything else ends the program with
-- exit code 2.
function command.request(host, path)
  local ok, request = pcall(host.request, path == "-" and "/dev/stdin" or path)
  if ok then return request end
  if type(request) ~= "table" then error(request, 0) end
  error(refusal("%s", request.message))
end

-- What a file holds ("-" is standard input); a file that cannot be read ends the program with exit code 2.
function command.read(host, path)
  local text, why = host.files.read_argument(path == "-" and "/dev/stdin" or path)
  return text or error(refusal("%s", why))
end

-- The same, decoded from JSON.
function command.read_json(host, path)
  local value, why = host.json.decode(command.read(host, path))
  if value == nil then error(refusal("%s: %s", path, why)) end
  return value
end

return command
