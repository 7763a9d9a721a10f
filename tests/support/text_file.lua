-- Whole files, as tests read and write them.

local text_file = {}

-- The bytes of a file; raises where it cannot be read.
function text_file.read(path)
  local file = assert(io.open(path, "rb"))
  local text = file:read "a"
  file:close()
  return text
end

-- The same, or "" where there is no such file.
function text_file.read_any(path)
  local file = io.open(path, "rb")
  local text = file and file:read "a"
  if file then file:close() end
  return text or "" -- a process can end between the opening and the reading of its file in /proc
end

-- Writes a file anew and answers its path; raises where it cannot.
function text_file.write(path, text)
  local file = assert(io.open(path, "wb"))
  assert(file:write(text))
  assert(file:close())
  return path
end

return text_file
