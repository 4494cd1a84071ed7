-- Lets places wait. One that already does keeps its place and its offers.
-- KEYS: order, places, waiting, lost, line, classes, timers, queues. ARGV 2: places [{id, ...: as lua/places.lua}], at most 500
local ids, visitors = {}, {}
for i, p in ipairs(arg.places) do ids[i], visitors[i] = p.id, p.a end -- bound: 500
if #ids == 0 then return finish({ added = 0 }, true) end
local known, seen = redis.call('HMGET', waiting, unpack(ids)), redis.call('ZMSCORE', lost, unpack(visitors))
local rowsOf, lineOf, keysOf, homes, firsts, defs = {}, {}, {}, {}, {}, {}

local function add(list, a, b)
  list[#list + 1] = a
  list[#list + 1] = b
end

for i, p in ipairs(arg.places) do -- bound: 500
  if not known[i] then
    local id = p.id
    p.id, p.n, p.os, p.x, p.at = nil, 0, {}, {}, 'order'
    add(rowsOf, id, cjson.encode(p))
    add(lineOf, 0, orderKey(p.q, p, id))
    for _, c in ipairs(p.cl) do -- bound: 16 classes of a place
      add(keysOf, 0, orderKey(c.i, p, id))
      defs[c.i] = c
    end
    if p.a ~= '' then
      add(homes, p.a, id)
      if not seen[i] then add(firsts, now, p.a) end
    end
  end
end
if #rowsOf > 0 then
  redis.call('HSET', waiting, unpack(rowsOf))
  redis.call('ZADD', line, unpack(lineOf))
  redis.call('ZADD', order, unpack(keysOf))
  if #homes > 0 then redis.call('HSET', places, unpack(homes)) end
  for id, c in pairs(defs) do put(classes, id, c) end
end
if #firsts > 0 then redis.call('ZADD', lost, unpack(firsts)) end
return finish({ added = #rowsOf / 2 }, #rowsOf == 0)
