-- ping(): is the CPI there? No caller is known; "pong" is the convention.

return function()
  return "pong"
end
