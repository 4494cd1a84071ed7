-- Copies agents' rows, unless newer ones are there, and says which offers ring at somebody who is not ready.
-- KEYS: agents, ring, lost, aside, waiting. ARGV 2: agents [{id, actor, ready, queues, media, skills, max, load, slots,
-- videos, maxvideo, ring, auto, last, ticket, ver}]. A row read before another whose slots are here keeps those.
local withdraw, fresh = {}, false

-- can is what the agent can be asked for, as one text.
local function can(a)
  return table.concat(a.queues, ' ') .. '/' .. table.concat(a.media, ' ') .. '/' .. cjson.encode(a.skills or {})
end

for _, row in ipairs(arg.agents) do -- bound: 500
  local known = get(agents, row.id)
  if not known or known.ticket <= row.ticket then
    row.at = now
    if known then stand(row, known) end
    put(agents, row.id, row)
    if (row.ready == 1 or row.slots > 0) and score(lost, row.actor) == 0 then redis.call('ZADD', lost, now, row.actor) end
    local offer = redis.call('HGET', ring, row.id)
    if offer and row.ready == 0 then withdraw[#withdraw + 1] = offer end
    if row.ready == 1 and (not known or known.ready ~= 1 or can(known) ~= can(row)) then fresh = true end
  end
end
if fresh then stir() end
return finish({ now = now, withdraw = some(withdraw) })
