-- What CloudStack's refusals mean: its codes and texts in one table, each under a name that says the meaning, each name in a class.
--
--   refusals.is(failure, name)     does the failure mean that? Any of the name's rows will do.
--   refusals.found(failure, name)  what the row's pattern captures, or nil where the failure means something else
--   refusals.class_of(failure)     -> its class and the name of its meaning; nil where CloudStack's words are not understood
--   refusals.NAME                  a code, by the names below
--   refusals.meanings              everything, for the spec
--
-- The classes
--   passing   another try, later, may do what this one did not     limit    the account may not have more
--   capacity  there is no room now for what was asked for          denied   this account may not do that, or no account may
--   taken     something else has it, or uses it                    gone     what the command is about is not there
--   broken    what was asked for cannot be done in this form, now or later
--
-- Case does not count: versions differ in it. The codes are those of CloudStack's ApiErrorCode.java. Where a text comes from
-- stands beside it: "observed/x" is spec/sim/observed/x.lua, which has what a server of 4.22 or 4.23 was seen to say; "sim/x" is
-- lua/sim/x.lua, which has what the server's own source says; "source" is that source, "report" a public bug report.

local refusals = {
  NOT_AUTHENTICATED = 401,    -- wrong key, wrong signature, or expired
  TOO_MANY_REQUESTS = 429,    -- says for how long
  MALFORMED = 430,
  BAD_PARAMETER = 431,        -- also: an id that does not exist, or is not this account's to see
  COMMAND_NOT_ALLOWED = 432,  -- the role does not have the command, or CloudStack does not have it
  UNAVAILABLE = 503,          -- before anything was done
  INTERNAL_ERROR = 530,       -- anything: users are not shown the reason
  NO_PERMISSION = 531,        -- another account's, or an offering that is not in the zone
  NO_MORE_ADDRESSES = 532,    -- of the account's limit of public addresses
  NO_CAPACITY = 533,
  NO_MORE_RESOURCES = 535,    -- of one of the account's limits
  RULE_CONFLICT = 537,
}

-- The kinds of failures (lua/cloudstack/failures.lua) in which a row counts; without, any. A reply that is not CloudStack's
-- says nothing of what the command did, whatever words it holds; nor does the refusal of a question about a job.
local REQUEST, JOB, OWN_WORDS = { refused = true }, { job = true }, { refused = true, job = true }

local BAD, INTERNAL, FULL = refusals.BAD_PARAMETER, refusals.INTERNAL_ERROR, refusals.NO_CAPACITY

