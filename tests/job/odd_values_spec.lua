-- Whatever a manifest gives for a property, the job either says what is wrong with it, once and in our words, or renders to a
-- file that is JSON and scripts that are scripts.

local job = require "job"
local native = require "host_native"
local rig = require "rig"

local json = native.json

local TRICKY = "it's $(touch /tmp/x) `y` \"z\" <%= p %> \\ #{1}\n'; exit 7; '"

-- What is given in the place of what a property wants.
local odd = {
  nothing = json.null, ["an empty text"] = "", ["a blank"] = " ", ["a tricky text"] = TRICKY, ["a list"] = json.array { TRICKY },
  ["an empty list"] = json.array {}, ["an object"] = { [TRICKY] = TRICKY, ["../../bin/cpi"] = TRICKY }, ["an empty object"] = {},
  ["a number"] = 7, ["a negative one"] = -1.5, ["no"] = false, ["yes"] = true, ["a long text"] = ("x"):rep(20000),
}

local names, kinds = {}, {}
for name in pairs(job.spec().properties) do names[#names + 1] = name end
for kind in pairs(odd) do kinds[#kinds + 1] = kind end
table.sort(names)
table.sort(kinds)

local function properties(name, value)
  return job.put({ cloudstack = { endpoint = "https://cloud.test/client/api", api_key = "k", secret_access_key = "s" } }, name, value)
end

-- One answer: nil, or what is wrong with it.
local function fault_of(answer, scripts)
  for path, message in pairs(answer.errors) do
    if path ~= "config/cpi.json" then return ("%s: %s"):format(path, message) end
    if not message:find "^the properties of cloudstack_cpi have %d+ problems?: %S" then return message end
    if message:find(("x"):rep(1000), 1, true) then return "it repeats the value" end
  end
  local text = answer.files["config/cpi.json"]
  if text then
    if type(json.decode(text)) ~= "table" then return "it is no JSON" end
    for _, path in ipairs { "bin/cpi", "bin/pre-start", "bin/server_ctl" } do scripts[answer.files[path]] = true end
  end
end

describe("odd values", function()
  local scripts = {}

  for _, kind in ipairs(kinds) do
    it(("of any property are refused in our words, or do no harm: %s"):format(kind), function()
      local orders = {}
      for i, name in ipairs(names) do orders[i] = { properties = properties(name, odd[kind]) } end
      local faults = {}
      for i, answer in ipairs(job.render(orders)) do
        local fault = fault_of(answer, scripts)
        if fault then faults[#faults + 1] = names[i] .. ": " .. fault:sub(1, 300) end
      end
      assert.same({}, faults)
    end)
  end

  it("that are taken leave scripts that a shell can read, and that say nothing else", function()
    local place, count = job.run("mktemp -d"):match "%S+", 0
    for text in pairs(scripts) do
      count = count + 1
      local file = assert(io.open(("%s/%d"):format(place, count), "w"))
      file:write(text)
      file:close()
    end
    job.run(("cd %s && for script in *; do bash -n $script || exit 1; done"):format(rig.quote(place)))
    job.run("rm -r " .. place)
    assert.is_true(count > 3)
  end)
end)
