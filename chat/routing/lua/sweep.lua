-- Finds what time has ended. Nothing ends during the amnesty after a rebuild.
-- KEYS: all but used, verdicts.
-- ARGV 2: agentGone, visitorGone (ms), prev (the last sweep's now, 0 at first), survey
local answer = { now = now, next = 0 }
local stirred = ripen() -- what a repeat would not do again
for _, key in ipairs({ deadlines, timers }) do
  local first = tonumber(redis.call('ZRANGE', key, 0, 0, 'WITHSCORES')[2] or nil) or 0
  if first > 0 and (answer.next == 0 or first < answer.next) then answer.next = first end
end
local marks = redis.call('HMGET', meta, 'amnesty', 'stand')
local amnesty, rings = tonumber(marks[1] or nil) or 0, redis.call('HGETALL', ring)
local requests = {}
for _, key in ipairs(redis.call('ZRANGEBYLEX', line, '[@:', '(@;', 'LIMIT', 0, 500)) do
  requests[#requests + 1] = string.match(key, '([^:]+)$')
end
answer.requests = some(requests)

-- ready tells of the agents who are ready and there, and of those to whom something could have been offered for 2 s.
-- The others' texts tell that they are not, without decoding.
local function ready()
  local texts, some, actors, busy, list, idle = redis.call('HGETALL', agents), {}, {}, {}, {}, {}
  for i = 1, #texts, 2 do -- bound: the agents
    if string.find(texts[i + 1], '"ready":1', 1, true) then some[#some + 1], actors[#actors + 1] = texts[i + 1], 'agent:' .. texts[i] end
  end
  for i = 1, #rings, 2 do busy[rings[i]] = true end -- bound: the agents
  for _, id in ipairs(redis.call('ZRANGEBYSCORE', ramp, '(' .. now - 2000, '+inf')) do busy[id] = true end -- bound: the agents
  local here = lives(actors)
  for i, text in ipairs(some) do -- bound: the agents
    local a = here[i] and cjson.decode(text)
    if a and a.ready == 1 then
      list[#list + 1] = a
      if a.load < 100 and (a.at or 0) <= now - 2000 and not busy[a.id] then idle[#idle + 1] = a end
    end
  end
  return list, idle
end

-- late: does the head of a class wait for 2 s although somebody idle can take it?
local function late(head, c, agents)
  local w = get(waiting, string.match(head, '([^:]+)$'))
  if not w or (w.i or now) > now - 2000 or w.n > now or (w.a ~= '' and score(live, w.a) <= now) then return false end
  for _, a in ipairs(agents) do -- bound: the agents
    if fits(a, c) and (w.x[a.id] or 0) <= now and not contains(w.by, a.id) then return true end
  end
  return false
end

-- survey tells how queues stand: r ready agents, x that all were asked about, b nobody is ready, d how often in a row
-- something was not offered although it could have been.
local function survey()
  local had, stand = marks[2] and cjson.decode(marks[2]) or {}, {}
  local function of(q)
    stand[q] = stand[q] or { r = 0, x = 0 }
    return stand[q]
  end
  local list, there = ready()
  for _, a in ipairs(list) do -- bound: the agents
    for _, q in ipairs(a.queues) do of(q).r = of(q).r + 1 end
  end
  for _, id in ipairs(redis.call('ZRANGE', aside, 0, 255)) do
    local w = get(waiting, id)
    if w and (w.f or 0) > 0 then of(w.q).x = of(w.q).x + 1 end
  end
  if #there > 0 then
    local defs = redis.call('HGETALL', classes)
    for i = 1, #defs, 2 do -- bound: the classes of who waits
      local head = redis.call('ZRANGEBYLEX', order, '[' .. defs[i] .. ':', '(' .. defs[i] .. ';', 'LIMIT', 0, 1)[1]
      local c = head and cjson.decode(defs[i + 1])
      if c and not of(c.q).d and late(head, c, there) then of(c.q).d = ((had[c.q] or {}).d or 0) + 1 end
    end
  end
  local waits, bare, delayed = {}, {}, {}
  for _, q in ipairs(redis.call('HKEYS', queues)) do -- bound: the queues
    local s = of(q)
    if redis.call('ZLEXCOUNT', line, '[' .. q .. ':', '(' .. q .. ';') > 0 then
      waits[#waits + 1] = q
      if s.r == 0 then s.b = 1 end
    end
    if s.b then bare[#bare + 1] = q end
    if (s.d or 0) > 1 then delayed[#delayed + 1] = q end
  end
  local text = cjson.encode(stand)
  if text ~= marks[2] then
    redis.call('HSET', meta, 'stand', text)
    stirred = true
  end
  answer.waiting, answer.bare, answer.delayed, answer.surveyed = some(waits), some(bare), some(delayed), true
end

if arg.survey then survey() end
if now < amnesty then
  answer.amnesty = true
  return finish(answer, not stirred)
end

-- An agent whose lease ended while it rang was not to be reached: no blame.
local ended, gone, abandoned, changed = {}, {}, {}, {}
for _, id in ipairs(redis.call('ZRANGEBYSCORE', deadlines, '-inf', now, 'LIMIT', 0, 200)) do
  local o = get(offers, id)
  local reached = o and score(live, 'agent:' .. o.a) > now
  ended[#ended + 1] = { offer = id, outcome = reached and 'timed_out' or 'rescinded' }
end
for i = 1, #rings, 2 do
  if score(live, 'agent:' .. rings[i]) <= now and score(deadlines, rings[i + 1]) > now then
    ended[#ended + 1] = { offer = rings[i + 1], outcome = 'rescinded' }
  end
end

for _, actor in ipairs(redis.call('ZRANGEBYSCORE', lost, '-inf', now - math.min(arg.agentGone, arg.visitorGone))) do
  local seen = score(lost, actor)
  if string.sub(actor, 1, 6) == 'agent:' then
    if seen <= now - arg.agentGone and #gone < 200 then gone[#gone + 1] = string.sub(actor, 7) end
  elseif seen <= now - arg.visitorGone then
    local conv = redis.call('HGET', places, actor)
    if not conv then
      stirred = true
      redis.call('ZREM', lost, actor)
      redis.call('ZREM', live, actor)
      redis.call('HDEL', tabs, actor)
    elseif #abandoned < 200 then
      abandoned[#abandoned + 1] = conv
    end
  end
end

if arg.prev > 0 then
  for _, actor in ipairs(redis.call('ZRANGEBYSCORE', live, '(' .. arg.prev, now)) do changed[#changed + 1] = actor end
  local from, to = '(' .. (arg.prev - arg.agentGone), now - arg.agentGone
  for _, actor in ipairs(redis.call('ZRANGEBYSCORE', lost, from, to)) do changed[#changed + 1] = actor end
end
answer.ended, answer.gone, answer.abandoned, answer.changed = some(ended), some(gone), some(abandoned), some(changed)
return finish(answer, not stirred)
