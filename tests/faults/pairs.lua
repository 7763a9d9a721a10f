-- Two processes at once, that need the same thing: in every order in which one of them can overtake the other at a request,
-- they make one, both go well (or one of them says who has it), and nothing is left when both are done with it.
--   lua5.4 tests/faults/pairs.lua [--short] [--pair TEXT] [--order TEXT [--trace]]
-- The orders are schedules, not chance: the one is stopped before its ith request, the other before its jth, and then they
-- go on by the simulated clock, the one or the other first where both could.

package.path = "./lua/?.lua;./?.lua;./tests/support/?.lua;" .. package.path
package.cpath = "./build/spec/?.so;" .. package.cpath

local circumstances = require "tests.support.circumstances"
local inventory = require "tests.faults.inventory"
local machine = require "machine"
local scenarios = require "tests.faults.scenarios"

local STRIDE = 29      -- the short form takes one order in so many
local ENDLESS = 20000  -- turns
local TRIES = 4        -- of a director's create_vm that is told to try again

local options = {}
for i, word in ipairs(arg) do
  if word == "--short" then options.short = true end
  if word == "--pair" then options.pair = arg[i + 1] end
  if word == "--order" then options.order = arg[i + 1] end
  if word == "--trace" then options.trace = true end
end

-- ---------------------------------------------------------------------------------------------------------
-- two processes in turns

-- Every request is an instant of its own, also within a wave; looks at jobs are none.
local function split_waves(stage)
  local send = stage.sim.send
  function stage.sim.send(requests, account)
    local replies = {}
    for i, request in ipairs(requests) do
      if stage.is_watched and request.command ~= "queryAsyncJobResult" then
        stage.current.turns = stage.current.turns + 1
        coroutine.yield "request"
      end
      replies[i] = send({ request }, account)[1]
    end
    return replies
  end
  function stage.before_sleep(process, seconds)
    if not stage.is_watched then return false end
    process.wake = stage.sim.clock.now() + seconds
    coroutine.yield "sleep"
    return true
  end
end

local function is_ready(stage, process)
  return not process.is_dead and (not process.wake or process.wake <= stage.sim.clock.now())
end

-- One turn of a process; the time that it sleeps passes when nobody else can go on.
local function turn(stage, process)
  process.wake, stage.current = nil, process
  stage:resume(process)
end

-- Lets the process come to its nth request, and no further.
local function run_up_to(stage, process, nth)
  while not process.is_dead and process.turns < nth do
    if process.wake then stage.sim.advance(math.max(0, process.wake - stage.sim.clock.now())) end
    turn(stage, process)
  end
end

local function run_both(stage, first, second)
  for _ = 1, ENDLESS do
    if first.is_dead and second.is_dead then return end
    if is_ready(stage, first) then turn(stage, first)
    elseif is_ready(stage, second) then turn(stage, second)
    else
      local wake = math.huge
      for _, process in ipairs { first, second } do
        if not process.is_dead then wake = math.min(wake, process.wake) end
      end
      stage.sim.advance(wake - stage.sim.clock.now())
    end
  end
  error("they do not end", 0)
end

-- ---------------------------------------------------------------------------------------------------------
-- pairs: { what, one, other, settings, world, arrange(stage), check(stage, complain, answers) }
--   one, other   function(stage) -> method, arguments; or { command = words }
--   loses        words: one of the two may fail, with these in its message, having left nothing
--   leave        function(stage): undoes both, after which the cloud is as it was before them
--   stalls       without a store nobody can help it when the other one is stopped before its last request, for as long as
--                the one needs for everything

local EXPUNGES = { ["allow.user.expunge.recover.vm"] = true }
local NONE = {}

local function vm_with(changes, networks, env)
  return function(stage)
    local list = stage:order(changes, networks or { default = { type = "dynamic", cloud_properties = { name = "bosh-net" } } })
    list[3].ephemeral_disk_offering, list[3].disk = nil, nil
    if env then list[6] = env end
    return "create_vm", list
  end
end

