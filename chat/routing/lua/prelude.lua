-- Stands before every step. A step is one atomic change of one workspace.
-- KEYS, all with the workspace's hash tag:
--   1 ops        hash  op -> answer already given     2 opsat   zset  op by time, to forget the oldest
--   3 meta       hash  gen, amnesty, ticket, leases   4 agents  hash  agent -> its row in the record
--   5 ring       hash  agent -> offer that rings      6 ramp    zset  agent by the end of its rest
--   7 waiting    hash  conversation -> its place      8 order   zset  queue:effective since:conversation, all scores 0
--   9 places     hash  visitor -> conversation       10 offers  hash  offer -> reservation
--  11 deadlines  zset  offer by deadline             12 tabs    hash  actor -> its connections
--  13 live       zset  actor by the end of its lease 14 lost    zset  actor by its last sign of life
--  15 held       zset  as order, of those that are being offered
-- ARGV: 1 op, empty for a step that only reads; 2 the step's own arguments, JSON
local ops, opsat, meta, agents, ring, ramp, waiting = KEYS[1], KEYS[2], KEYS[3], KEYS[4], KEYS[5], KEYS[6], KEYS[7]
local order, places, offers, deadlines, tabs, live, lost, held = KEYS[8], KEYS[9], KEYS[10], KEYS[11], KEYS[12], KEYS[13], KEYS[14], KEYS[15]
local op, arg = ARGV[1], cjson.decode(ARGV[2])
local clock = redis.call('TIME')
local now = clock[1] * 1000 + math.floor(clock[2] / 1000)

-- finish remembers the answer, so that the same op is not done twice. An op is
-- asked again within moments or never: the last thousand are enough.
local function finish(answer)
  local text = cjson.encode(answer)
  if op ~= '' then
    redis.call('HSET', ops, op, text)
    redis.call('ZADD', opsat, now, op)
    if redis.call('ZCARD', opsat) > 1200 then
      local old = redis.call('ZRANGE', opsat, 0, 199)
      redis.call('HDEL', ops, unpack(old))
      redis.call('ZREM', opsat, unpack(old))
    end
  end
  return text
end

-- some is a list, or nothing: an empty table has no one form in JSON.
local function some(list)
  if #list > 0 then return list end
end

local function get(key, field)
  local text = redis.call('HGET', key, field)
  if text then return cjson.decode(text) end
end

local function put(key, field, value)
  redis.call('HSET', key, field, cjson.encode(value))
end

local function score(key, member)
  return tonumber(redis.call('ZSCORE', key, member) or nil) or 0
end

local function contains(list, value)
  for _, v in ipairs(list) do
    if v == value then return true end
  end
  return false
end

-- able: may the agent be asked for this place at all, were it free just now?
local function able(a, w)
  return a.ready == 1 and score(live, a.actor) > now and contains(a.queues, w.q) and contains(a.media, w.m)
end

-- nextRound: once everybody able has been asked, they are asked again after
-- the back-off. Somebody new is asked without it.
local function nextRound(w, rows, backoff)
  if (w.b or 0) > now then return false end
  local asked = 0
  for _, a in ipairs(rows) do
    if able(a, w) then
      if (w.x[a.id] or 0) <= now then return false end
      asked = asked + 1
    end
  end
  if asked == 0 then return false end
  w.f = (w.f or 0) + 1
  w.b = now + backoff[math.min(w.f, #backoff)]
  for id, till in pairs(w.x) do
    if till > now then w.x[id] = w.b end
  end
  return true
end

local function rows()
  local all = {}
  for _, text in ipairs(redis.call('HVALS', agents)) do
    all[#all + 1] = cjson.decode(text)
  end
  return all
end

-- rest keeps an agent from new offers for some ms, never shortening a rest.
local function rest(agent, ms)
  if ms > 0 and score(ramp, agent) < now + ms then redis.call('ZADD', ramp, now + ms, agent) end
end

-- release ends a reservation.
local function release(id, o)
  redis.call('HDEL', offers, id)
  redis.call('ZREM', deadlines, id)
  if redis.call('HGET', ring, o.a) == id then redis.call('HDEL', ring, o.a) end
end

-- move puts a conversation aside while it is offered, or back at its place.
local function move(w, from, to)
  redis.call('ZREM', from, w.k)
  redis.call('ZADD', to, 0, w.k)
end

-- drop takes a conversation out of its queue.
local function drop(conv, w)
  redis.call('HDEL', waiting, conv)
  redis.call('ZREM', order, w.k)
  redis.call('ZREM', held, w.k)
  if redis.call('HGET', places, w.v) == conv then redis.call('HDEL', places, w.v) end
end

if op ~= '' then
  local done = redis.call('HGET', ops, op)
  if done then return done end
end

