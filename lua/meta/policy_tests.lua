---@meta policy_tests
-- What a NAME_test.lua beside policies can name, for editors; lua/operator/policy_tests.lua has it.

---@param words string what is true
---@param f fun()
function test(words, f) end

---@type cpi.test.facts facts.DECISION{ changes }: its example with the changes; lua/meta/cpi.lua has the class
facts = {}

---@param name string a decision
---@param facts table
---@return any answer what the CPI makes of the policy's answer; a refusal fails the test
function decide(name, facts) end

---@param name string a decision
---@param facts table
---@return string words of the refusal, or of the error
function refused(name, facts) end

---@param wanted any
---@param got any
function equal(wanted, got) end

---@param words string
---@param text string
function holds(words, text) end

---@param f function
---@return string words with which it fails
function fails(f, ...) end

function print(...) end

---@class cpi.test.cloud
---@field call fun(verb: string, ...): any the verb's result; its error fails the test
---@field failure fun(verb: string, ...): { type: string, message: string, ok_to_retry: boolean }
---@field cid fun(parts?: table): string a new VM's CID
---@field vm fun(cid: string): table? as CloudStack shows it
---@field disk fun(cid: string): table? as CloudStack shows it
---@field left fun(): table<string, integer> what a CPI makes and is there
---@field requests fun(): { command: string, parameters: table }[] what was sent since the last time
---@field log string[] what was logged
---@field sim cpi.test.sim

---@class cpi.test.sim
---@field fault fun(fault: table)
---@field advance fun(seconds: number)
---@field state fun(): table
---@field clock { now: fun(): number, utc: fun(): integer, iso: fun(): string, sleep: fun(seconds: number) }

---@param world? table changes to the default world
---@return cpi.test.cloud
function cloud(world) end
