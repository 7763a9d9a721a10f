-- A site that has its stemcells fetched by CloudStack.
return { api = 1, decide = function() return { how = "publish" } end }
