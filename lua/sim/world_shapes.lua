-- What a world may hold, described by name and type, for the check of a world and for the guide.
local world_shapes = {}

-- Names that the entries of each list may have, with the type of each; "!" says that there is no doing without.
local ENTRIES = {
  accounts = "name:string! role:string! domain:string apikey:string secretkey:string limits:table disabled:boolean "
    .. "without:table",
  projects = "name:string! account:string! members:table state:string limits:table displaytext:string",
  zones = "name:string! pools:table networktype:string securitygroups:boolean localstorage:boolean allocationstate:string "
    .. "dns:string public:string ip6prefix:string",
  clusters = "name:string! zone:string! hosts:table! pools:table! hypervisor:string",
  service_offerings = "name:string! cpu:number mhz:number memory:number customized:boolean storage:string "
    .. "limits:table hosttags:string storagetags:string zone:string rootdisksize:number displaytext:string "
    .. "leaseduration:number leaseexpiryaction:string",
  disk_offerings = "name:string! size:number customized:boolean strict:boolean storage:string tags:string zone:string "
    .. "displaytext:string",
  networks = "name:string! zone:string! type:string! cidr:string gateway:string range:table account:string "
    .. "project:string services:table userdata:string displaytext:string vpc:string acl:string offering:string ip6cidr:string "
    .. "ip6gateway:string ip6range:table",
  network_offerings = "name:string! type:string! internetprotocol:string services:table vpc:boolean displaytext:string",
  public_addresses = "name:string! account:string zone:string network:string vpc:string",
  vpcs = "name:string! zone:string! cidr:string! account:string",
  security_groups = "name:string! account:string! description:string",
  templates = "name:string! account:string zones:table format:string hypervisor:string ostype:string size:number "
    .. "featured:boolean public:boolean details:table displaytext:string",
  vms = "name:string! networks:table! zone:string account:string project:string template:string service_offering:string "
    .. "state:string displayname:string tags:table userdata:string group:string disks:table deleteprotection:boolean",
  ostypes = "name:string! category:string",
  keys = "name:string! account:string! project:string publickey:string!",
}

-- The other keys of a world.
world_shapes.PLAIN = {
  version = "string", hypervisor = "string", seed = "string", start = "number", upload_size = "number",
  settings = "table", latency = "table", default_account = "string", keep = "table",
}

-- { [list] = { { name =, type =, needed = }, ... in their order, and each by its name } }
world_shapes.FIELDS = {}
for key, shape in pairs(ENTRIES) do
  local fields = {}
  for name, kind, needed in shape:gmatch "(%w+[%w_]*):(%w+)(!?)" do
    local field = { name = name, type = kind, needed = needed == "!" }
    table.insert(fields, field)
    fields[name] = field
  end
  world_shapes.FIELDS[key] = fields
end

-- The lists' names in the order of the alphabet.
world_shapes.LISTS = {}
for key in pairs(ENTRIES) do table.insert(world_shapes.LISTS, key) end
table.sort(world_shapes.LISTS)

-- Which list a field of an entry names an entry of.
world_shapes.REFERENCES = {
  zone = "zones", account = "accounts", project = "projects", network = "networks", vpc = "vpcs", template = "templates",
  service_offering = "service_offerings",
}

return world_shapes