-- { class, name, row, ... }. A row: code, text (plain), pattern, command, unknown_id, kinds; all that it names must be so. Text
-- and pattern are in lower case. The first of them that fits decides the class: what is more special stands first. Names without
-- a class (false) are for questions that a class does not answer.
local meanings = {
  -- what passes
  { "passing", "database_is_busy",
    { text = "deadlock found when trying to get lock", kinds = OWN_WORDS },  -- report (cloudstack PR 1762)
    { text = "lock wait timeout exceeded", kinds = OWN_WORDS },              -- report (the same)
    { text = "timed out on acquiring lock", kinds = OWN_WORDS },             -- report (cloudstack issue 4334)
    { pattern = "unable to acquire [%a ]-lock", kinds = OWN_WORDS },         -- report; source
    { pattern = "failed to acquire [%a ]-lock", kinds = OWN_WORDS } },       -- source
  { "passing", "other_operation",
    { text = "concurrent operation", kinds = OWN_WORDS } },                  -- report; source
  { "passing", "server_is_shutting_down", -- with 530 before it was 503
    { text = "can not accept new jobs", kinds = OWN_WORDS } },               -- source (AsyncJobManagerImpl)
  { "passing", "disk_is_being_attached",
    { text = "is in attaching", kinds = JOB } },                             -- another disk's attach: observed/volumes
  { "passing", "disk_is_not_at_rest",
    { text = "state must be in allocated", kinds = JOB } },                  -- observed/volumes
  { "passing", "guest_tools_are_missing",
    { text = "pv drivers to be installed", kinds = JOB } },                  -- XenServer: as the Go CPI knows it
  { "passing", "other_snapshot",
    { text = "other active snapshot task", kinds = OWN_WORDS } },            -- report (cloudstack issue 9128)
  { "passing", "template_is_on_its_way",
    { text = "has not been completely downloaded to zone", kinds = OWN_WORDS }, -- report (cloudstack issue 9860)
    { text = "either getting uploaded or it may be initiated", kinds = OWN_WORDS } }, -- sim/template_life

  -- rights
  { "denied", "command_is_missing",
    { text = "is not available for the account", kinds = OWN_WORDS } },      -- observed/requests
  { "denied", "may_not_expunge",
    { text = "permission for expunging", kinds = OWN_WORDS },                -- observed/vms
    { text = "expunge can be passed by admin", kinds = OWN_WORDS },          -- sim/vm_destroy
    { text = "expunging a vm can only be done by", kinds = OWN_WORDS },      -- observed/vms
    { code = refusals.COMMAND_NOT_ALLOWED, command = "expungeVirtualMachine", kinds = OWN_WORDS } },
  { "denied", "vm_is_protected",
    { text = "has delete protection enabled", kinds = OWN_WORDS } },         -- observed/vms

  -- what is gone
  { "gone", "volume_is_gone",
    { text = "unable to find volume", kinds = REQUEST },                     -- observed/volumes
    { unknown_id = true, kinds = OWN_WORDS } },
  { "gone", "template_is_gone",
    { text = "unable to find template", kinds = OWN_WORDS },                 -- source; sim/template_life
    { unknown_id = true, kinds = OWN_WORDS } },
  { "gone", "snapshot_is_gone",
    { text = "is already destroyed", kinds = OWN_WORDS },                    -- observed/snapshots
    { text = "unable to find a snapshot", kinds = OWN_WORDS },               -- sim/snapshots
    { unknown_id = true, kinds = OWN_WORDS } },
  { "gone", "vm_is_gone",
    { text = "unable to find a virtual machine with", kinds = OWN_WORDS },   -- observed/vms
    { text = "unable to find a instance with", kinds = OWN_WORDS },          -- observed/vms
    { unknown_id = true, kinds = OWN_WORDS } },
  { "gone", "key_pair_is_gone",
    { pattern = "a key pair with name .* does not exist", kinds = OWN_WORDS } }, -- observed/objects
  { "gone", "key_pair_is_unknown", -- to a deploy
    { text = "keypairs exist", kinds = REQUEST },                            -- observed/deploy
    { pattern = "a key pair with name .* does not exist", kinds = REQUEST }, -- before 4.17: sim/vm_deploy
    { pattern = "a key pair with name .* was not found", kinds = REQUEST } }, -- source
  { "gone", "affinity_group_is_gone", -- of a deploy: observed/deploy
    { code = BAD, text = "affinitygroupids", kinds = OWN_WORDS },
    { code = BAD, text = "unable to find affinity group", kinds = OWN_WORDS } },
  { "gone", "tag_is_not_there",
    { text = "failed to delete tags", kinds = OWN_WORDS } },                 -- observed/objects

  -- what somebody has
  { "taken", "tag_is_there",
    { text = "already on", kinds = OWN_WORDS } },                            -- observed/objects
  { "taken", "has_static_nat",
    { pattern = "another public ip .* with id ([%w%-]+)", kinds = REQUEST } }, -- observed/networking
  { "taken", "vm_name_is_taken",
    { text = "already exists in the network domain", kinds = REQUEST },      -- observed/deploy
    { text = "already has an instance with host name", kinds = REQUEST } },  -- observed/deploy
  { "taken", "affinity_group_is_there",
    { text = "already exists", kinds = OWN_WORDS } },                        -- observed/objects
  { "taken", "firewall_rule_conflicts",
    { code = refusals.RULE_CONFLICT, kinds = OWN_WORDS },                    -- observed/networking
    { text = "conflicts with existing rule", kinds = OWN_WORDS } },          -- sim/firewall
  { "taken", "network_range_is_taken",
    { text = "crosses other network cidr", kinds = REQUEST } },              -- observed/networking
  { "taken", "template_is_used",
    { text = "instances using it", kinds = OWN_WORDS },                      -- observed/objects
    { text = "are using it", kinds = OWN_WORDS } },                          -- up to 4.22: sim/template_life
  { "taken", "address_is_taken", -- to which a NIC is to be moved: another VM's, or none of the network's
    { text = "please choose another ip", kinds = JOB } },                    -- observed/vms, sim/nics
  { "taken", "address_is_not_given", -- to a new VM; root admins are shown it, and everybody in a basic zone
    { code = INTERNAL, text = "unable to acquire", kinds = REQUEST },        -- observed/deploy
    { code = INTERNAL, text = "insufficient address", kinds = REQUEST },     -- observed/networking
    { code = FULL, text = "unable to acquire", kinds = REQUEST },            -- up to 4.21
    { code = FULL, text = "insufficient address", kinds = REQUEST },
    { code = BAD, text = "cannot acquire guest", kinds = REQUEST },          -- of a basic zone: sim/nics
    { code = BAD, text = "but cannot find a vlan", kinds = REQUEST },
    { code = INTERNAL, text = "failed to assign secondary ip to nic", kinds = REQUEST } }, -- a further one of a NIC: observed/nics

  -- room
  { "capacity", "no_storage_for_disk",
    { text = "suitable primary storage", kinds = OWN_WORDS } },              -- observed/volumes
  { "capacity", "no_storage_to_grow",
    { text = "enough space", kinds = OWN_WORDS } },                          -- sim/resize, sim/migration
  { "capacity", "no_room",
    { code = FULL, kinds = OWN_WORDS },
    { text = "insufficient capacity", kinds = OWN_WORDS },                   -- observed/deploy
    { text = "no suitable host found", kinds = OWN_WORDS },                  -- observed/deploy
    { text = "no destination found", kinds = OWN_WORDS },                    -- observed/deploy
    { text = "unable to create a deployment", kinds = OWN_WORDS },           -- observed/stopped_first
    { text = "insufficientservercapacityexception", kinds = OWN_WORDS } },   -- report (cloudstack issue 10435)

  -- a VM that is made stopped and then started
  { "taken", "vm_runs_already",
    { text = "is already running", kinds = OWN_WORDS } },                    -- observed/stopped_first
  { "taken", "offering_is_its_own",
    { text = "already has the requested service offering", kinds = REQUEST } }, -- observed/stopped_first

  -- what cannot be done as it was asked for
  { "broken", "disk_out_of_reach", -- of the VM's host
    { text = "can't move volume between scope", kinds = OWN_WORDS },         -- observed/volumes
    { text = "migration of local data volume is not allowed", kinds = OWN_WORDS } }, -- sim/attachments
  { "broken", "disk_cannot_change_in_place", -- the texts are those of 4.11 to 4.23
    { text = "does not support volume resize", kinds = OWN_WORDS },          -- the hypervisor: sim/resize
    { text = "must be customizable", kinds = OWN_WORDS },                    -- a fixed offering: source
    { text = "strictly fixed as per the disk offering", kinds = OWN_WORDS }, -- sim/resize
    { text = "offering's size is fixed", kinds = OWN_WORDS },                -- source
    { text = "size strictness does not match", kinds = OWN_WORDS },          -- sim/resize
    { text = "tags on the new and old disk offerings must match", kinds = OWN_WORDS }, -- sim/resize
    { text = "no tags on the current disk offering", kinds = OWN_WORDS },    -- sim/resize
    { text = "no suitable pool", kinds = OWN_WORDS },                        -- sim/resize
    { text = "storage pool is not suitable", kinds = OWN_WORDS },            -- sim/resize
    { text = "is not available for the account", kinds = OWN_WORDS } },      -- the command: observed/requests
  { "broken", "template_cannot_be_copied", -- because it was uploaded
    { text = "vmtemplatevo.geturl()", kinds = OWN_WORDS } },                 -- seen on 4.22: sim/template_life
  { "broken", "port_is_reserved",
    { text = "lb service provider cannot support this rule", kinds = OWN_WORDS } }, -- sim/load_balancers
  { "broken", "page_too_large",
    { pattern = "max allowed page size value: (%d+)", kinds = REQUEST } },   -- observed/requests

  -- what is said in many places; after everything more special
  { "passing", "later",
    { text = "try again later", kinds = OWN_WORDS },                         -- report (cloudstack issue 12753); source
    { text = "try again after some time", kinds = OWN_WORDS },               -- source
    { text = "please retry later", kinds = OWN_WORDS } },                    -- source
  { "limit", "nic_has_most_addresses",
    { text = "maximum number of ips per nic", kinds = REQUEST } },           -- sim/secondary_addresses
  { "limit", "limit_is_reached",
    { code = refusals.NO_MORE_ADDRESSES, kinds = OWN_WORDS },                -- observed/networking
    { code = refusals.NO_MORE_RESOURCES, kinds = OWN_WORDS },                -- observed/deploy
    { text = "maximum amount of resources", kinds = OWN_WORDS },             -- observed/deploy
    { text = "maximum number of public ip addresses", kinds = OWN_WORDS } }, -- observed/networking

  -- codes alone, last of all
  { "denied", "not_authenticated", { code = refusals.NOT_AUTHENTICATED, kinds = OWN_WORDS } },
  { "denied", "command_not_allowed", { code = refusals.COMMAND_NOT_ALLOWED, kinds = OWN_WORDS } },
  { "denied", "no_permission", { code = refusals.NO_PERMISSION, kinds = OWN_WORDS } },
  { "broken", "malformed", { code = refusals.MALFORMED, kinds = OWN_WORDS } },
  { "broken", "bad_parameter_of_job", { code = BAD, kinds = JOB } }, -- found before the job did anything: sim/resize
  { "broken", "bad_parameter", { code = BAD, kinds = OWN_WORDS } },

  -- codes of which it matters who said them
  { false, "unknown_job", { code = BAD, kinds = REQUEST } }, -- of queryAsyncJobResult: observed/requests
  { false, "internal_error", { code = INTERNAL } },
  { false, "internal_error_of_request", { code = INTERNAL, kinds = REQUEST } },
  { false, "reason_is_hidden", -- from users: observed/deploy; 533 before 4.23
    { code = INTERNAL, text = "internal error executing command", kinds = REQUEST },
    { code = FULL, text = "internal error executing command", kinds = REQUEST } },
  { false, "says_nothing_of_job", -- a look at a job that was refused, which may pass by looking again
    { code = refusals.NOT_AUTHENTICATED, kinds = REQUEST }, { code = INTERNAL, kinds = REQUEST } },
}

