-- Tells how the agents stand and what can be offered now, for a dry run. It changes nothing.
-- KEYS: agents, live, ring, ramp, waiting, order, classes, line, deadlines. ARGV 2: queue, key (of a place that would stand
-- in its line), or ids (at most 500). Rows are told as they are kept. Of each of at most 64 classes, the first 64 places
-- that can be offered are told of; or of those of the ids, the ones whose visitors are there and whose back-off is over.
local staff, held, known = {}, {}, {}
for i, text in ipairs(redis.call('HVALS', agents)) do -- bound: the agents
  local a = cjson.decode(text)
  staff[i] = {
    row = text, live = score(live, a.actor) > now, ringing = redis.call('HEXISTS', ring, a.id) == 1, resting = score(ramp, a.id) > now,
  }
end
if arg.ids then
  local named = {}
  for _, id in ipairs(arg.ids) do -- bound: 500
    local text = redis.call('HGET', waiting, id)
    local w = text and cjson.decode(text)
    if w and w.n <= now and (w.a == '' or score(live, w.a) > now) then named[#named + 1] = { id = id, row = text } end
  end
  return finish({ now = now, staff = some(staff), named = some(named) }, true)
end
local ids = redis.call('HKEYS', classes)
for n = 1, math.min(#ids, 64) do
  for _, key in ipairs(redis.call('ZRANGEBYLEX', order, '[' .. ids[n] .. ':', '(' .. ids[n] .. ';', 'LIMIT', 0, 64)) do
    local id = string.match(key, '([^:]+)$')
    local text = not known[id] and redis.call('HGET', waiting, id)
    known[id] = true
    local w = text and cjson.decode(text)
    if w and w.at == 'order' and w.n <= now and (w.a == '' or score(live, w.a) > now) then held[#held + 1] = { id = id, row = text } end
  end
end
local from = '[' .. arg.queue .. ':'
return finish({
  now = now, staff = some(staff), held = some(held), ahead = redis.call('ZLEXCOUNT', line, from, '(' .. arg.key),
  waiting = redis.call('ZLEXCOUNT', line, from, '(' .. arg.queue .. ';'),
  first = tonumber(redis.call('ZRANGE', deadlines, 0, 0, 'WITHSCORES')[2] or nil),
}, true)
