-- Takes or renews a lease for a node, and tells the generation. A lease only picks who does what any node might do.
-- KEYS: meta. ARGV 2: node, ms
local holder = redis.call('HGET', meta, 'sweeper')
local till = tonumber(redis.call('HGET', meta, 'sweeper_until') or nil) or 0
local mine = holder == arg.node or till <= now
if mine then redis.call('HSET', meta, 'sweeper', arg.node, 'sweeper_until', now + arg.ms) end
return finish({ now = now, mine = mine, gen = redis.call('HGET', meta, 'gen') or '' })
