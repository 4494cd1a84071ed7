-- Begins a rebuild, if one is needed and nobody else is at it: everything but presence is cleared.
-- KEYS: all. ARGV 2: node, ms (of the lease), epoch
local gen = redis.call('HGET', meta, 'gen')
if gen and string.sub(gen, 1, #arg.epoch + 1) == arg.epoch .. '/' then return finish({ mine = false }) end
local holder = redis.call('HGET', meta, 'rebuilder')
local till = tonumber(redis.call('HGET', meta, 'rebuilder_until') or nil) or 0
if holder and holder ~= arg.node and till > now then return finish({ mine = false }) end
redis.call('DEL', agents, ring, ramp, waiting, order, places, offers, deadlines, line, classes, timers, aside, queues, verdicts)
redis.call('HDEL', meta, 'gen', 'version', 'stand', 'stir')
redis.call('HSET', meta, 'rebuilder', arg.node, 'rebuilder_until', now + arg.ms)
return finish({ mine = true })
