-- docs/policies.md, walked through: its files are written, its commands run, their output compared with the page's.
-- A line of "..." stands for any lines, "..." within a line for any text; ids are any ids.

local rig = require "rig"
local shell = require "tests.support.shell"
local text_file = require "text_file"

local PAGE, ENDPOINT = "docs/policies.md", "127.0.0.1:8099"

-- The page in order: { file =, text = } and { commands = { { line, output } } }.
local function steps_of(page)
  local steps, at = {}, 1
  while true do
    local from, to, before, language, body = page:find("\n([^\n]*)\n\n```(%l+)\n(.-)\n```", at)
    if not from then return steps end
    local file = before:match "^`([%w_/.]+)`"
    if language == "console" then
      local commands = {}
      for line in (body .. "\n"):gmatch "(.-)\n" do
        local command = line:match "^%$ (.*)$"
        if command then
          commands[#commands + 1] = { line = command, output = {} }
        else
          table.insert(commands[#commands].output, line)
        end
      end
      steps[#steps + 1] = { commands = commands }
    elseif file then
      steps[#steps + 1] = { file = file, text = body .. "\n" }
    end
    at = to - 3 -- the fence may be the line before the next block
  end
end

-- Ids, checksums, addresses and measures are other ones each time.
local function settled(text)
  text = text:gsub("%x%x%x%x%x%x%x%x%-%x%x%x%x%-%x%x%x%x%-%x%x%x%x%-%x+", "UUID"):gsub("%x%x:%x%x:%x%x:%x%x:%x%x:%x%x", "MAC")
  return (text:gsub("memory = %d+ KB", "memory = N KB"):gsub("steps = %d+", "steps = N"))
end

local function lines_of(text)
  local lines = {}
  for line in settled(text):gmatch "([^\n]*)\n" do lines[#lines + 1] = line end
  return lines
end

-- "a ... b" as a pattern for a whole line; a row of dots of another length is that many characters.
local function pattern_of(line)
  local pattern = settled(line):gsub("(%.%.%.+)", function(dots) return #dots > 3 and ("\1"):rep(#dots) or "\2" end)
  pattern = pattern:gsub("%p", "%%%0"):gsub("\1", "."):gsub("\2", ".*")
  return "^" .. pattern .. "$"
end

-- Whether the lines from `i` on are as the page's from `j` on.
local function matches(lines, i, wanted, j)
  if j > #wanted then return i > #lines end
  if wanted[j] == "..." then
    for at = i, #lines + 1 do
      if matches(lines, at, wanted, j + 1) then return true end
    end
    return false
  end
  return i <= #lines and lines[i]:find(pattern_of(wanted[j])) ~= nil and matches(lines, i + 1, wanted, j + 1)
end

local function write(path, text)
  os.execute("mkdir -p " .. rig.quote(path:match "^(.*)/"))
  local file = assert(io.open(path, "w"))
  file:write(text)
  file:close()
end

describe(PAGE, function()
  local cloud, directory

  setup(function()
    directory = io.popen("mktemp -d"):read "l"
    local steps = steps_of(text_file.read(PAGE))
    for _, step in ipairs(steps) do
      if step.file == "world.json" then write(directory .. "/world.json", step.text) end
    end
    cloud = rig.start { world = directory .. "/world.json" }
  end)

  teardown(function()
    cloud:stop()
    os.execute("rm -rf " .. rig.quote(directory))
  end)

  -- What a command says on stdout, then on stderr.
  local function output_of(line)
    local programs = rig.program "cpi":match "^(.*)/"
    return (shell.all_of("cd %s && PATH=%s:$PATH; %s", rig.quote(directory), rig.quote(programs), line))
  end

  it("says what happens", function()
    local place, ran = cloud.endpoint:match "^%w+://([^/]+)", 0
    for _, step in ipairs(steps_of(text_file.read(PAGE))) do
      if step.file then
        write(directory .. "/" .. step.file, (step.text:gsub(ENDPOINT:gsub("%p", "%%%0"), place)))
      end
      for _, command in ipairs(step.commands or {}) do
        if not command.line:find "^cpi%-server" then
          local text = output_of(command.line)
          ran = ran + 1
          assert(matches(lines_of(text), 1, command.output, 1),
            ("$ %s\nsays\n%s\nand the page\n%s"):format(command.line, text, table.concat(command.output, "\n")))
        end
      end
    end
    assert.is_true(ran >= 10)
  end)
end)
