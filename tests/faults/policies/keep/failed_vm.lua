-- A site that looks at what failed.
return { api = 1, decide = function() return "keep" end }
