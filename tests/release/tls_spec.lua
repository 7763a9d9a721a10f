-- The same servers and the programs that the packages make (tests/run.sh has them compiled): their OpenSSL is the release's.

local BIN = "build/job-packages/cloudstack_cpi/bin"
local program = io.open(BIN .. "/cpi")

describe("TLS of the release", function()
  if not program then return pending "the packages are not compiled" end
  program:close()
  assert(loadfile("tests/support/tls_cases.lua", "t", _ENV))(BIN)
end)
