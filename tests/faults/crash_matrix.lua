-- The crash matrix: every verb, killed before and after every request (in the middle of a wave too), every write of the
-- store and the answer; then what a director does next, and `cpi journal replay` or `cpi gc`. Nothing leaks, nothing is
-- doubled. The instants are those of a run without a kill, so new requests and writes are covered without being listed.
-- What it is told, and what it prints at the end: tests/faults/scoreboard.lua.

package.path = "./lua/?.lua;./?.lua;./tests/support/?.lua;" .. package.path
package.cpath = "./build/spec/?.so;" .. package.cpath

local circumstances = require "tests.support.circumstances"
local inventory = require "tests.faults.inventory"
local machine = require "machine"
local scenarios = require "tests.faults.scenarios"
local scoreboard = require "tests.faults.scoreboard"

local PATIENCE = 120 -- seconds for which a verb waits for a job
local STRIDE = 17    -- the short matrix takes one instant in so many, of each scenario and each next move
local CREATES = { create_vm = "delete_vm", create_disk = "delete_disk", create_stemcell = "delete_stemcell",
  create_network = "delete_network", snapshot_disk = "delete_snapshot" }

local board = scoreboard.new("crash matrix", arg)

-- ---------------------------------------------------------------------------------------------------------
-- instants

local function die() coroutine.yield "kill" end

