-- Writes what is known of queues.
-- KEYS: queues. ARGV 2: queues {id -> row}, all (others are forgotten)
if arg.all then redis.call('DEL', queues) end
for id, row in pairs(arg.queues) do put(queues, id, row) end -- bound: the queues
return finish({ now = now })
