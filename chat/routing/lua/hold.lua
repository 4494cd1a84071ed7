-- Takes over open offers of the record that are not known here. During an amnesty none ends sooner than it.
-- KEYS: offers, deadlines, ring, waiting, order, classes, timers, aside.
-- ARGV 2: offers [{offer, place, conv, agent, cost, deadline, all}], amnesty (ms)
local taken = {}
for _, o in ipairs(arg.offers) do -- bound: 500
  local w = get(waiting, o.place)
  if w and redis.call('HEXISTS', offers, o.offer) == 0 then
    local deadline = math.max(o.deadline, now + arg.amnesty)
    put(offers, o.offer, { p = o.place, c = o.conv, a = o.agent, k = o.cost, d = deadline, at = now, all = o.all })
    redis.call('ZADD', deadlines, deadline, o.offer)
    redis.call('HSET', ring, o.agent, o.offer)
    for _, id in ipairs(o.all and {} or w.os) do -- bound: 16 agents asked at once
      local other = get(offers, id)
      if other then release(id, other) end
    end
    w.os = o.all and w.os or {}
    w.os[#w.os + 1] = o.offer
    aim(o.place, w, 'held')
    taken[#taken + 1] = o.agent
  end
end
return finish({ now = now, held = some(taken) })
