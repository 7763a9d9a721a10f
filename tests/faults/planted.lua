-- Planted bugs: small mistakes of the kinds that lose things in the field, each made in a copy of the tree, where the suite
-- that should catch it has to fail; and where without them it has to pass.
--   lua5.4 tests/faults/planted.lua [--short] [--bug TEXT]
-- Prints a table: kind, mistake, suite. "N passed, N failed" counts the mistakes.

local text_file = require "tests.support.text_file"

-- For a suite; one that does not end has caught a wait without an end. What a busy machine takes from others does not count.
local CPU_SECONDS, SECONDS = 120, 600

local options = {}
for i, word in ipairs(arg) do
  if word == "--short" then options.short = true end
  if word == "--bug" then options.bug = arg[i + 1] end
end

-- ---------------------------------------------------------------------------------------------------------
-- suites

local function spec(name) return "busted --run=spec spec/" .. name .. "_spec.lua" end

-- scenario: a text of its description; without it all of the verb's.
local function faults(verb, cell, scenario)
  return ("lua5.4 tests/faults/fault_matrix.lua --verb %s --cell '%s'%s"):format(verb, cell,
    scenario and (" --scenario '%s'"):format(scenario) or "")
end

local function unit(name) return ("make -s build/unit/%s_test && build/unit/%s_test"):format(name, name) end
local function host(name) return ("make -s build/host-tests && build/host-tests tests/host/%s_test.lua"):format(name) end

-- ---------------------------------------------------------------------------------------------------------
-- mistakes: { kind, what, file, text as it is, text in its place, suite, short = true for the short form }

local UNDO = "a forgotten undo"
local TWICE = "a second create after a lost reply"
local HELD = "a lock not released"
local SECRET = "a secret in a log"
local UNCHECKED = "a policy's answer not validated"
local SIGN = "a comparison that forgets the sign"
local PAGES = "a list read to its first page"
local ENDLESS = "a wait without a deadline"

local A_VM = "an address of its own, an ephemeral disk"

