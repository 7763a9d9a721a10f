-- What commands of the shell write. A command is a format with its values; without values it is taken as it stands.

local shell = {}

local function read(command)
  local pipe = assert(io.popen(command))
  local text = pipe:read "a"
  local is_good, _, code = pipe:close()
  return text, is_good == true, code
end

local function worded(format, ...) return select("#", ...) > 0 and format:format(...) or format end

-- output_of(format, ...) -> its standard output, did it end well?, its exit code
function shell.output_of(format, ...) return read(worded(format, ...)) end

-- The same, with what it complains about.
function shell.all_of(format, ...) return read("{ " .. worded(format, ...) .. "\n} 2>&1") end

-- all_of()'s text; raises with the command and the text where it fails.
function shell.must(format, ...)
  local text, is_good = shell.all_of(format, ...)
  if not is_good then error(("%s: %s"):format(worded(format, ...), text), 2) end
  return text
end

return shell
