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

-- drop takes a place out of its queue, and frees and tells the agents who are still being asked.
local function drop(id, w, ms)
  local freed = {}
  for _, offer in ipairs(w.os) do -- bound: 16 agents asked at once
    local o = get(offers, offer)
    if o then
      release(offer, o)
      rest(o.a, ms)
      freed[#freed + 1] = o.a
    end
  end
  if w.at == 'order' then unindex(id, w) end
  redis.call('HDEL', waiting, id)
  redis.call('ZREM', line, lineKey(w, id))
  redis.call('ZREM', aside, id)
  redis.call('ZREM', timers, id)
  if w.a ~= '' and redis.call('HGET', places, w.a) == id then redis.call('HDEL', places, w.a) end
  return some(freed)
end

-- qualified: may the agent ever be asked by this class?
local function qualified(a, c)
  if c.a then
    if c.a ~= a.id then return false end
  elseif not contains(a.queues, c.q) then
    return false
  end
  if not contains(a.media, c.m) then return false end
  for skill, level in pairs(c.nd or {}) do -- bound: skills of one queue
    if ((a.skills or {})[skill] or 0) < level then return false end
  end
  return true
end

-- able: may the agent be asked for this place at all, were it free just now?
local function able(a, w)
  if a.ready ~= 1 or contains(w.by, a.id) or score(live, a.actor) <= now then return false end
  for _, c in ipairs(stands(w)) do -- bound: 16 classes of a place
    if qualified(a, c) then return true end
  end
  return false
end

-- units that a place of a class takes of an agent: max chats of 25 fit, and one more does not.
local function units(a, c)
  if c.m ~= 'chat' then return c.c end
  return math.max(1, math.min(100, math.floor(c.c * 4 / (a.max > 0 and a.max or 4))))
end

-- fits: has the agent room for it now?
local function fits(a, c)
  return qualified(a, c) and (c.m ~= 'video' or (a.videos or 0) < (a.maxvideo or 1)) and a.load + units(a, c) + (c.sp or 0) <= 100
end

local alarmed = {} -- places that everybody was asked about without success for the first time

-- asked: once everybody able has been asked, they are asked again after the
-- back-off, whose end this tells. Somebody new is asked without it.
local function asked(w, all, backoff)
  local count = 0
  for _, a in ipairs(all) do -- bound: the agents
    if able(a, w) then
      if (w.x[a.id] or 0) <= now then return nil end
      count = count + 1
    end
  end
  if count == 0 then return nil end
  if (w.b or 0) <= now then
    w.f = (w.f or 0) + 1
    if w.f == 1 then alarmed[#alarmed + 1] = { conv = w.v, queue = w.q } end
    w.b = now + backoff[math.min(w.f, #backoff)]
    for id, till in pairs(w.x) do
      if till > now then w.x[id] = w.b end
    end
  end
  return w.b
end

-- without is a list less one value.
local function without(list, value)
  local left = {}
  for _, v in ipairs(list) do
    if v ~= value then left[#left + 1] = v end
  end
  return left
end

-- rouse goes on with what stir began: it wakes up to 64 places of those that rest because all were asked, and tells
-- whether more may rest. It goes from the last end of a rest to the first, so that those whose time comes meanwhile do
-- not shift the others; what must rest on is counted, to be stepped over.
local function rouse()
  local seen = tonumber(redis.call('HGET', meta, 'stir') or nil)
  if not seen then return false end
  local ids = redis.call('ZRANGE', aside, -64 - seen, -1 - seen)
  for _, id in ipairs(ids) do
    local w = get(waiting, id)
    if not w or w.at ~= 'rest' then
      redis.call('ZREM', aside, id)
    elseif w.n > now then
      seen = seen + 1
    else
      back(id, w)
    end
  end
  local more = #ids == 64
  if more then redis.call('HSET', meta, 'stir', seen) else redis.call('HDEL', meta, 'stir') end
  return more
end

-- stir wakes all that rests: somebody new is here. What this step does not wake, the matches do before they offer anything.
local function stir()
  redis.call('HSET', meta, 'stir', 0)
  rouse()
end

-- standing: how many wait in a place's queue, how many of its agents are ready, how long it may take.
local function standing(id, w)
  local ready, from = 0, '[' .. w.q .. ':'
  for _, a in ipairs(rows()) do -- bound: the agents
    if a.ready == 1 and contains(a.queues, w.q) and score(live, a.actor) > now then ready = ready + 1 end
  end
  local position = redis.call('ZLEXCOUNT', line, from, '[' .. orderKey(w.q, w, id))
  return {
    waiting = redis.call('ZLEXCOUNT', line, from, '(' .. w.q .. ';'), ready = ready,
    estimate = position * ((get(meta, 'figures') or {})[w.q] or 0),
  }
end

local function sameQueue(list, c)
  for i, k in ipairs(list) do -- bound: 16 classes of a place
    if k.q == c.q and k.a == c.a then return i end
  end
end

-- copy: no table may stand in a row twice, since rows are written as JSON.
local function copy(v)
  return cjson.decode(cjson.encode(v))
end

-- A doing carries out a step: twice is as good as once. It tells whether more agents are asked from then on.
local doings = {
  general = function(w)
    w.sc = nil
    return true
  end,
  push = function(w) w.pull = nil end,
  message = function(w) w.msg = 1 end,
  top = function(w) w.e = math.max(0, w.s - 2592000000) end,
  queues = function(w, s)
    for _, c in ipairs(s.classes) do -- bound: 16 classes of a place
      local at = sameQueue(w.rc or {}, c) -- needs that were lowered do not rise again
      if not sameQueue(w.cl, c) and #w.cl < 16 then w.cl[#w.cl + 1] = at and copy(w.rc[at]) or c end
    end
    return true
  end,
  relax = function(w, s)
    if s.n <= (w.rl or 0) then return false end
    w.rl, w.rc = s.n, copy(s.classes)
    for i, c in ipairs(w.cl) do -- bound: 16 classes of a place
      local at = sameQueue(s.classes, c)
      if at then w.cl[i] = s.classes[at] end
    end
    return true
  end,
}

-- carry does the steps of a place that are due and whose conditions hold; others are looked at again in 5 s.
local function carry(id, w)
  local left, more, stand = {}, false, nil
  for _, s in ipairs(w.st or {}) do -- bound: 20 steps of a place
    local holds = s.at <= now
    if holds and (s.waiting or s.ready or s.estimate) then
      stand = stand or standing(id, w)
      holds = (not s.waiting or stand.waiting > s.waiting) and (not s.ready or stand.ready < s.ready)
        and (not s.estimate or stand.estimate > s.estimate)
      if not holds then s.at = now + 5000 end
    end
    if holds then
      more = doings[s['do']](w, s) or more
    else
      left[#left + 1] = s
    end
  end
  w.st = left
  return more
end

-- due does with a place what its time has come for.
local function due(id, w)
  local at, till = w.at, w.u
  if at == 'order' then
    unindex(id, w)
    w.at = ''
  end
  local key = lineKey(w, id)
  local more = carry(id, w)
  if key ~= lineKey(w, id) then
    redis.call('ZREM', line, key)
    redis.call('ZADD', line, 0, lineKey(w, id))
  end
  if at == 'order' or (at == 'rest' and (more or till <= now)) or (at == 'pull' and w.pull ~= 1) then return back(id, w) end
  aim(id, w, at, till)
end

-- ripen does what is due with at most 64 places.
local function ripen()
  local ids = redis.call('ZRANGEBYSCORE', timers, '-inf', now, 'LIMIT', 0, 64)
  for _, id in ipairs(ids) do
    local w = get(waiting, id)
    if w then
      due(id, w)
    else
      redis.call('ZREM', timers, id)
      redis.call('ZREM', aside, id)
    end
  end
  return #ids > 0
end

