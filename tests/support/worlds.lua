-- Changes to the simulator's default world that several tests want.

local worlds = {}

-- The default world with its private networks and key in the hands of another account.
function worlds.owned_by(account)
  return {
    networks = { { name = "bosh-net", account = account }, { name = "bosh-net-2", account = account },
      { name = "bosh-loop", account = account } },
    keys = { { name = "bosh", account = account } },
  }
end

return worlds
