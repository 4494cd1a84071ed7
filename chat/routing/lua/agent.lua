-- Copies agents' rows, unless newer ones are there, and says which offers ring at somebody who is not ready.
-- KEYS: agents, ring, lost. ARGV 2: agents [{id, actor, ready, queues, media, max, load, slots, last, ticket}]
local withdraw = {}
for _, row in ipairs(arg.agents) do
  local known = get(agents, row.id)
  if not known or known.ticket <= row.ticket then
    put(agents, row.id, row)
    if (row.ready == 1 or row.slots > 0) and score(lost, row.actor) == 0 then redis.call('ZADD', lost, now, row.actor) end
    local offer = redis.call('HGET', ring, row.id)
    if offer and row.ready == 0 then withdraw[#withdraw + 1] = offer end
  end
end
return finish({ now = now, withdraw = some(withdraw) })
