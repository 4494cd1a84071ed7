-- Writes signs of life and closes, and says who was not there before, and which conversations are offered again by that.
-- A connection: f first seen, l last sign of life or its close, u end of its lease.
-- Who was not there before is looked at again: a visitor's place, and what rests when it is an agent.
-- KEYS: tabs, live, lost, places, waiting, order, classes, timers, aside, used. ARGV 2: signs [{actor, conn, closed, used, ago (ms)}], silent (ms), closed (ms)
local came, returned, fresh = {}, {}, false

local function welcome(actor, before)
  came[#came + 1] = actor
  if string.sub(actor, 1, 6) == 'agent:' then
    fresh = true
    return
  end
  local id = redis.call('HGET', places, actor)
  local w = id and get(waiting, id)
  if w and w.at == 'away' then
    if before then returned[#returned + 1] = w.v end -- who was never there does not come back
    back(id, w)
  end
end

for _, s in ipairs(arg.signs) do -- bound: 500
  local mine = get(tabs, s.actor) or {}
  local tab = mine[s.conn]
  local at = now - (s.ago or 0)
  if not s.closed then
    mine[s.conn] = { f = tab and tab.f or at, l = math.max(tab and tab.l or 0, at), u = math.max(tab and tab.u or 0, at + arg.silent) }
  elseif tab and tab.u > now then
    tab.l, tab.u = at, math.min(tab.u, at + arg.closed)
  end
  if s.used and string.sub(s.actor, 1, 6) == 'agent:' then redis.call('ZADD', used, at, string.sub(s.actor, 7)) end
  local u, l = 0, score(lost, s.actor)
  for conn, t in pairs(mine) do
    if t.u < now - 60000 then
      mine[conn] = nil
    else
      u, l = math.max(u, t.u), math.max(l, t.l)
    end
  end
  if next(mine) then
    local till = score(live, s.actor)
    if u > now and till <= now then welcome(s.actor, till > 0) end
    put(tabs, s.actor, mine)
    redis.call('ZADD', live, u, s.actor)
    redis.call('ZADD', lost, l, s.actor)
  else
    redis.call('HDEL', tabs, s.actor)
  end
end
if fresh then stir() end
return finish({ now = now, came = some(came), returned = some(returned) })
