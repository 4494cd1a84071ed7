-- Takes or renews a lease for a node, and tells the generation, and which server this is where it says so. A lease only
-- picks who does what any node might do. Nodes that were not heard of for twice as long are told once, to who sweeps.
-- KEYS: meta. ARGV 2: node, ms
local marks = redis.call('HMGET', meta, 'sweeper', 'sweeper_until', 'gen')
local mine = marks[1] == arg.node or (tonumber(marks[2] or nil) or 0) <= now
if mine then
  redis.call('HSET', meta, 'sweeper', arg.node, 'sweeper_until', now + arg.ms, 'node:' .. arg.node, now + 2 * arg.ms)
else
  redis.call('HSET', meta, 'node:' .. arg.node, now + 2 * arg.ms)
end
local silent = {}
if mine then
  for _, field in ipairs(redis.call('HKEYS', meta)) do -- bound: the nodes
    if string.sub(field, 1, 5) == 'node:' and tonumber(redis.call('HGET', meta, field)) <= now then
      redis.call('HDEL', meta, field)
      silent[#silent + 1] = string.sub(field, 6)
    end
  end
end
local info = redis.pcall('INFO', 'server') -- the embedded one has none, and never is another one
local server = type(info) == 'string' and string.match(info, 'run_id:(%w+)') or ''
return finish({ now = now, mine = mine, gen = marks[3] or '', silent = some(silent), server = server })