local function named(state, kind, name)
  local list = {}
  for _, row in ipairs(state[kind]) do
    if row.name == name or row.address == name then list[#list + 1] = row end
  end
  return list
end

local function delete_all(stage, answers)
  for _, answer in ipairs(answers) do
    if answer.result then stage:good("delete_vm", { answer.result[1] }) end
  end
end

-- Exactly one of that name, and whoever went well is in it.
local function one_group(stage, complain, answers)
  local groups = named(stage.sim.state(), "affinitygroups", "web")
  if #groups ~= 1 then return complain("there are %d groups", #groups) end
  local members = " " .. table.concat(groups[1].vms, " ") .. " "
  for _, answer in ipairs(answers) do
    local cid = type(answer.result) == "table" and answer.result[1]
    if cid and not members:find(" " .. cid .. " ", 1, true) then complain("%s is not in the group", cid) end
  end
end

local function one_balancer(members)
  return function(stage, complain)
    local rules = stage.sim.state().loadbalancers
    if #rules ~= 1 then return complain("there are %d load balancers", #rules) end
    if #rules[1].members ~= members then complain("it has %d members, not %d", #rules[1].members, members) end
  end
end

local WEB = { lbs = { { name = "web", private_port = 8080, public_port = 80, public_ip = "192.0.2.50" } } }
local FREE_WEB = { lbs = { { name = "web", private_port = 8080, public_port = 80 } } }
local GROUP = { affinity_group = "web" }
local ADDRESS = { { name = "192.0.2.50", network = "bosh-net" } }

local function with_vip(ip)
  return { default = { type = "dynamic", cloud_properties = { name = "bosh-net" } },
    public = { type = "vip", ip = ip, cloud_properties = { acquire = true } } }
end

local function one_vip(stage, complain, answers)
  local good, addresses = 0, 0
  for _, answer in ipairs(answers) do good = good + (answer.result and 1 or 0) end
  if good ~= 1 then complain("%d of them have the address", good) end
  for _, row in ipairs(stage.sim.state().publicaddresses) do
    if row.address == "192.0.2.60" then addresses = addresses + 1 end
  end
  if addresses ~= 1 then complain("the address is there %d times", addresses) end
end

local STEMCELL = { name = "ubuntu", version = "1.1", hypervisor = "xen", disk_format = "vhdx" }
local function stemcell() return "create_stemcell", { "/image", STEMCELL } end

-- CloudStack keeps the template that one of them gave up until the time for its upload is over; replay or gc removes it then.
local function leave_stemcell(stage, answers)
  if answers[1].result then stage:good("delete_stemcell", { answers[1].result }) end
  stage.sim.advance(400)
  if stage.store then stage:command("journal", "replay", "--director", machine.DIRECTOR) end
  stage:command("gc", "--director", machine.DIRECTOR, "--older-than", "1s", "--none-known", "--apply")
end

local function ranges_apart(stage, complain)
  local seen = {}
  for _, network in ipairs(stage.sim.state().networks) do
    if network.name:find "^cpi%-network" then
      if seen[network.cidr] then complain("two networks are %s", network.cidr) end
      seen[network.cidr] = true
    end
  end
end

local function network(properties)
  return function() return "create_network", { { type = "manual", netmask_bits = 24, cloud_properties = properties } } end
end

local function leave_networks(stage, answers)
  for _, answer in ipairs(answers) do stage:good("delete_network", { answer.result[1] }) end
end

local list = {
  { what = "affinity group, both come", one = vm_with(GROUP), other = vm_with(GROUP), check = one_group, leave = delete_all },
  { what = "affinity group, the last one leaves", arrange = function(s) return s:good(vm_with(GROUP)(s))[1] end,
    one = vm_with(GROUP), other = function(_, vm) return "delete_vm", { vm } end, check = one_group, stalls = true,
    leave = function(stage, answers) delete_all(stage, { answers[1] }) end },
  { what = "affinity group by instance group", one = vm_with(NONE, nil, { bosh = { group = "web" } }),
    other = vm_with(NONE, nil, { bosh = { group = "web" } }), leave = delete_all,
    settings = { cloudstack = { enable_auto_anti_affinity = true } }, check = function(stage, complain)
      if #stage.sim.state().affinitygroups ~= 1 then complain("there are %d groups", #stage.sim.state().affinitygroups) end
    end },
  { what = "load balancer, both come", world = { public_addresses = ADDRESS }, one = vm_with(WEB), other = vm_with(WEB),
    check = one_balancer(2), leave = delete_all },
  { what = "load balancer on the network's address", one = vm_with(FREE_WEB), other = vm_with(FREE_WEB), check = one_balancer(2),
    leave = delete_all },
  { what = "load balancer, the last one leaves", world = { public_addresses = ADDRESS },
    arrange = function(s) return s:good(vm_with(WEB)(s))[1] end, one = vm_with(WEB),
    other = function(_, vm) return "delete_vm", { vm } end, check = one_balancer(1),
    leave = function(stage, answers) delete_all(stage, { answers[1] }) end },
  { what = "load balancer, both leave", world = { public_addresses = ADDRESS }, arrange = function(s)
      return { s:good(vm_with(WEB)(s))[1], s:good(vm_with(WEB)(s))[1] }
    end,
    one = function(_, vms) return "delete_vm", { vms[1] } end, other = function(_, vms) return "delete_vm", { vms[2] } end,
    check = function(stage, complain)
      if #stage.sim.state().loadbalancers > 0 then complain "the load balancer is left" end
    end, gone = true },
  { what = "vip, the same one", one = vm_with(NONE, with_vip "192.0.2.60"), other = vm_with(NONE, with_vip "192.0.2.60"),
    loses = "192.0.2.60", check = one_vip, leave = delete_all },
  { what = "vip, any", one = vm_with(NONE, with_vip()), other = vm_with(NONE, with_vip()), leave = delete_all,
    check = function(_, complain, answers)
      for _, answer in ipairs(answers) do
        if not answer.result[2].public.ip then complain "a VM has none" end
      end
      if answers[1].result[2].public.ip == answers[2].result[2].public.ip then complain "they share one" end
    end },
  { what = "address, the same one", one = function(s) return "create_vm", s:order() end,
    other = function(s) return "create_vm", s:order() end, loses = "10.0.0.11", leave = delete_all },
  { what = "stemcell", one = stemcell, other = stemcell, check = function(_, complain, answers)
      if answers[1].result ~= answers[2].result then complain("they are %s and %s", answers[1].result, answers[2].result) end
    end, leave = leave_stemcell },
  { what = "stemcell, one is deleted", arrange = function(s) return s:good(stemcell()) end, one = stemcell,
    other = function(_, cid) return "delete_stemcell", { cid } end, loses = "emplate",
    leave = leave_stemcell },
  { what = "network of a free block", one = network {}, other = network {}, check = ranges_apart, leave = leave_networks },
  { what = "tier of a free block", world = { vpcs = { { name = "vpc1", zone = "zone1", cidr = "10.90.0.0/16" } } },
    one = network { vpc = "vpc1" }, other = network { vpc = "vpc1" }, check = ranges_apart, leave = leave_networks },
  { what = "key pair", one = { command = { "keypair", "create", "web" } }, other = { command = { "keypair", "create", "web" } },
    loses = "web", check = function(stage, complain)
      if #named(stage.sim.state(), "keys", "web") ~= 1 then complain "it is not there once" end
    end, leave = function(stage) stage:command("keypair", "delete", "web") end },
  { what = "disk, for two VMs", arrange = function(s)
      return { s:vm(), s:good("create_vm", s:order(nil, s:networks "10.0.0.12"))[1], s:disk() }
    end,
    one = function(_, x) return "attach_disk", { x[1], x[3] } end, other = function(_, x) return "attach_disk", { x[2], x[3] } end,
    loses = "attached to", leave = function(stage, _, x)
      local volume = named(stage.sim.state(), "volumes", x[3])[1]
      for _, vm in ipairs(stage.sim.state().vms) do
        if vm.id == volume.virtualmachineid then stage:good("detach_disk", { vm.name, x[3] }) end
      end
    end },
  { what = "disk, for the same VM", arrange = function(s) return { s:vm(), s:disk() } end,
    one = function(_, x) return "attach_disk", { x[1], x[2] } end, other = function(_, x) return "attach_disk", { x[1], x[2] } end,
    leave = function(stage, _, x) stage:good("detach_disk", { x[1], x[2] }) end },
  { what = "two disks, for one VM", arrange = function(s) return { s:vm(), s:disk(), s:disk() } end,
    one = function(_, x) return "attach_disk", { x[1], x[2] } end, other = function(_, x) return "attach_disk", { x[1], x[3] } end,
    leave = function(stage, _, x) stage:good("detach_disk", { x[1], x[2] }) stage:good("detach_disk", { x[1], x[3] }) end },
  { what = "delete_vm twice", arrange = function(s) return (s:vm_with_disk()) end, gone = true,
    one = function(_, vm) return "delete_vm", { vm } end, other = function(_, vm) return "delete_vm", { vm } end },
  { what = "delete_disk twice", arrange = function(s) return s:disk() end, gone = true,
    one = function(_, disk) return "delete_disk", { disk } end, other = function(_, disk) return "delete_disk", { disk } end },
  { what = "detach_disk twice", arrange = function(s) return { s:vm_with_disk() } end, gone = true,
    one = function(_, x) return "detach_disk", { x[1], x[2] } end, other = function(_, x) return "detach_disk", { x[1], x[2] } end },
}

-- ---------------------------------------------------------------------------------------------------------
-- one order

local function begin(stage, who, context)
  if type(who) == "table" then
    return stage:begin_command(who.command[1], table.move(who.command, 2, #who.command, 1, {}))
  end
  local method, arguments = who(stage, context)
  return stage:begin(method, arguments)
end

-- A command's exit and text as an answer; a create_vm that may be tried again is, as the director does.
local function answer_of(stage, process, who, context)
  local answer = process.answer
  if answer.exit then return answer.exit == 0 and { result = answer.text } or { error = { message = answer.text } } end
  for _ = 2, TRIES do
    if not answer.error or not answer.error.ok_to_retry then break end
    answer = stage:call(who(stage, context))
  end
  return answer
end

local function open(pair, has_store)
  local world = { settings = EXPUNGES }
  for key, value in pairs(pair.world or {}) do world[key] = value end
  local stage = scenarios.open({ arrange = function() end, world = world, settings = pair.settings }, { store = has_store })
  split_waves(stage)
  if pair.arrange then
    -- What is there from the beginning: networks are implemented, as in any cloud that is in use.
    stage.context = pair.arrange(stage)
  end
  return stage
end

-- How many requests each makes when nobody is in its way.
local function lengths(pair, has_store)
  local counts = {}
  for i, name in ipairs { "one", "other" } do
    local stage = open(pair, has_store)
    local process = begin(stage, pair[name], stage.context)
    stage.is_watched, process.turns = true, 0
    run_up_to(stage, process, math.huge)
    counts[i] = process.turns
  end
  return counts
end

local function judge(pair, stage, before, answers, complain)
  for _, text in ipairs(inventory.shared(stage.sim)) do complain("%s", text) end
  local lost = 0
  for i, answer in ipairs(answers) do
    local failure = answer.error
    if failure and pair.loses and failure.message:find(pair.loses, 1, true) then lost = lost + 1
    elseif failure then complain("%s: %s", i == 1 and "the one" or "the other", failure.message) end
  end
  if lost > 1 then complain("both lose: %s; %s", answers[1].error.message, answers[2].error.message) end
  if pair.check then pair.check(stage, complain, answers) end
  if pair.leave then pair.leave(stage, answers, stage.context) end
  stage.sim.advance(circumstances.SETTLING)
  if stage.store and #stage.store.rows "journal" > 0 then complain("the journal keeps %s", stage.store.rows("journal")[1].value) end
  local after = inventory.of(stage.sim)
  for _, object in ipairs(inventory.beyond(before, after)) do complain("%s is left", object.looks) end
end

-- The one up to its ith request, the other up to its jth, then both; first: who goes first where both could.
local function run(pair, has_store, i, j, first)
  local complaints = {}
  local function complain(format, ...) complaints[#complaints + 1] = format:format(...) end
  local stage = open(pair, has_store)
  local before = inventory.of(stage.sim)
  local one, other = begin(stage, pair.one, stage.context), begin(stage, pair.other, stage.context)
  one.turns, other.turns, stage.is_watched = 0, 0, true
  local ok, why = pcall(function()
    run_up_to(stage, one, i)
    run_up_to(stage, other, j)
    if first == 1 then run_both(stage, one, other) else run_both(stage, other, one) end
    stage.is_watched = false
    for _, process in ipairs { one, other } do
      if process.bug then error("a bug: " .. process.bug, 0) end
    end
    judge(pair, stage, before, { answer_of(stage, one, pair.one, stage.context), answer_of(stage, other, pair.other, stage.context) },
      complain)
  end)
  if not ok then complain("%s", tostring(why)) end
  if options.trace then
    for _, request in ipairs(stage.sim.requests) do
      print(request.at, request.command, request.status, machine.json.encode(request.parameters):sub(1, 160))
    end
    for _, process in ipairs { one, other } do print(table.concat(process.log, "\n")) end
  end
  return complaints
end

-- ---------------------------------------------------------------------------------------------------------

local passed, failed, shown, orders = 0, 0, 0, 0

for _, pair in ipairs(list) do
  if not options.pair or pair.what:find(options.pair, 1, true) then
    local good, bad = 0, 0
    for _, has_store in ipairs { true, false } do
      local counts = lengths(pair, has_store)
      for i = 0, counts[1] do
        for j = 0, counts[2] - (pair.stalls and not has_store and 1 or 0) do
          for first = 1, 2 do
            local title = ("%s, %s a store: %d and %d, then the %s"):format(pair.what, has_store and "with" or "without", i, j,
              first == 1 and "one" or "other")
            orders = orders + 1
            if (not options.short or orders % STRIDE == 0) and (not options.order or title:find(options.order, 1, true)) then
              local complaints = run(pair, has_store, i, j, first)
              if #complaints == 0 then good = good + 1 else
                bad, shown = bad + 1, shown + 1
                if shown <= 30 then print(("BAD  %s\n     %s"):format(title, table.concat(complaints, "\n     "))) end
              end
            end
          end
        end
      end
    end
    passed, failed = passed + good, failed + bad
    if not options.short then print(("%-42s %5d orders%s"):format(pair.what, good + bad, bad > 0 and ", " .. bad .. " bad" or "")) end
  end
end
print(("pairs, %s: %d of %d orders of %d pairs"):format(circumstances.words(), passed + failed, orders, #list))
print(("%d passed, %d failed"):format(passed, failed))
os.exit(failed == 0 and 0 or 1)
