-- Mistakes that change nothing that anybody can see: { file, line as it is, line with the mistake, reason }, lines without
-- the blanks around them. tests/mutants/mutants.lua leaves them out; spec/across/mutants_spec.lua demands that each line is
-- still in its file.
return {
  { "lua/made/untagged.lua", "local AT_ONCE = 4 -- jobs of each kind that are asked for together, until CloudStack knows none of them",
    "local AT_ONCE = 3 -- jobs of each kind that are asked for together, until CloudStack knows none of them",
    "how many jobs are asked for together; what is found is the same" },
  { "lua/decisions/networks.lua", 'undiscoverable = false, gateway = true, dns = true, fresh_mac = "02:5d:1c:00:00:02",',
    'undiscoverable = false, gateway = true, dns = false, fresh_mac = "02:5d:1c:00:00:02",',
    "an example of facts; other facts are one too" },
  { "lua/stemcell/on_demand.lua", "error(why, 0)", "error(why, -1)", "what is raised there is a table, which has no place added" },
}
