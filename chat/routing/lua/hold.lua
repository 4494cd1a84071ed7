-- Takes over open offers of the record that are not known here. During an amnesty none ends sooner than it.
-- KEYS: offers, deadlines, ring, waiting, order, held. ARGV 2: offers [{offer, conv, agent, cost, deadline}], amnesty (ms)
local taken = {}
for _, o in ipairs(arg.offers) do
  local w = get(waiting, o.conv)
  if w and redis.call('HEXISTS', offers, o.offer) == 0 then
    local deadline = math.max(o.deadline, now + arg.amnesty)
    put(offers, o.offer, { c = o.conv, a = o.agent, k = o.cost, d = deadline, at = now })
    redis.call('ZADD', deadlines, deadline, o.offer)
    redis.call('HSET', ring, o.agent, o.offer)
    local other = w.o ~= '' and w.o ~= o.offer and get(offers, w.o)
    if other then release(w.o, other) end
    w.o = o.offer
    move(w, order, held)
    put(waiting, o.conv, w)
    taken[#taken + 1] = o.agent
  end
end
return finish({ now = now, held = some(taken) })
