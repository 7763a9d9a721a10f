-- What CloudStack's refusals mean: its codes and texts, each under a name that says the meaning.
--
--   refusals.is(failure, name)     does the failure mean that? Any of the name's rows will do.
--   refusals.found(failure, name)  what the row's pattern captures, or nil where the failure means something else
--   refusals.NAME                  a code, by the names below
--   refusals.rows                  everything, for the spec
--
-- The codes are those of CloudStack's ApiErrorCode.java. Where a text comes from stands beside it: "observed/x" is
-- spec/sim/observed/x.lua, which has what a 4.23 server was seen to say; "sim/x" is lua/sim/x.lua, which has what the server's
-- own source says; "source" is that source.

local refusals = {
  NOT_AUTHENTICATED = 401,    -- wrong key, wrong signature, or expired
  TOO_MANY_REQUESTS = 429,    -- says for how long
  BAD_PARAMETER = 431,        -- also: an id that does not exist, or is not this account's to see
  COMMAND_NOT_ALLOWED = 432,  -- the role does not have the command, or CloudStack does not have it
  UNAVAILABLE = 503,          -- before anything was done
  INTERNAL_ERROR = 530,       -- anything: users are not shown the reason
  NO_CAPACITY = 533,
  RULE_CONFLICT = 537,
}

-- The kinds of failures (lua/cloudstack/failures.lua) in which a row counts; without, any. A reply that is not CloudStack's
-- says nothing of what the command did, whatever words it holds; nor does the refusal of a question about a job.
local REQUEST, JOB, OWN_WORDS = { refused = true }, { job = true }, { refused = true, job = true }

