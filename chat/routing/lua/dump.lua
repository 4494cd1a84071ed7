-- Lists what is held here, for the comparison with the record. An offer younger than settled ms may still be on its way there.
-- KEYS: waiting, offers. ARGV 2: settled (ms)
local old = {}
local all = redis.call('HGETALL', offers)
for i = 1, #all, 2 do
  if cjson.decode(all[i + 1]).at <= now - arg.settled then old[#old + 1] = all[i] end
end
return finish({ now = now, waiting = some(redis.call('HKEYS', waiting)), offers = some(old) })
