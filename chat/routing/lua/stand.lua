-- Says how agents stand.
-- KEYS: agents, live, ring, used. ARGV 2: agents, at most 500
local all = {}
for i, id in ipairs(arg.agents) do -- bound: 500
  local a = get(agents, id)
  all[i] = a and {
    ready = a.ready == 1, live = score(live, a.actor) > now, ringing = redis.call('HEXISTS', ring, id) == 1, load = a.load,
    used = score(used, id), known = true,
  } or { known = false }
end
return finish({ agents = all }, true)
