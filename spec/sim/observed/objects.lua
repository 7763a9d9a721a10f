-- Templates, tags and SSH keys: every refusal that was seen, and what stays.
local steps = require "spec.sim.observed.steps"
local call, vm, disk, on_vm, on_disk, tags = steps.call, steps.vm, steps.disk, steps.on_vm, steps.on_disk, steps.tags
local NOBODY, MASKED, ABSENT, unresolved = steps.NOBODY, steps.MASKED, steps.ABSENT, steps.unresolved

local KEY = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIIXa7bE4Ru6HP1M0N2Nq3s8k7zU4h1y0D5bC9oTt1a2B test"
local IN_USE = "Unable to delete template [Template {..}] because there are [1] VM instances using it."
local director = tags("createTags", "$vm", "UserVm", "director", "d1")

local function register(name, more, how)
  local parameters = {
    name = name, displaytext = name, url = "http://192.0.2.2:9999/x.vhd.bz2", format = "VHD",
    hypervisor = "$hypervisor", ostypeid = "$ostype", zoneid = "$zone",
  }
  for key, value in pairs(more or {}) do parameters[key] = value end
  if parameters.zoneid == ABSENT then parameters.zoneid = nil end
  return call("registerTemplate", parameters, how or { keep = { registered = "template.1.id" } })
end

local function upload(name, format, hypervisor)
  return call("getUploadParamsForTemplate", {
    name = name, displaytext = name, format = format or "VHD", hypervisor = hypervisor or "$hypervisor",
    ostypeid = "$ostype", zoneid = "$zone",
  }, { keep = { uploaded = "getuploadparams.id" } })
end

local function own(id)
  return call("listTemplates", { id = id or "$registered", templatefilter = "self", zoneid = "$zone" })
end

local function no_template(sentence, more, code, cserrorcode, text)
  return { sentence, register("stemcell-2", more), status = code, cserrorcode = cserrorcode, errortext = text,
    left = { { call("listTemplates", { name = "stemcell-2", templatefilter = "self" }), empty = true } } }
end

local function key(name, publickey)
  return call("registerSSHKeyPair", { name = name, publickey = publickey or KEY })
end

