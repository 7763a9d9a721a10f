-- What was made for a VM and outlived it: what says so of a public address, a firewall rule, a load balancer, an affinity group.
--
-- The first three carry the VM's tag and the director's (made/belongings.lua), and a group says in its description whose it
-- is. Where CloudStack reports no date, the thing is as old as the address that was taken for the same VM; without such an
-- address it counts as old when the VM is gone. What anybody else uses is left alone: the rows of made/kinds.lua say when
-- that is so. search: as leftovers.find has it.

local dates = require "cloudstack.dates"
local made_by = require "cloudstack.made_by"
local tags = require "cloudstack.tags"

local orphans = {}

-- The tag of a load balancer that we made. Its value is the director's uuid.
orphans.MADE = "bosh_made_for"

-- The form of the tag by which a thing belongs to a VM: its key is the VM's CID.
orphans.OF_A_VM = "^cpivm%-"

-- Its value on an address that was taken for the VM.
orphans.ACQUIRED = "acquired"

-- Does the description of the row say that this director had it made, long enough ago?
function orphans.is_old_and_ours(cpi, row, search)
  local made = made_by.us(cpi, row.description)
  return made ~= nil and search.now - made.since >= search.older_than
end

-- The VMs for which an address was taken lately: what they have beside it is not older. CloudStack reports no dates for firewall
-- rules and load balancers. rows: of the addresses -> a set of CIDs.
function orphans.young_vms(rows, search)
  local young = {}
  for _, row in ipairs(rows) do
    local allocated = dates.seconds(row.allocated)
    for key, role in pairs(tags.of(row)) do
      if role == orphans.ACQUIRED and not (allocated and search.now - allocated >= search.older_than) then young[key] = true end
    end
  end
  return young
end

-- The CIDs of the VMs whose tags a row of this director carries, sorted; nil for somebody else's row, where one of the VMs
-- lives or is young, and where there is no such tag.
function orphans.gone_vms(cpi, row, search)
  local set, list = tags.of(row), {}
  if set.director_uuid ~= cpi.context.director_uuid then return nil end
  for key in pairs(set) do
    if key:find(orphans.OF_A_VM) then
      if search.vms[key] or search.young[key] then return nil end
      list[#list + 1] = key
    end
  end
  table.sort(list)
  return #list > 0 and list or nil
end

-- The verdict on what outlived its VMs; gone: as gone_vms() gives it, empty where no VM's tag is on it, nil: no verdict.
function orphans.outlived(row, gone)
  return gone and { cid = row.ipaddress or row.name or gone[1], gone = gone,
    why = #gone > 0 and ("its VM %s is gone"):format(table.concat(gone, ", ")) or "no VM is in it" } or nil
end

return orphans
