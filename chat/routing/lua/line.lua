-- Says at which place a conversation waits, or how queues stand.
-- KEYS: waiting, order. ARGV 2: conv, or queues
if arg.conv then
  local w = get(waiting, arg.conv)
  return finish({ position = w and redis.call('ZLEXCOUNT', order, '[' .. w.q .. ':', '[' .. w.k) or 0 })
end
local lines = {}
for i, q in ipairs(arg.queues) do
  local from, to, oldest = '[' .. q .. ':', '(' .. q .. ';', 0
  local first = redis.call('ZRANGEBYLEX', order, from, to, 'LIMIT', 0, 1)[1]
  if first then
    local w = get(waiting, string.match(first, '([^:]+)$'))
    oldest = w and w.s or 0
  end
  lines[i] = { waiting = first and redis.call('ZLEXCOUNT', order, from, to) or 0, oldest = oldest }
end
return finish({ lines = lines })
