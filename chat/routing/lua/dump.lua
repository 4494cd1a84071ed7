-- Lists what is held here, for the comparison with the record. An offer younger than settled ms may still be on its way there.
-- KEYS: waiting, offers. ARGV 2: settled (ms)
local old, young = {}, {}
local all = redis.call('HGETALL', offers)
for i = 1, #all, 2 do
  local list = cjson.decode(all[i + 1]).at <= now - arg.settled and old or young
  list[#list + 1] = all[i]
end
return finish({ now = now, waiting = some(redis.call('HKEYS', waiting)), offers = some(old), young = some(young) }, true)
