-- Servers whose certificate or TLS is not to be believed, and the programs of this build.

describe("TLS", function() assert(loadfile("tests/support/tls_cases.lua", "t", _ENV))(os.getenv "CPI_BUILD" or "build") end)
