-- Lets places wait. One that already does keeps its place and its offers; with force it takes what is new of its row.
-- KEYS: order, places, waiting, lost, line, classes, timers, agents, live, aside. 
-- ARGV 2: places [{id, ...: as lua/places.lua}], at most 500; force; exclude {agent, ms}: not asked at first
local ids, visitors = {}, {}
for i, p in ipairs(arg.places) do ids[i], visitors[i] = p.id, p.a end -- bound: 500
if #ids == 0 then return finish({ added = 0 }, true) end
local known, seen = redis.call('HMGET', waiting, unpack(ids)), redis.call('ZMSCORE', lost, unpack(visitors))
local rowsOf, lineOf, keysOf, homes, firsts, due, defs = {}, {}, {}, {}, {}, {}, {}

local function add(list, a, b)
  list[#list + 1] = a
  list[#list + 1] = b
end

-- alone: who was to be asked first and is not there leaves it to all.
local function alone(p)
  local a = p.sc and get(agents, p.sc.a)
  if not a or a.ready ~= 1 or score(live, a.actor) <= now then p.sc = nil end
end

-- renew: another configuration. Steps that were done are done again.
local function renew(id, w, p)
  if w.at == 'order' then unindex(id, w) end
  redis.call('ZREM', line, lineKey(w, id))
  p.id, p.n, p.os, p.x, p.t, p.f, p.b, p.i = nil, w.n, w.os, w.x, w.t, w.f, w.b, w.i
  if w.sc then alone(p) else p.sc = nil end
  p.at = w.at == 'order' and '' or w.at
  redis.call('ZADD', line, 0, lineKey(p, id))
  local at = w.at
  if at == 'order' or at == 'pull' then at = p.pull == 1 and 'pull' or 'order' end
  aim(id, p, at, w.u)
end

for i, p in ipairs(arg.places) do -- bound: 500
  if known[i] and arg.force then
    renew(p.id, cjson.decode(known[i]), p)
  elseif not known[i] then
    local id = p.id
    alone(p)
    p.id, p.n, p.os, p.x, p.at = nil, 0, {}, {}, p.pull == 1 and 'pull' or 'order'
    p.i = now
    if arg.exclude then p.x[arg.exclude.agent] = now + arg.exclude.ms end
    add(rowsOf, id, cjson.encode(p))
    add(lineOf, 0, lineKey(p, id))
    if p.at == 'order' then
      for _, c in ipairs(stands(p)) do -- bound: 16 classes of a place
        add(keysOf, 0, orderKey(c.i, p, id))
        defs[c.i] = c
      end
    end
    local first = p.st and p.st[1]
    if first then add(due, first.at, id) end
    if p.a ~= '' then
      add(homes, p.a, id)
      if not seen[i] then add(firsts, now, p.a) end
    end
  end
end
if #rowsOf > 0 then
  redis.call('HSET', waiting, unpack(rowsOf))
  for key, list in pairs({ [line] = lineOf, [order] = keysOf, [timers] = due, [lost] = firsts }) do
    if #list > 0 then redis.call('ZADD', key, unpack(list)) end
  end
  if #homes > 0 then redis.call('HSET', places, unpack(homes)) end
  for id, c in pairs(defs) do put(classes, id, c) end
end
return finish({ added = #rowsOf / 2 }, #rowsOf == 0 and not arg.force)
