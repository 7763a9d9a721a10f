-- BOSH's metadata of a VM or a disk as its tags. BOSH sends all of them each time, so what it no longer sends is removed where
-- BOSH had it set. Which keys those are the object says itself, in tags of ours: bosh_metadata, bosh_metadata_2, ..., with as many
-- keys each as go into a tag. Tags of operators are in none of them and stay.

local collation = require "base.collation"
local tables = require "base.tables"
local tags = require "cloudstack.tags"

local metadata = {}

local LIST, LONGEST = "bosh_metadata", 255

local function name_of(number) return number == 1 and LIST or ("%s_%d"):format(LIST, number) end

-- A key without the comma that stands between keys; one that is then too long is not kept, and its tag stays for good.
local function escaped(key)
  local text = key:gsub("[%%,]", function(sign) return ("%%%02X"):format(sign:byte()) end)
  return #text <= LONGEST and text or nil
end

local function unescaped(text)
  return (text:gsub("%%(%x%x)", function(digits) return string.char(tonumber(digits, 16)) end))
end

-- keys: a list -> the tags that name them.
function metadata.lists(keys)
  local lists, count, text = {}, 0, nil
  local function close()
    if text then count, lists[name_of(count + 1)], text = count + 1, text, nil end
  end
  for _, key in ipairs(keys) do
    local part = escaped(key)
    if part then
      if text and #text + 1 + #part > LONGEST then close() end
      text = text and text .. "," .. part or part
    end
  end
  close()
  return lists
end

-- The keys that the row says were set for BOSH, and the keys of the tags in which it does.
function metadata.listed(row)
  local keys, lists, set = {}, {}, tags.of(row)
  local number = 1
  while set[name_of(number)] do
    lists[number] = name_of(number)
    for part in set[name_of(number)]:gmatch "[^,]+" do keys[#keys + 1] = unescaped(part) end
    number = number + 1
  end
  return keys, lists
end

-- put(cpi, kind, row, given): given are BOSH's metadata. kind: UserVm or Volume; row: with its tags.
function metadata.put(cpi, kind, row, given)
  local wanted = tags.of_others(cpi, given)
  if next(wanted) == nil then return end -- without any BOSH has said nothing
  local there, gone = {}, {}
  for key in pairs(wanted) do there[collation.fold(key)] = true end
  local keys, lists = metadata.listed(row)
  for _, key in ipairs(keys) do
    if not there[collation.fold(key)] then gone[#gone + 1] = key end
  end
  local lists_wanted = metadata.lists(tables.sorted_keys(wanted))
  for _, name in ipairs(lists) do
    if not lists_wanted[name] then gone[#gone + 1] = name end
  end
  if #gone > 0 then cpi.log.debug("tags that BOSH no longer sends are removed: %s", table.concat(gone, ", ")) end
  tags.merge(cpi, kind, row, tables.with(wanted, lists_wanted), gone)
end

return metadata
