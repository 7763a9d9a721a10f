-- Where the address of a VM that leaves goes to: the VM holds another one until CloudStack has expunged it, and that must be none
-- that BOSH is about to want. The site names such addresses (cloudstack.parking.ranges, or the expunge policy); where it does
-- not, it is the end of the network: BOSH gives out the lowest addresses first.
--
-- Which addresses are free a user cannot see: destroyed VMs hold theirs and are not listed. So places are tried one after the
-- other, from one that follows from the VM's id, so that VMs that leave at once try different ones. What is parked where is
-- noted in the store, where there is one.

local ipv4 = require "base.ipv4"
local spans = require "base.spans"

local parking = {}

local TABLE = "parked"
local LONGEST = 2 * 86400 -- seconds for which a note counts: CloudStack expunges once a day what was destroyed a day ago
local MOST_TRIES, MOST_OF_SITE = 16, 64

local function key_of(network_id, address) return network_id .. " " .. address end

-- The notes of a network, or of all: { address, network_id, cid, id, at }, oldest first.
function parking.notes(cpi, network_id)
  local list, now = {}, cpi.clock.utc()
  for _, row in ipairs(cpi.store and cpi.store.rows(TABLE) or {}) do
    local note = cpi.json.decode(row.value)
    local age = type(note) == "table" and type(note.at) == "number" and now - note.at
    if not age or age > LONGEST then
      cpi.store.delete(TABLE, row.key)
    elseif not network_id or note.network_id == network_id then
      list[#list + 1] = note
    end
  end
  table.sort(list, function(a, b) return a.at < b.at or a.at == b.at and a.address < b.address end)
  return list
end

-- What is noted of that address of the network, or nil.
function parking.note_of(cpi, network_id, address)
  for _, note in ipairs(parking.notes(cpi, network_id)) do
    if note.address == address then return note end
  end
end

-- Notes that the VM holds the address from now on.
function parking.note(cpi, vm, network_id, address)
  if not cpi.store then return end
  cpi.store.put(TABLE, key_of(network_id, address), cpi.json.encode { address = address, network_id = network_id, cid = vm.name,
    id = vm.id, at = cpi.clock.utc() })
end

-- Forgets the note: the VM does not hold the address any more.
function parking.forget(cpi, network_id, address)
  if cpi.store then cpi.store.delete(TABLE, key_of(network_id, address)) end
end

-- What the configuration names for a network, by its id or its name: a list of texts, nil where it names nothing.
function parking.texts_of_site(cpi, network_name, network_id)
  local ranges = cpi.settings.cloudstack.parking.ranges or {}
  local given = ranges[network_id] or ranges[network_name]
  return type(given) == "string" and { given } or given
end

-- The same as spans.
function parking.of_site(cpi, network_name, network_id)
  local texts = parking.texts_of_site(cpi, network_name, network_id)
  return texts and spans.read(texts)
end

-- A number that follows from the VM's id.
local function draw(cpi, vm) return tonumber(cpi.bytes.sha256("parking " .. vm.id):sub(1, 7), 16) end

local function have_common_divisor(a, b)
  while b ~= 0 do a, b = b, a % b end
  return a ~= 1
end

-- All numbers below count, each once, in an order that follows from the start; `most` of them.
local function walk(count, start, most)
  local list, step = {}, math.max(1, math.floor(count * 0.618))
  while step > 1 and have_common_divisor(count, step) do step = step - 1 end
  for i = 0, math.min(count, most) - 1 do list[#list + 1] = (start + i * step) % count end
  return list
end

-- The network of a NIC's row, without its own and its broadcast address, or nil where the row does not say.
local function network_of(nic)
  local own, mask = ipv4.number(nic.ipaddress or ""), ipv4.number(nic.netmask or "")
  if not own or not mask then return nil end
  return { first = (own & mask) + 1, last = (own | ~mask & 0xffffffff) - 1 }
end

-- Numbers at the end of a network: of the last quarter; of a shared network, of which only a part may be given out and a user is
-- not shown which, further and further from its end.
local function at_the_end(nic, network, start)
  local list, size = {}, network.last - network.first + 1
  if nic.type ~= "Shared" then
    local quarter = math.max(size // 4, math.min(size, 2))
    for i, n in ipairs(walk(quarter, start, MOST_TRIES)) do list[i] = network.last - n end
    return list
  end
  local distance = start % 4
  while distance < size and #list < MOST_TRIES do
    list[#list + 1] = network.last - distance
    distance = distance * 2 + 1
  end
  return list
end

local function numbers(cpi, vm, nic, named)
  local start = draw(cpi, vm)
  if named then
    local list = walk(spans.count(named), start, MOST_OF_SITE)
    for i, n in ipairs(list) do list[i] = spans.nth(named, n) end
    return list
  end
  local network = network_of(nic)
  return network and at_the_end(nic, network, start) or {}
end

-- places(cpi, vm, nic, named) -> the addresses to try in turn, as texts. nic: of the VM's row; named: spans as
-- base/spans.lua reads them, or nil for the end of the network.
function parking.places(cpi, vm, nic, named)
  local taken, list = { [nic.ipaddress or ""] = true, [nic.gateway or ""] = true }, {}
  for _, note in ipairs(parking.notes(cpi, nic.networkid)) do taken[note.address] = true end
  for _, number in ipairs(numbers(cpi, vm, nic, named)) do
    local text = ipv4.text(number)
    if not taken[text] then list[#list + 1] = text end
  end
  return list
end

return parking
