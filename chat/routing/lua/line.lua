-- Says at which place a conversation waits, or how queues stand. Those being offered still have their place.
-- KEYS: waiting, line. ARGV 2: conv, or queues
if arg.conv then
  local w = get(waiting, arg.conv)
  local position = w and redis.call('ZLEXCOUNT', line, '[' .. w.q .. ':', '[' .. lineKey(w, arg.conv)) or 0
  return finish({ position = position }, true)
end
local lines = {}
for i, q in ipairs(arg.queues) do -- bound: the queues
  local from, to, oldest = '[' .. q .. ':', '(' .. q .. ';', 0
  local first = redis.call('ZRANGEBYLEX', line, from, to, 'LIMIT', 0, 1)[1]
  local w = first and get(waiting, string.match(first, '([^:]+)$'))
  if w then oldest = w.s end
  lines[i] = { waiting = redis.call('ZLEXCOUNT', line, from, to), oldest = oldest }
end
return finish({ lines = lines }, true)
