-- Lets conversations wait. One that already does keeps its place and its offer.
-- KEYS: order, places, waiting, lost. ARGV 2: places [{conv, queue, weight, since, boost, cost, medium, visitor, round, ring}]
local added = 0
for _, p in ipairs(arg.places) do
  if redis.call('HEXISTS', waiting, p.conv) == 0 then
    local since = math.max(0, math.floor(p.since - p.boost / p.weight))
    local key = p.queue .. ':' .. string.format('%013d', since) .. ':' .. p.conv
    put(waiting, p.conv, {
      q = p.queue, k = key, w = p.weight, e = since, s = p.since, c = p.cost, m = p.medium, v = p.visitor,
      n = 0, t = p.round, o = '', x = {}, r = p.ring,
    })
    redis.call('ZADD', order, 0, key)
    redis.call('HSET', places, p.visitor, p.conv)
    if score(lost, p.visitor) == 0 then redis.call('ZADD', lost, now, p.visitor) end
    added = added + 1
  end
end
return finish({ added = added })
