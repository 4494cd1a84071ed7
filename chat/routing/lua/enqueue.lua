-- Lets conversations wait. One that already does keeps its place and its offer.
-- KEYS: order, places, waiting, lost. ARGV 2: places [{conv, queue, weight, since, boost, cost, medium, visitor, round, ring}], at most 500
local convs, visitors = {}, {}
for i, p in ipairs(arg.places) do convs[i], visitors[i] = p.conv, p.visitor end
if #convs == 0 then return finish({ added = 0 }) end
local known, seen = redis.call('HMGET', waiting, unpack(convs)), redis.call('ZMSCORE', lost, unpack(visitors))
local rowsOf, keysOf, homes, firsts = {}, {}, {}, {}
for i, p in ipairs(arg.places) do
  if not known[i] then
    local since = math.max(0, math.floor(p.since - p.boost / p.weight))
    local key = p.queue .. ':' .. string.format('%013d', since) .. ':' .. p.conv
    rowsOf[#rowsOf + 1] = p.conv
    rowsOf[#rowsOf + 1] = cjson.encode({
      q = p.queue, k = key, w = p.weight, e = since, s = p.since, c = p.cost, m = p.medium, v = p.visitor,
      n = 0, t = p.round, o = '', x = {}, r = p.ring,
    })
    keysOf[#keysOf + 1] = 0
    keysOf[#keysOf + 1] = key
    homes[#homes + 1] = p.visitor
    homes[#homes + 1] = p.conv
    if not seen[i] then
      firsts[#firsts + 1] = now
      firsts[#firsts + 1] = p.visitor
    end
  end
end
if #rowsOf > 0 then
  redis.call('HSET', waiting, unpack(rowsOf))
  redis.call('ZADD', order, unpack(keysOf))
  redis.call('HSET', places, unpack(homes))
end
if #firsts > 0 then redis.call('ZADD', lost, unpack(firsts)) end
return finish({ added = #rowsOf / 2 })
