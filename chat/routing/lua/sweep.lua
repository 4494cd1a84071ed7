-- Finds what time has ended. Nothing ends during the amnesty after a rebuild.
-- KEYS: all but used, verdicts.
-- ARGV 2: agentGone, visitorGone (ms), prev (the last sweep's now, 0 at first)
local answer = { now = now, next = 0 }
ripen()
for _, key in ipairs({ deadlines, timers }) do
  local first = tonumber(redis.call('ZRANGE', key, 0, 0, 'WITHSCORES')[2] or nil) or 0
  if first > 0 and (answer.next == 0 or first < answer.next) then answer.next = first end
end
local amnesty = tonumber(redis.call('HGET', meta, 'amnesty') or nil) or 0
local requests = {}
for _, key in ipairs(redis.call('ZRANGEBYLEX', line, '[@:', '(@;', 'LIMIT', 0, 500)) do
  requests[#requests + 1] = string.match(key, '([^:]+)$')
end
local waits = {}
for _, q in ipairs(redis.call('HKEYS', queues)) do -- bound: the queues
  if redis.call('ZLEXCOUNT', line, '[' .. q .. ':', '(' .. q .. ';') > 0 then waits[#waits + 1] = q end
end
answer.requests, answer.waiting = some(requests), some(waits)
if now < amnesty then
  answer.amnesty = true
  return finish(answer)
end

-- An agent whose lease ended while it rang was not to be reached: no blame.
local ended, gone, abandoned, changed = {}, {}, {}, {}
for _, id in ipairs(redis.call('ZRANGEBYSCORE', deadlines, '-inf', now, 'LIMIT', 0, 200)) do
  local o = get(offers, id)
  local reached = o and score(live, 'agent:' .. o.a) > now
  ended[#ended + 1] = { offer = id, outcome = reached and 'timed_out' or 'rescinded' }
end
local rings = redis.call('HGETALL', ring)
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
return finish(answer)
