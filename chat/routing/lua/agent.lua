-- Copies agents' rows, unless newer ones are there, and says which offers ring at somebody who is not ready.
-- KEYS: agents, ring, lost, aside, waiting. ARGV 2: agents [{id, actor, ready, queues, media, skills, max, load, slots,
-- videos, maxvideo, ring, auto, last, ticket, ver}]. A row read before another whose slots are here keeps those.
local withdraw, fresh = {}, false

local function sameList(a, b)
  if #a ~= #b then return false end
  for i, v in ipairs(a) do -- bound: queues and media of one agent
    if b[i] ~= v then return false end
  end
  return true
end

-- same tells whether one row lets the agent be asked for just what another does.
local function same(a, b)
  local had, has = a.skills or {}, b.skills or {}
  for skill, level in pairs(has) do -- bound: skills of one agent
    if had[skill] ~= level then return false end
  end
  for skill in pairs(had) do
    if not has[skill] then return false end
  end
  return sameList(a.queues, b.queues) and sameList(a.media, b.media)
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
    if row.ready == 1 and (not known or known.ready ~= 1 or not same(known, row)) then fresh = true end
  end
end
if fresh then stir() end
return finish({ now = now, withdraw = some(withdraw) })
