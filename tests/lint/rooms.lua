-- The rooms of lua/ and what each may require: lua5.4 tests/lint/rooms.lua [TREE]. Prints what breaks the table, a line each.
-- A room is a folder; "cpi", "errors" and the like are the files at the root, each a room of its own. The rooms stand in the
-- order of the floors: what a room requires stands above it, or is in it. What is required by a name that is worked out
-- (verbs by their method, decisions, commands) does not count.

local tree = arg[1] or "."

local rooms = {
  -- errors, and mechanism
  { "errors" },
  { "base", "errors" },
  -- CloudStack in our words
  { "cloudstack", "errors base" },
  -- BOSH's words, one aspect a room
  { "request", "errors base cloudstack" },
  { "registry", "errors" },
  { "stemcell", "errors base cloudstack" },
  { "made", "errors base cloudstack registry stemcell" },
  { "disks", "errors base cloudstack request" },
  { "vm", "errors base cloudstack request registry made disks" },
  { "verbs", "errors base cloudstack request registry stemcell made disks vm" },
  -- what a site decides
  { "policies", "" },
  { "decision", "base" },
  { "decisions", "decision cloudstack" },
  { "policy", "errors base" },
  -- one request
  { "setup", "errors base cloudstack request made decisions policy" },
  { "cpi", "errors setup" },
  -- what people start
  { "sim", "base" },
  { "workshop", "errors base" },
  { "operator", "errors base cloudstack decision decisions policy setup request stemcell cpi sim" },
  { "daemons", "errors registry setup stemcell" },
  { "commands", "errors base cloudstack request made decision decisions policy setup cpi workshop operator" },
  { "meta", "" },
}

local may, rank = {}, {}
for at, room in ipairs(rooms) do
  may[room[1]], rank[room[1]] = {}, at
  for other in (room[2] or ""):gmatch "%S+" do may[room[1]][other] = true end
end

-- The table itself: no room requires one that stands below it.
for _, room in ipairs(rooms) do
  for other in pairs(may[room[1]]) do
    if not rank[other] then
      print(("the table names no room '%s'"):format(other))
    elseif rank[other] > rank[room[1]] then
      print(("the table: '%s' stands above '%s', which it may require"):format(room[1], other))
    end
  end
end

-- The room of a module "a.b" or of a file "a/b.lua".
local function room_of(name) return name:match "^([%w_]+)[./].+" or name end

local function files()
  local pipe = assert(io.popen(("cd '%s/lua' && find . -name '*.lua'"):format(tree)))
  local list = {}
  for path in pipe:lines() do list[#list + 1] = path:sub(3) end
  pipe:close()
  table.sort(list)
  return list
end

-- The modules that a text requires by name, each with its line; comments do not count.
local function required(text)
  local list, number = {}, 0
  for line in (text .. "\n"):gmatch "(.-)\n" do
    number = number + 1
    for quote, name in line:gsub("%-%-.*", ""):gmatch "require%s*%(?%s*([\"'])([%w_.]*[%w_])%1" do
      if quote then list[#list + 1] = { name = name, line = number } end
    end
  end
  return list
end

for _, path in ipairs(files()) do
  local file = assert(io.open(tree .. "/lua/" .. path))
  local text, room = file:read "a", room_of(path:gsub("%.lua$", ""))
  file:close()
  for _, one in ipairs(may[room] and required(text) or {}) do
    local other = room_of(one.name)
    if other ~= room and not may[room][other] then
      print(("lua/%s:%d: '%s' may not require '%s'"):format(path, one.line, room, one.name))
    end
  end
  if not may[room] then print(("lua/%s: there is no room '%s' in the table"):format(path, room)) end
end
