-- Writes what is known of queues, unless newer is there, and figures for estimates.
-- KEYS: meta, queues. ARGV 2: queues {id -> row}, version (with it others are forgotten), figures {queue -> ms for each place}
if arg.figures then put(meta, 'figures', arg.figures) end
if not arg.queues then return finish({ now = now }) end
local had = tonumber(redis.call('HGET', meta, 'version') or nil) or -1
if arg.version then
  if arg.version < had then return finish({ now = now, had = had }, true) end
  redis.call('DEL', queues)
  redis.call('HSET', meta, 'version', arg.version)
end
for id, row in pairs(arg.queues) do put(queues, id, row) end -- bound: the queues
return finish({ now = now, had = had })
