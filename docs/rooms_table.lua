-- The table of rooms in docs/architecture.md, from tests/lint/rooms.lua: each room, what it may require, in the order of the
-- floors. What is in a room is written by hand in the third column, and kept. `make contract` writes the table;
-- spec/across/documents_spec.lua checks that it is up to date.
--   lua5.4 docs/rooms_table.lua write

local page = {}

local FILE, ROOMS = "docs/architecture.md", "tests/lint/rooms.lua"
local HEAD = "| room | may require | what is in it |\n|---|---|---|\n"

local function read(path)
  local file = assert(io.open(path))
  local text = file:read "a"
  file:close()
  return text
end

-- The rows of the lint's table: { name, what it may require }, and { floor = words } for a comment between them.
local function rooms()
  local rows = {}
  local body = assert(read(ROOMS):match "\nlocal rooms = {\n(.-)\n}\n", ROOMS .. " has lost its table")
  for line in body:gmatch "[^\n]+" do
    local name, others = line:match '^  { "([%w_]+)",? ?"?([%w_ ]*)"? },$'
    rows[#rows + 1] = name and { name, others } or { floor = assert(line:match "^  %-%- (.*)$", line) }
  end
  return rows
end

-- What the page says of each room.
local function descriptions(text)
  local words = {}
  for name, said in text:gmatch "\n| `([%w_]+)` |[^|\n]*|([^|\n]*)|" do words[name] = said:match "^%s*(.-)%s*$" end
  return words
end

-- The page as it is, and as it should be.
function page.texts()
  local text = read(FILE)
  local words, out = descriptions(text), { HEAD }
  for _, row in ipairs(rooms()) do
    if row.floor then
      out[#out + 1] = ("| *%s* | | |\n"):format(row.floor)
    else
      out[#out + 1] = ("| `%s` | %s | %s |\n"):format(row[1], row[2] ~= "" and row[2] or "nothing", words[row[1]] or "")
    end
  end
  local from = assert(text:find(HEAD, 1, true), FILE .. " has no table of rooms")
  local last = text:find("\n\n", from, true)
  return text, text:sub(1, from - 1) .. table.concat(out) .. text:sub(last + 1)
end

if arg and arg[1] == "write" then
  local _, wanted = page.texts()
  local file = assert(io.open(FILE, "w"))
  file:write(wanted)
  file:close()
end

return page
