-- Draws a ticket before rows are read, so that an older reading never overwrites a newer one.
-- KEYS: meta. ARGV 2: nothing
return finish({ ticket = redis.call('HINCRBY', meta, 'ticket', 1) })
