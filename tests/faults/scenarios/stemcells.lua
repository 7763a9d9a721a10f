-- Scenarios of the verbs about stemcells: each answer of the stemcell policy. The form: tests/faults/scenarios.lua.

local clouds = require "tests.faults.clouds"

local IMAGE = { name = "ubuntu", version = "1.1", hypervisor = "xen", disk_format = "vhdx" }

local function image(more)
  local properties = {}
  for key, value in pairs(IMAGE) do properties[key] = value end
  for key, value in pairs(more or {}) do properties[key] = value end
  return { "/image", properties }
end

local EVERYWHERE = { cloudstack = { stemcell = { zones = { "*" } } } }
local PUBLISHES = { policies = { directory = "tests/faults/policies/publish" },
  templates = { directory = "/published", url = "http://images.test" } }

local verbs = {}

verbs.create_stemcell = {
  { what = "uploaded", arrange = function() return image() end },
  { what = "light", arrange = function(s) return { "/image", { light_template = s.sim.state().templates[1].name } } end },
  { what = "registered", arrange = function() return image { template_url = "http://images.test/stemcell.vhd" } end },
  { what = "registered in two zones", world = clouds.TWO_ZONES, settings = EVERYWHERE,
    arrange = function() return image { template_url = "http://images.test/stemcell.vhd" } end },
  { what = "published", settings = PUBLISHES, arrange = function() return image() end },
  { what = "uploaded and copied", world = clouds.TWO_ZONES, settings = EVERYWHERE, arrange = function() return image() end },
  { what = "copied from another zone", world = clouds.TWO_ZONES, arrange = function(s)
    s:good("create_stemcell", image { zone = "zone2" })
    return image()
  end },
  { what = "there already", arrange = function(s)
    s:good("create_stemcell", image())
    return image()
  end },
  { what = "in a project", world = clouds.PROJECT, settings = clouds.IN_PROJECT, arrange = function() return image() end },
}
verbs.delete_stemcell = {
  { what = "made here", arrange = function(s) return { s:good("create_stemcell", image()) } end },
  { what = "of a VM that is gone", arrange = function(s)
    local stemcell = s:good("create_stemcell", image())
    local order = s:small_order()
    order[2] = stemcell
    s:good("delete_vm", { s:good("create_vm", order)[1] })
    return { stemcell }
  end },
  { what = "in two zones", world = clouds.TWO_ZONES, settings = EVERYWHERE,
    arrange = function(s) return { s:good("create_stemcell", image()) } end },
  { what = "light", arrange = function(s) return { s:template() } end },
}

return verbs
