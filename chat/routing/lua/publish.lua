-- Ends a rebuild: offers are made again.
-- KEYS: meta. ARGV 2: node, gen, amnesty (ms)
local mine = redis.call('HGET', meta, 'rebuilder') == arg.node
if mine then
  redis.call('HDEL', meta, 'rebuilder', 'rebuilder_until')
  redis.call('HSET', meta, 'gen', arg.gen, 'amnesty', now + arg.amnesty)
end
return finish({ mine = mine })