-- Watches a run; at(words) is called at every instant, inside the process. Rows of polls count by their first two.
local function watch(stage, at)
  local polls = 0
  function stage.before_send(process, requests)
    polls = requests[1].command == "queryAsyncJobResult" and polls + 1 or 0
    if polls > 2 then return end
    at("before " .. requests[1].command)
    for sent = 1, #requests - 1 do
      at(("%d of %d sent, up to %s"):format(sent, #requests, requests[sent].command), function()
        stage.sim.send(table.move(requests, 1, sent, 1, {}))
      end)
    end
    process.sends = (process.sends or 0) + 1
  end
  function stage.after_send(_, requests)
    if polls <= 2 then at("after " .. requests[#requests].command) end
  end
  function stage.before_store(_, operation, name) at(("before %s of %s"):format(operation, name)) end
  function stage.after_store(_, operation, name) at(("after %s of %s"):format(operation, name)) end
  function stage.before_answer() at "before the answer" end
end

local function unwatch(stage)
  for _, hook in ipairs { "before_send", "after_send", "before_store", "after_store", "before_answer" } do stage[hook] = nil end
end

-- A run that dies at its nth instant (0: it lives) -> stage, trial
local function run(scenario, method, nth, has_store)
  local stage, arguments = scenarios.open(scenario, { store = has_store, patience = PATIENCE })
  local trial = { stage = stage, arguments = arguments, before = inventory.of(stage.sim, stage), instants = {} }
  stage.earlier = trial.before
  watch(stage, function(words, first)
    trial.instants[#trial.instants + 1] = words
    if #trial.instants ~= nth then return end
    if first then first() end
    die()
  end)
  trial.process = stage:run(stage:begin(method, arguments, scenario.request))
  unwatch(stage)
  trial.is_answered = trial.process.is_answered
  stage.sim.advance(circumstances.SETTLING)
  trial.after = inventory.of(stage.sim, stage)
  return trial
end

-- ---------------------------------------------------------------------------------------------------------
-- the director's next moves: each brings the cloud to what `wanted` says, or complains

local function settled(stage)
  stage.sim.advance(circumstances.SETTLING)
  return inventory.of(stage.sim, stage)
end

-- A published image is not in the journal, because its name is a secret: cpi-server templates removes it a day later.
local function without_images(found)
  local kept = {}
  for id, object in pairs(found) do kept[id] = object.kind ~= "published image" and object or nil end
  return kept
end

local function compare(found, wanted, complain, what)
  local wrong = inventory.difference(inventory.shape(without_images(found)), inventory.shape(without_images(wanted)))
  if wrong then complain("%s %s", what, wrong) end
end

-- What is left beyond what was wanted is in the journal as unclear: its process died with the answer in its hands.
local function is_unclear(trial, text)
  return trial.is_ready and text:find("unclear", 1, true) ~= nil
end

local function cids_of(found)
  local list = {}
  for _, object in pairs(found) do list[#list + 1] = object.owner .. " " .. object.id end
  return table.concat(list, "\n")
end

local moves = {}

-- cpi journal replay, and nothing else.
function moves.replay(trial, good, complain)
  local stage = trial.stage
  local answer = stage:command("journal", "replay")
  local found = settled(stage)
  if trial.method_creates and not trial.is_answered then
    if is_unclear(trial, answer.text) then
      if answer.exit ~= 1 then complain("something is unclear, and the exit code is %d", answer.exit) end
      return moves.gc(trial, good, complain, true)
    end
    compare(found, trial.before, complain, "after journal replay")
    if answer.exit ~= 0 then complain("journal replay: %s", answer.text) end
  elseif trial.method_creates then
    compare(found, good.after, complain, "BOSH has the answer, and after journal replay")
  end
end

-- cpi gc with what BOSH has: its CIDs, or that there are none.
local function gc(stage, cids, director, age, ...)
  stage.files["/known"] = cids
  local known = cids:find "%S" and { "--known", "/known" } or { "--none-known" }
  for _, word in ipairs { ... } do known[#known + 1] = word end
  return stage:command("gc", "--director", director, "--older-than", age, table.unpack(known))
end

-- The same verb again (with a new agent id); then the replay, or gc where there is nothing to replay.
moves["again"] = function(trial, good, complain, method, scenario)
  local stage = trial.stage
  if trial.is_answered and trial.method_creates then return end
  local arguments = scenario.again and scenario.again(stage, trial.arguments) or trial.arguments
  local answer = stage:call(method, arguments, scenario.request)
  if answer.error and not scenario.answers then
    -- What is wanted is in the hands of something that the dead process made, and of which BOSH may know.
    for _, object in ipairs(trial.is_ready and inventory.beyond(trial.before, trial.after) or {}) do
      if answer.error.message:find(object.owner, 1, true) then return end
    end
    return complain("the same again: %s", answer.error.message)
  end
  if stage.store then
    stage:command("journal", "replay")
  else
    gc(stage, cids_of(trial.before), machine.DIRECTOR, "1s", "--apply")
  end
  local found = settled(stage)
  if trial.is_ready and trial.method_creates then return end -- told as unclear: see the move before
  compare(found, good.after, complain, "after the same again")
end

-- The director deletes a CID that it never got; then the replay.
moves["delete"] = function(trial, _, complain, method)
  if not CREATES[method] or trial.is_answered then return end
  for _, object in ipairs(inventory.beyond(trial.before, trial.after)) do
    if object.name == object.owner then
      local answer = trial.stage:call(CREATES[method], { object.owner })
      if answer.error then complain("%s: %s", CREATES[method], answer.error.message) end
    end
  end
  if trial.stage.store then trial.stage:command("journal", "replay") end
  compare(settled(trial.stage), trial.before, complain, "after " .. CREATES[method])
end

-- What goes with its VM, and is told by that one's name.
local OF_A_VM = { loadbalancers = true, registry = true }

-- cpi gc finds what is left, and with BOSH's own list it removes it; what BOSH has stays.
function moves.gc(trial, good, complain)
  local stage = trial.stage
  local wanted = trial.is_answered and good.after or trial.before
  if not trial.method_creates then return end
  local known = cids_of(trial.is_answered and trial.after or trial.before)
  local function beyond() return inventory.beyond(trial.before, without_images(inventory.of(stage.sim, stage))) end
  local left = beyond()
  local dry = gc(stage, known, machine.DIRECTOR, "1s")
  if trial.is_answered then left = {} end
  for _, object in ipairs(left) do
    local goes_along = OF_A_VM[object.kind] or object.raw and #(object.raw.vms or {}) > 0
    if not goes_along and not dry.text:find(object.owner, 1, true) and not dry.text:find(object.id, 1, true) then
      complain("gc does not tell of %s: %s", object.looks, dry.text)
    end
  end
  if (dry.exit == 1) ~= (#left > 0) then complain("gc exits %d with %d left: %s", dry.exit, #left, dry.text) end
  gc(stage, known, "another-director", "1s", "--apply")
  gc(stage, known, machine.DIRECTOR, "1d", "--apply")
  if #beyond() < #left then complain "gc removed what is not its own, or young" end
  local applied = gc(stage, known, machine.DIRECTOR, "1s", "--apply")
  if applied.exit ~= 0 then complain("gc --apply: %s", applied.text) end
  stage.sim.advance(circumstances.SETTLING)
  compare(inventory.of(stage.sim, stage), wanted, complain, "after gc --apply")
end

-- ---------------------------------------------------------------------------------------------------------
-- the matrix

local function cell(method, scenario, good, nth, has_store, name, is_brief)
  local title = ("%s%s, %s a store: killed %s; then %s"):format(method, scenario.what and " (" .. scenario.what .. ")" or "",
    has_store and "with" or "without", good.instants[nth], name)
  if not board.wants(title, is_brief) then return end
  local complaints = {}
  local function complain(format, ...) complaints[#complaints + 1] = format:format(...) end
  local fine, why = xpcall(function()
    local trial = run(scenario, method, nth, has_store)
    trial.method_creates = CREATES[method] ~= nil
    trial.is_ready = false
    for i = 1, nth do
      if good.instants[i]:find "replace of journal" and i > good.ready then trial.is_ready = true end
      if good.instants[i] == "before the answer" then trial.is_ready = true end
    end
    for _, text in ipairs(inventory.shared(trial.stage.sim)) do complain("%s", text) end
    moves[name](trial, good, complain, method, scenario)
  end, debug.traceback)
  if not fine then complain("%s", tostring(why)) end
  board.report(method, title, complaints)
end

local function matrix_of(method, scenario, has_store, shift)
  local good = run(scenario, method, 0, has_store)
  if inventory.shape(good.before) == inventory.shape(good.after) then return end
  -- The writes just before the answer say that the answer is ready.
  good.ready = #good.instants
  for i, words in ipairs(good.instants) do
    if words == "before the answer" then good.ready = i - 1 end
  end
  while good.instants[good.ready] and good.instants[good.ready]:find "replace of journal" do good.ready = good.ready - 1 end
  for nth = 1, #good.instants do
    for i, name in ipairs(board.is_mine() and (has_store and { "replay", "again", "delete" } or { "again", "delete", "gc" }) or {}) do
      if has_store or name == "gc" or not CREATES[method] then
        cell(method, scenario, good, nth, has_store, name, (nth + shift + 5 * i) % STRIDE == 0)
      end
    end
  end
end

for _, method in ipairs(scenarios.verbs()) do
  if board.is_wanted_verb(method) then
    for i, scenario in ipairs(scenarios.of[method] or {}) do
      local is_wanted = board.is_wanted_scenario(scenario.what)
      if is_wanted then matrix_of(method, scenario, true, i) end
      if is_wanted and not scenario.needs_store then matrix_of(method, scenario, false, i) end
    end
  end
end
board.close()
