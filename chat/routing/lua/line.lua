-- Says at which place a conversation waits, or how queues stand. Those being offered still have their place.
-- KEYS: waiting, order, held. ARGV 2: conv, or queues
local function count(from, to)
  return redis.call('ZLEXCOUNT', order, from, to) + redis.call('ZLEXCOUNT', held, from, to)
end
if arg.conv then
  local w = get(waiting, arg.conv)
  return finish({ position = w and count('[' .. w.q .. ':', '[' .. w.k) or 0 })
end
local lines = {}
for i, q in ipairs(arg.queues) do
  local from, to, oldest = '[' .. q .. ':', '(' .. q .. ';', 0
  for _, key in ipairs({ order, held }) do
    local first = redis.call('ZRANGEBYLEX', key, from, to, 'LIMIT', 0, 1)[1]
    local w = first and get(waiting, string.match(first, '([^:]+)$'))
    if w and (oldest == 0 or w.s < oldest) then oldest = w.s end
  end
  lines[i] = { waiting = count(from, to), oldest = oldest }
end
return finish({ lines = lines })
