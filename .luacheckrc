std = "lua54"
max_line_length = 140
self = false
cache = false

-- A policy can name no more than the sandbox gives it: src/api/policy.c.
stds.sandbox = {
  read_globals = {
    "assert", "error", "ipairs", "next", "pairs", "select", "tonumber", "tostring", "type",
    "math", "string", "table", "utf8",
  },
}
files["lua/policies"].std = "sandbox"
files["config/policies"].std = "sandbox"

files["spec"].std = "+busted"
files["tests"].std = "+busted"

-- What editors read: names that exist elsewhere.
files["lua/meta"] = { allow_defined_top = true, ignore = { "131", "212" } }