local by_name = {}
for _, meaning in ipairs(meanings) do by_name[meaning[2]] = meaning end

-- What a row captures (true where it captures nothing), or nil where it does not fit. text: the failure's in lower case.
local function fits(row, failure, text)
  if row.kinds and not row.kinds[failure.kind] then return nil end
  if row.code and failure.code ~= row.code then return nil end
  if row.command and failure.command ~= row.command then return nil end
  if row.unknown_id and not failure.unknown_id then return nil end
  if row.text then return text:find(row.text, 1, true) and true end
  if row.pattern then
    local from, _, captured = text:find(row.pattern)
    return from and (captured or true)
  end
  return true
end

local function found_in(meaning, failure, text)
  for i = 3, #meaning do
    local found = fits(meaning[i], failure, text)
    if found then return found end
  end
end

function refusals.found(failure, name)
  local meaning = by_name[name] or error(("there is no refusal '%s'"):format(name), 2)
  return found_in(meaning, failure, failure.text:lower())
end

function refusals.is(failure, name)
  return refusals.found(failure, name) ~= nil
end

-- The class of what CloudStack itself has said; what is not its own word has none.
function refusals.class_of(failure)
  local text = failure.text:lower()
  for _, meaning in ipairs(meanings) do
    if meaning[1] and found_in(meaning, failure, text) then return meaning[1], meaning[2] end
  end
end

refusals.meanings = meanings

return refusals
