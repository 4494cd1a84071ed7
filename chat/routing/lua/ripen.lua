-- What is to be done with a place at its time. Stands behind lua/places.lua in the steps that see to it, with its KEYS
-- and ARGV.

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
