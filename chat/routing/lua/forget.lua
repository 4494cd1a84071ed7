-- Forgets actors that have not come back since.
-- KEYS: tabs, live, lost. ARGV 2: actors, gone (ms)
for _, actor in ipairs(arg.actors) do
  if score(lost, actor) <= now - arg.gone then
    redis.call('ZREM', lost, actor)
    redis.call('ZREM', live, actor)
    redis.call('HDEL', tabs, actor)
  end
end
return finish({ now = now })
