-- cpi list [vms|disks|stemcells|addresses|snapshots...]: what the CPI made and is there, of one director or of all, with sums.
-- Reads only. Exit 0; 1: something could not be looked at; 2: usage or configuration.

local ages = require "operator.ages"
local columns = require "operator.columns"
local command = require "operator.command"
local inventory = require "operator.inventory"
local new_paper = require "operator.paper"
local recognition = require "made.recognition"
local spelling = require "base.spelling"

-- owns(tags, cid): is it that director's? Without one every director's and what carries none.
local function owner_of(host, director)
  if not director then return function() return true end end
  local cpi = { context = { director_uuid = director }, bytes = host.bytes }
  return function(set, cid) return recognition.ownership(cpi, set, cid) ~= nil end
end

local function size(cpus, memory_mb)
  return cpus and memory_mb and ("%d CPU%s, %g GB"):format(cpus, cpus == 1 and "" or "s", memory_mb / 1024) or nil
end

local function in_gb(gb) return gb and ("%g GB"):format(gb) or nil end

-- What each kind shows: headings, and the cells of a row. The director stands last where there are several.
local tables = {
  vms = { { "CID", "instance", "deployment", "state", "size", "address", "host", "age" }, function(row)
    return { row.cid, row.instance, row.deployment, row.state, size(row.cpus, row.memory_mb), table.concat(row.addresses, " "), row.host,
      ages.words(row.age) }
  end },
  disks = { { "CID", "instance", "kind", "state", "size", "VM", "storage", "age" }, function(row)
    return { row.cid, row.instance, row.kind, row.state, in_gb(row.gb), row.vm, row.storage, ages.words(row.age) }
  end },
  stemcells = { { "CID", "stemcell", "state", "size", "zones", "age" }, function(row)
    return { row.cid, row.stemcell, row.state, in_gb(row.gb), table.concat(row.zones, " "), ages.words(row.age) }
  end },
  addresses = { { "address", "VM", "state", "network", "age" }, function(row)
    return { row.cid, row.vm, row.state, row.network, ages.words(row.age) }
  end },
  snapshots = { { "CID", "disk", "state", "size", "age" }, function(row)
    return { row.cid, row.disk, row.state, in_gb(row.gb), ages.words(row.age) }
  end },
}

local function several(count, noun, nouns) return ("%d %s"):format(count, count == 1 and noun or nouns or noun .. "s") end

local sum_words = {
  vms = function(sums)
    return ("%s, %d running: %s, %g GB of memory"):format(several(sums.vms, "VM"), sums.running, several(sums.cpus, "CPU"),
      sums.memory_mb / 1024)
  end,
  disks = function(sums)
    return ("%d persistent, %g GB; %d ephemeral, %g GB; %s, %g GB; %d on no VM"):format(sums.persistent_disks, sums.persistent_gb,
      sums.ephemeral_disks, sums.ephemeral_gb, several(sums.root_disks, "root disk"), sums.root_gb, sums.unattached_disks)
  end,
  stemcells = function(sums) return ("%s, %g GB"):format(several(sums.stemcells, "stemcell"), sums.stemcell_gb) end,
  addresses = function(sums) return several(sums.addresses, "public address", "public addresses") end,
  snapshots = function(sums) return ("%s, %g GB"):format(several(sums.snapshots, "snapshot"), sums.snapshot_gb) end,
}

local function print_kind(paper, kind, rows, sums, has_several)
  local headings, cells = table.unpack(tables[kind])
  local list = {}
  headings = table.move(headings, 1, #headings, 1, {})
  if has_several then headings[#headings + 1] = "director" end
  for i, row in ipairs(rows) do
    list[i] = cells(row)
    list[i][#headings] = has_several and (row.director or "-") or list[i][#headings]
  end
  if #list > 0 then columns(paper, headings, list) end
  paper:line("%s\n", sum_words[kind](sums))
end

local function print_directors(paper, directors)
  local list = {}
  for i, one in ipairs(directors) do
    list[i] = { one.uuid, one.name, one.vms, one.disks, one.stemcells, one.addresses, one.snapshots }
  end
  columns(paper, { "director", "name", "VMs", "disks", "stemcells", "addresses", "snapshots" }, list)
end

local function print_all(paper, kinds, found, sums, directors)
  for _, kind in ipairs(kinds) do print_kind(paper, kind, found[kind], sums, #directors > 1) end
  if #directors > 0 then print_directors(paper, directors) end
  for _, words in ipairs(found.unseen) do paper:line("%s %s", paper:tint("red", "not looked at:"), words) end
end

local function as_json(json, kinds, found, sums, directors)
  local object = { sums = sums, directors = json.array(directors), unseen = json.array(found.unseen) }
  for _, kind in ipairs(kinds) do
    for _, row in ipairs(found[kind]) do
      row.addresses, row.zones = row.addresses and json.array(row.addresses), row.zones and json.array(row.zones)
    end
    object[kind] = json.array(found[kind])
  end
  return object
end

local function check_words(words, refuse)
  for _, word in ipairs(words) do
    if not tables[word] then refuse(("there is no list of '%s'%s"):format(word, spelling.suggestion(word, inventory.words))) end
  end
  return #words > 0 and words or inventory.words
end

-- Nothing of the director that is named is there: the name may be misspelt.
local function print_others(client, paper, director, now)
  local others = inventory.others(client, director, now)
  if not others then return end
  paper:line("nothing is there of director '%s'; directors that are there: %s", director,
    #others > 0 and table.concat(others, ", ") or "none")
end

return command.new("list", function(host, words, options, refuse)
  local kinds = check_words(words, refuse)
  host.read_only()
  local client, paper = command.client(host, command.settings(host)), new_paper(host)
  local now, director = host.clock.utc(), options.director ~= "all" and options.director or nil
  local found = inventory.look(client, kinds, owner_of(host, director), now)
  local sums, directors = inventory.sums(found), inventory.directors(found)
  if options.output then
    paper:json(as_json(host.json, kinds, found, sums, directors))
  else
    print_all(paper, kinds, found, sums, directors)
    if #directors == 0 and director then print_others(client, paper, director, now) end
  end
  return #found.unseen == 0 and 0 or 1
end)
