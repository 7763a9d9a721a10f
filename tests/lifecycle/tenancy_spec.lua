-- create-env in a project, over HTTP, and the trap of a director's default CPI.

local create_env = require "create_env"
local rig = require "rig"

local null = rig.json.null

local function ask(cloud, method, text)
  local run = cloud:cpi(text)
  assert.equal(null, run.response.error, method .. ": " .. run.stdout)
  return run.response.result
end

describe("create-env in a project", function()
  local world = {
    projects = { { name = "platform", account = "bosh" } },
    networks = { { name = "bosh-net", project = "platform" } }, keys = { { name = "bosh", account = "bosh", project = "platform" } },
  }

  it("makes everything the project's, and leaves nothing", function()
    local cloud <close> = rig.start { role = "bosh", store = true, world = world,
      config = { cloudstack = { project = "platform" } } }
    local known, owners = { image = create_env.image(cloud.directory, 30000) }, {}
    create_env.play(known, function(stage, method, text)
      local result = ask(cloud, method, text)
      if stage == "create" and method == "set_disk_metadata" then
        local state = cloud:state()
        for _, kind in ipairs { "vms", "volumes", "templates" } do
          for _, row in ipairs(state[kind]) do
            if not row.of_world then owners[row.account] = true end
          end
        end
      end
      return result
    end)
    local names = {}
    for name in pairs(owners) do names[#names + 1] = name end
    assert.equal(1, #names)
    assert.truthy(names[1]:find "^PrjAcct%-platform")
    cloud:expunge()
    for kind, count in pairs(cloud:state().left) do assert.equal(0, count, kind) end
  end)
end)

describe("a default CPI without credentials", function()
  it("never says that another CPI's VM is deleted", function()
    local cloud <close> = rig.start { role = "bosh" }
    local path = cloud.directory .. "/empty.json"
    io.open(path, "w"):write('{"agent":{"mbus":"https://mbus:password@0.0.0.0:6868"}}'):close()
    local run = cloud:cpi({ method = "delete_vm", arguments = { "cpivm-1" }, context = { director_uuid = "d" } },
      { config = path })
    assert.equal(0, run.exit)
    assert.equal("Bosh::Clouds::CpiError", run.response.error.type)
    assert.truthy(run.response.error.message:find("cloudstack.secret_access_key is missing", 1, true))
    assert.equal(0, #cloud:requests())
  end)
end)

describe("a cpi-config that brings a part of the credentials", function()
  it("is refused before a request is sent, and the secret of the file signs nothing", function()
    local cloud <close> = rig.start { role = "bosh" }
    for words, context in pairs {
      ["context: missing: cloudstack.secret_access_key;"] = { api_key = "another-key" },
      ["context: missing: cloudstack.api_key, cloudstack.secret_access_key;"] = { endpoint = "http://127.0.0.1:1/client/api" },
    } do
      context.director_uuid = "d"
      local run = cloud:cpi { method = "delete_vm", arguments = { "cpivm-1" }, context = context }
      assert.equal("Bosh::Clouds::CpiError", run.response.error.type)
      assert.truthy(run.response.error.message:find(words, 1, true), run.stdout)
    end
    assert.equal(0, #cloud:requests())
  end)
end)