local bugs = {
  { UNDO, "a disk whose create failed stays", "lua/verbs/create_disk.lua",
    "if left then volumes.delete_all(cpi, { left }) end", "", faults("create_disk", "job fails, done at no."), short = true },
  { UNDO, "a VM that came too late stays", "lua/vm/attempt.lua",
    "  remove(cpi, one, vm, {})\n", "",
    spec "across/fallback" },
  { UNDO, "a template that was not filled stays", "lua/stemcell/making.lua",
    "local ok, why = pcall(templates.delete, cpi, left)", "local ok, why = true", faults("create_stemcell", "drop at no.") },
  { UNDO, "a snapshot that failed stays", "lua/cloudstack/snapshots.lua",
    "if left then snapshots.delete(cpi, left.id) end", "", faults("snapshot_disk", "job fails, done at no.") },
  { UNDO, "an affinity group made for a VM that failed stays", "lua/vm/affinity.lua",
    "if row and groups.is_ours(row) then unmake(cpi, row, one.vm_cids) end", "", spec "vm/affinity" },
  { UNDO, "a vip that was taken for a VM that failed is kept", "lua/vm/vips.lua",
    '{ row = row, item = belongs.add("address", row.id, "acquired", open[i].entry) }',
    "{ row = row }\n      open[i].entry.close()", spec "vm/vips" },
  { UNDO, "what a dead process's job made stays", "lua/made/recognition.lua",
    "local id = record.id or id_by_job(cpi, record)", "local id = record.id",
    spec "made/recovery" },

  { TWICE, "any request is sent again when nobody answered", "lua/cloudstack/patience.lua",
    "return request.idempotent and not request.job or false", "return true", faults("create_disk", "lose at no."), short = true },
  { TWICE, "a job whose reply was lost is begun anew, whatever it does", "lua/cloudstack/jobs.lua",
    "elseif request.idempotent and not task.resent then", "elseif not task.resent then", spec "cloudstack/jobs" },
  { TWICE, "nobody looks whether the lost create made it", "lua/cloudstack/jobs.lua",
    "if request.find then looked, found = pcall(request.find) end", "", spec "cloudstack/jobs" },
  { TWICE, "a second template, where the reply to the first was lost", "lua/stemcell/making.lua",
    "  if payload then return payload end\n", "  if not payload then payload, failure = cpi.cloudstack:try(command, params) end\n"
    .. "  if payload then return payload end\n", faults("create_stemcell", "lose at no.") },

  { HELD, "throttled slots are kept when sending raises", "lua/setup/throttle.lua",
    "local over <close> = setmetatable({}, { __close = slots.leave }) -- luacheck: ignore over", "", spec "setup/throttle", short = true },
  { HELD, "a slot stays taken", "src/base/throttle.c",
    "            lock(F_SETLK, F_UNLCK, FIRST_SLOT + slot, 1);\n", "            continue;\n", unit "throttle" },
  { HELD, "the ledger stays locked", "src/base/throttle.c",
    "    (void)written;\n    lock(F_SETLK, F_UNLCK, 0, 1);", "    (void)written;", unit "throttle" },
  { HELD, "a transaction stays open", "src/base/store.c",
    'if (ok && execute(sql, fault) && execute("COMMIT", fault))', "if (ok && execute(sql, fault))", unit "store" },
  { HELD, "a group stays announced for ever", "lua/made/affinity_claims.lua",
    "for _, key in ipairs(keys) do store.delete(TABLE, key) end", "", spec "vm/affinity" },
  { HELD, "a journal entry stays when its answer is written", "lua/made/journal.lua",
    "for _, key in ipairs(open_keys()) do strike(key) end", "", spec "made/journal" },

  { SECRET, "the user data is not masked, and logged", "lua/vm/user_data.lua", "  cpi.log.secret(text)\n",
    '  cpi.log.debug("user data: %s", text)\n', faults("create_vm", "429 at no. 5", A_VM), short = true },
  { SECRET, "env is not masked, and logged", "lua/verbs/create_vm.lua",
    "  secrets.register_env(cpi.log.secret, order.env)\n", "  cpi.log.info('%s', cpi.json.encode(order.env))\n",
    faults("create_vm", "429 at no. 5", A_VM) },
  { SECRET, "the settings go into the journal", "lua/vm/attempt.lua",
    'cpi.journal.open { kind = "vm", name = try.vm_cid }',
    'cpi.journal.open { kind = "vm", name = try.vm_cid, settings = plan.user_data.text }',
    faults("create_vm", "drop at no. 5", A_VM) },
  { SECRET, "the message bus is not masked", "lua/request/secrets.lua",
    "  mask_passwords(mask, \"agent.mbus\", settings.agent.mbus, shortest)\n", "",
    spec "request/secrets" },
  { SECRET, "the registry's password is not masked", "lua/registry/settings.lua", "  cpi.log.secret(password)\n", "",
    spec "registry/settings" },
  { SECRET, "an upload's signature is not masked", "lua/stemcell/upload.lua", "  cpi.log.secret(target.signature)\n", "",
    spec "stemcell/upload" },
  { SECRET, "the host forgets what it was told to mask", "src/base/log.c", "mask_append(&masked, text, length)",
    "buf_append(&masked, text, length)", unit "log" },

  { UNCHECKED, "any answer will do", "lua/policy.lua", "local taken, problem = decision.match(answer, facts)",
    "local taken, problem = answer, nil", spec "policy", short = true },
  { UNCHECKED, "an offering may be invented", "lua/decisions/service_offering.lua",
    "chosen[i] = rows.like(one, facts.offerings)", "chosen[i] = one", spec "decisions/service_offering" },
  { UNCHECKED, "a pause may be negative", "lua/decisions/retry.lua", "after < 0 or ", "", spec "decisions/retry" },
  { UNCHECKED, "who may not expunge is told to", "lua/decisions/expunge.lua",
    'answer.strategy == "now" and not facts.may_expunge', "false", spec "decisions/expunge" },

  { SIGN, "an answer from the future is young", "lua/cloudstack/cache.lua",
    "return age >= 0 and age < self.parts.seconds", "return age < self.parts.seconds", spec "cloudstack/cache", short = true },
  { SIGN, "bytes above 127 are less than none", "src/base/utf8.c", "const unsigned char *b = (const unsigned char *)text;",
    "const signed char *b = (const signed char *)text;", unit "jsontext" },
  { SIGN, "a count below zero is a number of pages", "lua/cloudstack/lists.lua",
    'math.type(count) == "integer" and count >= 0 and', 'math.type(count) == "integer" and', spec "cloudstack/lists" },
  { SIGN, "a store of a schema below ours passes for ours", "src/base/store.c", "return version == SCHEMA_VERSION || make_schema(fault);",
    "return (unsigned)version <= SCHEMA_VERSION || make_schema(fault);", unit "store" },

  { PAGES, "only the first page is asked for", "lua/cloudstack/lists.lua", "for page = done[i] + 1, last or 0 do",
    "for page = done[i] + 1, 0 do",
    spec "cloudstack/lists", short = true },
  { PAGES, "the last page is left out", "lua/cloudstack/lists.lua", "(count + size - 1) // size", "count // size",
    spec "cloudstack/lists" },
  { PAGES, "rows of later pages replace the first", "lua/cloudstack/lists.lua",
    "table.move(outcome.rows, 1, #outcome.rows, #outcomes[i].rows + 1, outcomes[i].rows)",
    "outcomes[i].rows = outcome.rows",
    spec "cloudstack/lists" },
  { PAGES, "a smaller page size is not learnt", "lua/cloudstack/lists.lua", "client.page = math.min(client.page, limit)", "",
    spec "cloudstack/lists" },

  { ENDLESS, "a job is asked after for ever", "lua/cloudstack/jobs.lua", "    check_deadline(client, tasks[i])\n", "",
    spec "cloudstack/jobs", short = true },
  { ENDLESS, "a template is waited for for ever", "lua/stemcell/arrival.lua", "if age >= limit then", "if false then",
    spec "stemcell/upload" },
  { ENDLESS, "an expunge is waited for for ever", "lua/made/destruction.lua", "if cpi.clock.now() - began >= deadline then",
    "if false then", spec "made/removal" },
  { ENDLESS, "a snapshot is waited for for ever", "lua/cloudstack/snapshots.lua", "if cpi.clock.now() - began >= deadline then",
    "if false then", spec "verbs/snapshot_disk" },
  { ENDLESS, "a policy may run for ever", "src/api/policy.c",
    "budget->steps -= steps;", "(void)steps;", host "policy" },
}

