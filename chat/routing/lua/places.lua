-- Places: whatever waits for an agent. Stands between the prelude and every step, with the KEYS and ARGV of the prelude.
-- A place: v conversation, kind as of its offers, q queue, cl classes it can be taken by, sc the class of the agent who
-- is asked first and alone, a visitor's actor or '', e effective since, s since, n not before, t rounds, r ring (ms),
-- os open offers, x agent -> excluded until, f full rounds, b end of the back-off, u end of its rest, st steps to come,
-- rc classes of the last step that lowered needs, rl its number,
-- by agents never to be asked, pull 1 while it waits to be picked, msg 1 when a message may be left instead.
-- at: order (can be offered now), held (is being offered), away (visitor not there), rest (until u), pull.
-- A class: i id, q queue, a the one agent it is for, m medium, c units, sp units to be free besides, nd skill -> level.

local function orderKey(class, w, id)
  return class .. ':' .. string.format('%013d', w.e) .. ':' .. id
end

-- stands: the classes in whose lines a place stands now.
local function stands(w)
  return w.sc and { w.sc } or w.cl
end

-- lineKey: a place of a conversation has a position in its queue; requests stand in a list of their own.
local function lineKey(w, id)
  return orderKey((w.kind == 'offer' or w.kind == 'all') and w.q or '@', w, id)
end

-- named: a request to one agent, which ends with its offer.
local function named(w)
  return w.kind ~= 'offer' and w.kind ~= 'all' and w.cl[1].a
end

local function unindex(id, w)
  for _, c in ipairs(stands(w)) do redis.call('ZREM', order, orderKey(c.i, w, id)) end -- bound: 16 classes of a place
end

-- aim moves a place to where it is looked for, and saves it.
local function aim(id, w, at, till)
  if w.at == 'rest' then redis.call('ZREM', aside, id) end
  if w.at == 'order' and at ~= 'order' then unindex(id, w) end
  if at == 'order' and w.at ~= 'order' then
    w.i = now
    for _, c in ipairs(stands(w)) do -- bound: 16 classes of a place
      put(classes, c.i, c)
      redis.call('ZADD', order, 0, orderKey(c.i, w, id))
    end
  end
  w.at, w.u = at, nil
  if at == 'rest' then
    w.u = till
    redis.call('ZADD', aside, till, id)
  end
  local due = w.u
  for _, s in ipairs(w.st or {}) do -- bound: 20 steps of a place; those whose conditions did not hold stand out of order
    if not due or s.at < due then due = s.at end
  end
  if due then redis.call('ZADD', timers, due, id) else redis.call('ZREM', timers, id) end
  put(waiting, id, w)
end

-- back lets a place that is no longer offered wait again.
local function back(id, w)
  if w.n > now then return aim(id, w, 'rest', w.n) end
  aim(id, w, w.pull == 1 and 'pull' or 'order')
end

-- drop takes a place out of its queue, and frees and tells the agents who are still being asked. They rest, since it is
-- not known here whether it rang at them: those rests are told too, to be taken back where it did not.
local function drop(id, w, ms)
  local freed, rests = {}, {}
  for _, offer in ipairs(w.os) do -- bound: 16 agents asked at once
    local o = get(offers, offer)
    if o then
      release(offer, o)
      freed[#freed + 1] = o.a
      local till = rest(o.a, ms)
      if till then rests[#rests + 1] = { offer = offer, agent = o.a, till = till } end
    end
  end
  if w.at == 'order' then unindex(id, w) end
  redis.call('HDEL', waiting, id)
  redis.call('ZREM', line, lineKey(w, id))
  redis.call('ZREM', aside, id)
  redis.call('ZREM', timers, id)
  if w.a ~= '' and redis.call('HGET', places, w.a) == id then redis.call('HDEL', places, w.a) end
  return some(freed), some(rests)
end