-- A row: code, text (plain), pattern, command, unknown_id, kinds. All that it names must be so.
local rows = {
  -- codes alone
  not_authenticated = { { code = refusals.NOT_AUTHENTICATED } },
  bad_parameter = { { code = refusals.BAD_PARAMETER } },
  command_not_allowed = { { code = refusals.COMMAND_NOT_ALLOWED } },
  internal_error = { { code = refusals.INTERNAL_ERROR } },
  -- codes of which it matters who said them
  unknown_job = { { code = refusals.BAD_PARAMETER, kinds = REQUEST } }, -- of queryAsyncJobResult: observed/requests
  internal_error_of_request = { { code = refusals.INTERNAL_ERROR, kinds = REQUEST } },
  bad_parameter_of_job = { { code = refusals.BAD_PARAMETER, kinds = JOB } }, -- found before the job did anything: sim/resize
  says_nothing_of_job = { -- a look at a job that was refused, which may pass by looking again
    { code = refusals.NOT_AUTHENTICATED, kinds = REQUEST }, { code = refusals.INTERNAL_ERROR, kinds = REQUEST },
  },

  -- lists
  page_too_large = { { pattern = "max allowed page size value: (%d+)", kinds = REQUEST } }, -- observed/requests

  -- what is gone
  volume_is_gone = { { text = "Unable to find volume", kinds = REQUEST }, { unknown_id = true } }, -- observed/volumes
  template_is_gone = { { pattern = "[Uu]nable to find [Tt]emplate", kinds = OWN_WORDS }, { unknown_id = true } }, -- source
  snapshot_is_gone = {
    { text = "is already destroyed", kinds = OWN_WORDS },            -- observed/snapshots
    { pattern = "[Uu]nable to find a snapshot", kinds = OWN_WORDS }, -- sim/snapshots
    { unknown_id = true },
  },
  key_pair_is_gone = { { text = "does not exist", kinds = OWN_WORDS } }, -- observed/objects
  affinity_group_is_gone = { -- of a deploy: observed/deploy
    { code = refusals.BAD_PARAMETER, text = "affinitygroupids" },
    { code = refusals.BAD_PARAMETER, pattern = "[Uu]nable to find affinity group" },
  },

  -- what is there
  tag_is_there = { { text = "already on" } },                              -- observed/objects
  tag_is_not_there = { { text = "Failed to delete tags", kinds = OWN_WORDS } }, -- observed/objects
  affinity_group_is_there = { { text = "already exists" } },               -- observed/objects
  has_static_nat = { { pattern = "another public ip .* with id ([%w%-]+)", kinds = REQUEST } }, -- observed/networking
  firewall_rule_conflicts = { { code = refusals.RULE_CONFLICT }, { text = "conflicts with existing rule" } }, -- sim/firewall
  network_range_is_taken = { { text = "crosses other network cidr", kinds = REQUEST } }, -- observed/networking
  template_is_used = {
    { text = "instances using it", kinds = OWN_WORDS }, -- observed/objects
    { text = "are using it", kinds = OWN_WORDS },       -- up to 4.22: sim/template_life
  },

  -- room
  no_room = {
    { code = refusals.NO_CAPACITY },
    { text = "insufficient capacity" },         -- observed/deploy
    { text = "No suitable host found" },        -- observed/deploy
    { text = "No destination found" },          -- observed/deploy
    { text = "Unable to create a deployment" }, -- source
  },
  no_storage_for_disk = { { text = "suitable primary storage" } },       -- observed/volumes
  no_storage_to_grow = { { text = "enough space", kinds = OWN_WORDS } }, -- sim/resize, sim/migration

  -- addresses of a new VM. Before 4.23 a 533; of an advanced zone, whose reason only root admins are shown
  address_is_not_given = {
    { code = refusals.INTERNAL_ERROR, text = "Internal error executing command", kinds = REQUEST }, -- observed/deploy
    { code = refusals.INTERNAL_ERROR, text = "Unable to acquire", kinds = REQUEST },                -- observed/deploy
    { code = refusals.INTERNAL_ERROR, text = "Insufficient address", kinds = REQUEST },             -- observed/networking
    { code = refusals.NO_CAPACITY, text = "Internal error executing command", kinds = REQUEST },
    { code = refusals.NO_CAPACITY, text = "Unable to acquire", kinds = REQUEST },
    { code = refusals.NO_CAPACITY, text = "Insufficient address", kinds = REQUEST },
    -- of a basic zone: sim/nics
    { code = refusals.BAD_PARAMETER, text = "Cannot acquire guest", kinds = REQUEST },
    { code = refusals.BAD_PARAMETER, text = "but cannot find a Vlan", kinds = REQUEST },
  },

  -- key pairs of a new VM
  key_pair_is_unknown = {
    { text = "keypairs exist", kinds = REQUEST },       -- observed/deploy
    { text = "A key pair with name", kinds = REQUEST }, -- observed/objects
  },

  -- disks
  disk_is_being_attached = { { text = "is in Attaching", kinds = JOB } },          -- another disk's attach: observed/volumes
  disk_is_not_at_rest = { { text = "state must be in Allocated", kinds = JOB } },  -- observed/volumes
  guest_tools_are_missing = { { text = "PV drivers to be installed", kinds = JOB } }, -- XenServer: as the Go CPI knows it
  disk_out_of_reach = { -- of the VM's host
    { text = "Can't move volume between scope" },                 -- observed/volumes
    { text = "migration of local data volume is not allowed" },   -- sim/attachments
  },
  -- No other try and no other moment changes these. The texts are those of 4.11 to 4.23.
  disk_cannot_change_in_place = {
    { text = "does not support volume resize", kinds = OWN_WORDS },            -- the hypervisor: sim/resize
    { text = "must be customizable", kinds = OWN_WORDS },                      -- a fixed offering: source
    { text = "strictly fixed as per the disk offering", kinds = OWN_WORDS },   -- sim/resize
    { text = "offering's size is fixed", kinds = OWN_WORDS },                  -- source
    { text = "size strictness does not match", kinds = OWN_WORDS },            -- sim/resize
    { text = "tags on the new and old disk offerings must match", kinds = OWN_WORDS }, -- sim/resize
    { text = "no tags on the current disk offering", kinds = OWN_WORDS },      -- sim/resize
    { text = "no suitable pool", kinds = OWN_WORDS },                          -- sim/resize
    { text = "storage pool is not suitable", kinds = OWN_WORDS },              -- sim/resize
    { text = "does not exist or is not available for the account", kinds = OWN_WORDS }, -- the command: observed/requests
  },

  -- rights
  command_is_missing = { { text = "is not available for the account", kinds = OWN_WORDS } }, -- observed/requests
  may_not_expunge = {
    { text = "permission for expunging" },            -- observed/vms
    { text = "expunge can be passed by Admin" },      -- sim/vm_destroy
    { text = "Expunging a vm can only be done by" },  -- observed/vms
    { code = refusals.COMMAND_NOT_ALLOWED, command = "expungeVirtualMachine" },
  },
}

-- What a row captures (true where it captures nothing), or nil where it does not fit.
local function fits(row, failure)
  if row.kinds and not row.kinds[failure.kind] then return nil end
  if row.code and failure.code ~= row.code then return nil end
  if row.command and failure.command ~= row.command then return nil end
  if row.unknown_id and not failure.unknown_id then return nil end
  if row.text then return failure.text:find(row.text, 1, true) and true end
  if row.pattern then
    local from, _, captured = failure.text:find(row.pattern)
    return from and (captured or true)
  end
  return true
end

function refusals.found(failure, name)
  for _, row in ipairs(rows[name] or error(("there is no refusal '%s'"):format(name), 2)) do
    local found = fits(row, failure)
    if found then return found end
  end
end

function refusals.is(failure, name)
  return refusals.found(failure, name) ~= nil
end

refusals.rows = rows

return refusals