-- ---------------------------------------------------------------------------------------------------------
-- the copy of the tree

local function shell(line) return (os.execute(line)) == true end

local read, write = text_file.read, text_file.write

-- The tree with its build, so that little is compiled.
local function copied()
  local pipe = assert(io.popen "mktemp -d")
  local place = pipe:read "l"
  pipe:close()
  assert(shell(("cp -a Makefile .busted lua src spec tests config docs release %s"):format(place)))
  shell(("mkdir %s/build && cp -a build/obj build/unit build/host-tests build/spec %s/build 2>/dev/null"):format(place, place))
  return place
end

local function passes(place, suite)
  local line = "cd %s && ulimit -t %d && timeout %d sh -c \"$(cat <<'END'\n%s\nEND\n)\" >%s/log 2>&1 </dev/null"
  return shell("(" .. line:format(place, CPU_SECONDS, SECONDS, suite, place) .. ")")
end

-- The file with the mistake in it, or nil and why not.
local function spoilt(text, bug)
  local first, last = text:find(bug[4], 1, true)
  if not first then return nil, "the text is not there (any more)" end
  if text:find(bug[4], last, true) then return nil, "the text is there twice" end
  return text:sub(1, first - 1) .. bug[5] .. text:sub(last + 1)
end

-- ---------------------------------------------------------------------------------------------------------

local place = copied()
local passed, failed, sound = 0, 0, {}

-- What is wrong with the check of a mistake, or nil.
local function trouble(bug)
  local path, suite = place .. "/" .. bug[3], bug[6]
  if sound[suite] == nil then sound[suite] = passes(place, suite) end
  if not sound[suite] then return "the suite fails without the mistake: " .. read(place .. "/log"):sub(-2000) end
  local text = read(path)
  local bad, why = spoilt(text, bug)
  if not bad then return why end
  write(path, bad)
  local is_blind = passes(place, suite)
  write(path, text)
  return is_blind and "nobody noticed" or nil
end

-- A mistake whose place has changed is none any more: that is told in every form, also where its suite is not run.
local function is_lost(bug) return not spoilt(read(place .. "/" .. bug[3]), bug) end

for _, bug in ipairs(bugs) do
  if is_lost(bug) or (not options.short or bug.short) and (not options.bug or bug[2]:find(options.bug, 1, true)) then
    local why = trouble(bug)
    if why then failed = failed + 1 else passed = passed + 1 end
    print(("%s  %-38s %-68s %s"):format(why and "BAD " or "good", bug[1], bug[2], bug[6]:gsub("make %-s [^&]*&& ", "")))
    if why then print("      " .. why) end
  end
end
shell("rm -rf " .. place)
print(("planted bugs: %d of %d"):format(passed + failed, #bugs))
print(("%d passed, %d failed"):format(passed, failed))
os.exit(failed == 0 and 0 or 1)
