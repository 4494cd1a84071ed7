-- Chooses who is offered what and reserves it. Each offer takes one of the ids given; at most 64 places are looked at.
-- The place: greatest age x weight of those that somebody free can take, then the earliest, then by id. The agent: as
-- lua/rank.lua says.
-- KEYS: all but tabs, line. ARGV 2: ids, ring (ms), backoff [ms], epoch, from {class: order key to go on after}
local marks = redis.call('HMGET', meta, 'gen', 'stir')
if not marks[1] or string.sub(marks[1], 1, #arg.epoch + 1) ~= arg.epoch .. '/' then
  return finish({ now = now, rebuild = true }, true)
end
local changed = ripen()
-- Where nothing can be offered it does not matter who is free.
if not marks[2] and redis.call('ZCARD', order) == 0 then
  if not arg.from and redis.call('DEL', classes) == 1 then changed = true end
  return finish({ now = now }, not changed)
end

-- Who is free: ready, connected, nothing rings, rested, not full.
local free, count = {}, 0
local texts, rowAt, all = redis.call('HGETALL', agents), {}, nil
local function row(i)
  if not rowAt[i] then rowAt[i] = cjson.decode(texts[i]) end
  return rowAt[i]
end
local function everybody()
  if not all then
    all = {}
    for i = 2, #texts, 2 do all[#all + 1] = row(i) end -- bound: the agents
  end
  return all
end
do
  local busy, some, actors = {}, {}, {}
  for _, id in ipairs(redis.call('HKEYS', ring)) do busy[id] = true end -- bound: the agents
  for _, id in ipairs(redis.call('ZRANGEBYSCORE', ramp, '(' .. now, '+inf')) do busy[id] = true end -- bound: the agents
  for i = 1, #texts, 2 do -- bound: the agents
    -- most are not ready, have no room or are not there: that is told without decoding
    local text = texts[i + 1]
    if not busy[texts[i]] and string.find(text, '"ready":1', 1, true) and not string.find(text, '"load":100', 1, true) then
      some[#some + 1], actors[#actors + 1] = i + 1, 'agent:' .. texts[i]
    end
  end
  local here = lives(actors)
  for i, at in ipairs(some) do -- bound: the agents
    local a = here[i] and row(at)
    if a and a.ready == 1 and a.load < 100 then free[a.id], count = a, count + 1 end
  end
end
if count == 0 then return finish({ now = now }, not changed) end
-- What is stirred is all awake before anything of it is offered: the order of who waits holds among all of them.
if marks[2] and rouse() then return finish({ now = now, more = true }) end

local from, heads, fit, queueOf = arg.from or {}, {}, {}, {}

-- queue is a queue's configuration, as far as it is known.
local function queue(id)
  if not queueOf[id] then queueOf[id] = get(queues, id) or {} end
  return queueOf[id]
end

-- step lets a head stand at the class's next place.
local function step(h)
  h.after = h.key
  local range = h.after and '(' .. h.after or '[' .. h.i .. ':'
  h.key = redis.call('ZRANGEBYLEX', order, range, '(' .. h.i .. ';', 'LIMIT', 0, 1)[1]
  h.row, h.seen = nil, false
  if h.key then
    local e, id = string.match(h.key, '^[^:]*:(%d+):(.+)$')
    h.e, h.id = tonumber(e), id
  end
end

local defs = redis.call('HGETALL', classes)
for i = 1, #defs, 2 do -- bound: the classes of who waits
  local h = { i = defs[i], n = 0, key = from[defs[i]] }
  step(h)
  if h.key then
    h.c = cjson.decode(defs[i + 1])
    h.w = queue(h.c.q or '').w or 1
    local can = {}
    for id, a in pairs(free) do
      if fits(a, h.c) then can[id], h.n = a, h.n + 1 end
    end
    fit[h.i] = can
    heads[#heads + 1] = h
  elseif not from[defs[i]] then
    redis.call('HDEL', classes, defs[i])
    changed = true
  end
end

local looked, again = 0, false
local function place(h)
  if not h.seen then h.row, h.seen, looked = get(waiting, h.id), true, looked + 1 end
  return h.row
end

local function before(h, k)
  local a, b = (now - h.e) * h.w, (now - k.e) * k.w
  if a ~= b then return a > b end
  local u, v = place(h), place(k)
  if not u or not v then return not u end
  if u.s ~= v.s then return u.s < v.s end
  return h.id < k.id
end

-- takers are the first 16 of the free who can take a place and were not asked a moment ago, best first.
local ranks = {}
local function takers(id, w)
  local list, known = {}, {}
  local places = stands(w)
  local most = #places == 1 and 16 or math.huge
  local function take(a)
    if free[a.id] and not known[a.id] and (w.x[a.id] or 0) <= now and not contains(w.by, a.id) then
      known[a.id] = true
      list[#list + 1] = a
    end
    return #list >= most
  end
  for _, c in ipairs(places) do -- bound: 16 classes of a place
    ranks[c.i] = ranks[c.i] or ranked(c, fit[c.i] or {})
    local rank, i = ranks[c.i], 1
    while i <= #rank and #list < most do
      around(rank, i, rank[i].till, id, take)
      i = rank[i].till + 1
    end
  end
  return #places > 1 and merged(list, id) or list
end

local made, passed, short = {}, {}, false

-- auto: is it accepted by itself? Only where somebody sits at the desk: used within the last minute.
local function auto(w, a)
  return (queue(w.q).auto or a.auto) and score(used, a.id) >= now - 60000
end

local function reserve(h, id, w, list)
  w.t = w.t + 1
  local ms = w.r > 0 and w.r or arg.ring
  for _, a in ipairs(list) do ms = math.max(ms, a.ring) end
  for _, a in ipairs(list) do -- bound: 16 agents asked at once
    local offer = arg.ids[#made + 1]
    put(offers, offer, { p = id, c = w.v, a = a.id, k = a.cost, d = now + ms, at = now, all = w.kind == 'all' or nil })
    redis.call('ZADD', deadlines, now + ms, offer)
    redis.call('HSET', ring, a.id, offer)
    w.os[#w.os + 1] = offer
    made[#made + 1] = {
      offer = offer, place = id, conv = w.v, kind = w.kind, queue = w.q, agent = a.id, round = w.t, cost = a.cost, deadline = now + ms,
      auto = w.kind == 'offer' and auto(w, free[a.id]) or nil,
    }
    free[a.id], count = nil, count - 1
    for _, k in ipairs(heads) do
      if fit[k.i][a.id] then fit[k.i][a.id], k.n = nil, k.n - 1 end
    end
  end
  aim(id, w, 'held')
end

-- explain: why a place is offered as it is. How the agents stand to a class is told once in a run, with accounts, and
-- each candidate too: of a place, first says which of them.
local accounts, staff
local candidates, numbers = {}, {}
local function explain(c, id, w, list)
  staff, accounts = staff or staffNow(texts), accounts or {}
  if not accounts[c.i] then accounts[c.i] = account(c, staff) end
  local first = {}
  for i = 1, math.min(#list, 16) do
    local a = list[i]
    if not numbers[a] then
      candidates[#candidates + 1] = { agent = a.id, level = a.level, caps = a.caps, load = a.load - a.cost, last = a.last }
      numbers[a] = #candidates
    end
    first[i] = numbers[a]
  end
  return {
    class = c.i, position = position(id, w), waited = now - w.s, back = w.back and now - w.back, sticky = w.sc ~= nil, first = first, with = list[1].load,
    next = list[2] and list[2].load, excluded = excluded(w),
  }
end

-- skip passes over a place whose visitor is not there: it keeps it until the visitor is back. Of who was never there nothing is told.
local function skip(c, id, w)
  if score(live, w.a) > 0 then
    passed[#passed + 1] = {
      class = c.i, queue = w.q, conv = w.v, pos = position(id, w), waited = now - w.s, back = w.back and now - w.back, lost = score(lost, w.a),
    }
  end
  aim(id, w, 'away')
end

-- look does with a head's place what can be done now.
local function look(h)
  local id, w = h.id, place(h)
  if not w or w.at ~= 'order' then
    redis.call('ZREM', order, h.key)
  elseif w.n > now then
    aim(id, w, 'rest', w.n)
  elseif w.a ~= '' and score(live, w.a) <= now then
    skip(h.c, id, w)
  else
    local list = takers(id, w)
    local n = w.kind == 'all' and math.min(#list, 16) or math.min(#list, 1)
    short = n > #arg.ids - #made -- the next run has ids enough
    if short then return end
    if n > 0 then
      local first, why = #made + 1, explain(h.c, id, w, list)
      reserve(h, id, w, { unpack(list, 1, n) })
      made[first].why = why
      return
    end
    if not next(w.x) then return end
    local till = asked(w, everybody(), arg.backoff)
    if till then aim(id, w, 'rest', till) end
  end
end

-- Who waits for one agent who is not there any more waits for all: the next run chooses.
for _, h in ipairs(heads) do
  local a = h.c.a and h.n == 0 and get(agents, h.c.a)
  if a and (a.ready ~= 1 or score(live, a.actor) <= now) then
    while h.key and looked < 64 do
      local w = place(h)
      if w and w.sc and w.at == 'order' then
        unindex(h.id, w)
        w.sc, w.at = nil, ''
        aim(h.id, w, 'order')
        changed, again = true, true
      end
      step(h)
    end
  end
end

if again then return finish({ now = now, more = true, looked = looked }) end

while count > 0 and #made < #arg.ids and looked < 64 do
  local best
  for _, h in ipairs(heads) do
    if h.key and h.n > 0 and (not best or before(h, best)) then best = h end
  end
  if not best then break end
  local id = best.id
  look(best)
  if short then break end
  changed = true
  for _, h in ipairs(heads) do -- a place of several classes was looked at for all of them
    if h.key and h.id == id then step(h) end
  end
end
local more = count > 0 and (looked >= 64 or short or #made == #arg.ids)
local on
if more then
  for _, h in ipairs(heads) do
    if h.after then
      on = on or {}
      on[h.i] = h.after
    end
  end
end
return finish({
  now = now, offers = some(made), more = more, from = on, looked = looked, accounts = accounts, candidates = some(candidates),
  asked = some(alarmed), passed = some(passed),
}, not changed)
