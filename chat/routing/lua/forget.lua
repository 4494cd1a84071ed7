-- Forgets actors that have not come back since.
-- KEYS: tabs, live, lost, used. ARGV 2: actors, gone (ms)
for _, actor in ipairs(arg.actors) do
  if score(lost, actor) <= now - arg.gone then
    redis.call('ZREM', lost, actor)
    redis.call('ZREM', live, actor)
    redis.call('HDEL', tabs, actor)
    redis.call('ZREM', used, string.sub(actor, 7))
  end
end
return finish({ now = now })