return {
  -- templates
  { "a registered template is answered as an array of one", register "stemcell-1",
    has = { count = 1, ["template#"] = 1, ["template.1.name"] = "stemcell-1", ["template.1.templatetype"] = "USER",
      ["template.1.account"] = "bosh" } },
  { "a name may be registered twice", given = { register "stemcell-1" }, register "stemcell-1", has = { count = 1 },
    left = { { call("listTemplates", { name = "stemcell-1", templatefilter = "self", zoneid = "$zone" }),
      has = { count = 2 } } } },
  { "a user may register a public template, but not a featured one",
    register("stemcell-pub", { ispublic = true, isfeatured = true }),
    has = { ["template.1.ispublic"] = true, ["template.1.isfeatured"] = false } },
  { "details are kept", register("stemcell-1", { ["details[0].rootDiskController"] = "virtio" }),
    has = { ["template.1.details.rootDiskController"] = "virtio" } },
  no_template("a URL of this host is refused", { url = "http://127.0.0.1:9999/x.vhd.bz2" }, 431, 9999,
    "Illegal host specified in URL."),
  no_template("a URL of another scheme is refused", { url = "ftp://x/y.vhd" }, 530, 9999, MASKED),
  no_template("a URL of another format is refused", { url = "http://192.0.2.2:9999/y.foo", format = "QCOW2" }, 431, 9999,
    "Please specify a valid qcow2"),
  no_template("a hypervisor that nobody knows is refused", { hypervisor = "NoHv" }, 431, 4350,
    "Hypervisor Type: NoHv is invalid. Supported Hypervisor types are: XenServer, KVM, VMware, Hyperv, VirtualBox,"
      .. " Parralels, BareMetal, Simulator, Ovm, Ovm3, LXC, Custom, External, Any"),
  no_template("a user may not register for all zones", { zoneid = -1 }, 431, 4350,
    "Template registered for 'All zones' can only be owned a Root Admin account. Please select specific zone(s)."),
  no_template("a zone is needed", { zoneid = ABSENT }, 431, 9999,
    "Either zoneid or zoneids is required. Both cannot be null."),
  { "the limit of templates is kept", limits = { template = 0 }, register "o-t", status = 535, cserrorcode = 4370,
    errortext = "Maximum amount of resources of Type = 'template', tag = 'null' for Account Name = bosh in Domain Id = %d"
      .. " is exceeded: Account Resource Limit = 0, Current Account Resource Amount = 0, Current Account Resource"
      .. " Reservation = 0, Requested Resource Amount = 1." },
  { "a template that waits for its upload is not ready", given = { upload "up1" }, own "$uploaded",
    has = { count = 1, ["template.1.isready"] = false, ["template.1.name"] = "up1",
      ["template.1.downloaddetails#"] = 0 } },
  { "an upload is signed and named", upload "up1", top = "postuploadtemplateresponse",
    has = { ["getuploadparams.signature#"] = 28 } },
  { "another hypervisor's upload is taken", upload("up1", "QCOW2", "KVM"), top = "postuploadtemplateresponse",
    has = { ["getuploadparams.id"] = "%u" } },
  { "a template in use is not deleted",
    given = { register "stemcell-1", vm("from-stemcell", { templateid = "$registered" }) },
    call("deleteTemplate", { id = "$registered" }), job = { code = 431, errortext = IN_USE },
    left = { { own(), has = { count = 1 } } } },
  { "a built-in template is not deleted while anybody uses it", given = { vm "vm-one" },
    call("deleteTemplate", { id = "$template" }), job = { code = 431, errortext = IN_USE } },
  { "a template in use is deleted by force",
    given = { register "stemcell-1", vm("from-stemcell", { templateid = "$registered" }) },
    call("deleteTemplate", { id = "$registered", forced = true }), has = { success = true },
    left = { { own(), empty = true } } },
  { "a template is deleted", given = { register "stemcell-1" }, call("deleteTemplate", { id = "$registered" }),
    has = { success = true }, left = { { own(), empty = true } } },
  { "deleting a template twice fails", given = { register "stemcell-1", call("deleteTemplate", { id = "$registered" }) },
    call("deleteTemplate", { id = "$registered" }),
    job = { code = 431, errortext = "Unable to find Template with id %d" } },
  { "deleting what never was is refused", call("deleteTemplate", { id = NOBODY }), status = 431, cserrorcode = 9999,
    errortext = unresolved("deleteTemplate", "id", NOBODY) },

  -- tags
  { "two tags at once", given = { vm "vm-one" },
    call("createTags", { resourceids = "$vm", resourcetype = "UserVm", ["tags[0].key"] = "director",
      ["tags[0].value"] = "d1", ["tags[1].key"] = "deployment", ["tags[1].value"] = "cf" }),
    has = { success = true }, left = { { call("listTags", { resourceid = "$vm", resourcetype = "UserVm" }),
      has = { count = 2 } } } },
  { "a key that exists fails with another value", given = { vm "vm-one", director },
    tags("createTags", "$vm", "UserVm", "director", "d2"),
    job = { code = 530, errortext = "tag director already on UserVm with id $vm" },
    left = { { call("listTags", { key = "director" }), has = { count = 1, ["tag.1.value"] = "d1" } } } },
  { "a key that exists fails with the same value", given = { vm "vm-one", director }, director,
    job = { code = 530, errortext = "tag director already on UserVm with id $vm" } },
  { "an empty value fails", given = { vm "vm-one" }, tags("createTags", "$vm", "UserVm", "empty", ""),
    job = { code = 431, errortext = "Value for the key empty is either null or empty" },
    left = { { call("listTags", { resourceid = "$vm", resourcetype = "UserVm" }), empty = true } } },
  { "a value of 300 characters is taken", given = { vm "vm-one" },
    tags("createTags", "$vm", "UserVm", "long", ("x"):rep(300)), has = { success = true } },
  { "an unknown resource fails in the job", tags("createTags", NOBODY, "UserVm", "a", "b"),
    job = { code = 431, errortext = "Unable to find resource by uuid " .. NOBODY .. " and type UserVm" } },
  { "an expunged VM fails in the job",
    given = { vm "vm-e1", on_vm("destroyVirtualMachine", { expunge = true }, { by = "admin" }) },
    tags("createTags", "$vm", "UserVm", "a", "b"),
    job = { code = 431, errortext = "Unable to find resource by uuid $vm and type UserVm" } },
  { "a Destroyed VM is tagged", given = { vm "vm-e1", on_vm "destroyVirtualMachine" },
    tags("createTags", "$vm", "UserVm", "a", "b"), has = { success = true } },
  { "a volume is tagged", given = { disk "rd-d" }, tags("createTags", "$disk", "Volume", "t", "v"),
    has = { success = true }, left = { { call("listVolumes", { id = "$disk" }),
      has = { ["volume.1.tags.1.key"] = "t", ["volume.1.tags.1.value"] = "v" } } } },
  { "a network is tagged", tags("createTags", "$net.bosh-net", "Network", "t", "v"), has = { success = true } },
  { "somebody else's template is not", tags("createTags", "$template", "Template", "t", "v"),
    job = { code = 530, errortext = steps.FORBIDDEN } },
  { "a kind of resource that nobody knows fails", given = { disk "rd-d" },
    tags("createTags", "$disk", "Bogus", "t", "v"), job = { code = 431, errortext = "Invalid resource type Bogus" } },
  { "a tag is deleted by its key alone", given = { vm "vm-one", director }, tags("deleteTags", "$vm", "UserVm", "director"),
    has = { success = true }, left = { { call("listTags", { key = "director" }), empty = true } } },
  { "deleting a tag that is not there fails", given = { vm "vm-one" }, tags("deleteTags", "$vm", "UserVm", "nosuch"),
    job = { code = 530, errortext = "Failed to delete tags" } },
  { "tags with odd characters come back as they were", given = { vm "vm-one",
      tags("createTags", "$vm", "UserVm", "k space+plus", "v é/&=*~") },
    call("listTags", { resourceid = "$vm", resourcetype = "UserVm" }),
    has = { ["tag.1.key"] = "k space+plus", ["tag.1.value"] = "v é/&=*~" } },
  { "a volume that is gone has no tags",
    given = { disk "rd-d", tags("createTags", "$disk", "Volume", "t", "v"), on_disk "deleteVolume" },
    call("listVolumes", { ["tags[0].key"] = "t", ["tags[0].value"] = "v" }), empty = true },

  -- keys
  { "a key is registered", key "another", has = { ["keypair.name"] = "another", ["keypair.account"] = "bosh" } },
  { "a key's name is taken once", given = { key "bosh-key2" }, key "bosh-key2", status = 431, cserrorcode = 4350,
    errortext = "A key pair with name 'bosh-key2' already exists for this account." },
  { "a public key is taken once", given = { key "bosh-key2" }, key "bosh-key3", status = 431, cserrorcode = 4350,
    errortext = "A key pair with key '" .. KEY .. "' already exists for this account.",
    left = { { call("listSSHKeyPairs", { name = "bosh-key3" }), empty = true } } },
  { "a public key must be one", key("bosh-keybad", "not a key"), status = 431, cserrorcode = 4350,
    errortext = "Public key is invalid" },
  { "a key in use is deleted", given = { vm("vm-one", { keypair = "bosh" }) }, call("deleteSSHKeyPair", { name = "bosh" }),
    has = { success = true } },
  { "deleting a key twice fails", given = { call("deleteSSHKeyPair", { name = "bosh" }) },
    call("deleteSSHKeyPair", { name = "bosh" }), status = 431, cserrorcode = 4350,
    errortext = "A key pair with name 'bosh' does not exist for account bosh in specified domain id",
    about = { domainId = "$domain" } },
}
