-- Stands before every step. A step is one atomic change of one workspace.
-- KEYS, all with the workspace's hash tag:
--   1 ops        hash  op -> answer already given     2 opsat   zset  op by time, to forget the oldest
--   3 meta       hash  gen, amnesty, ticket, leases   4 agents  hash  agent -> its row in the record
--   5 ring       hash  agent -> offer that rings      6 ramp    zset  agent by the end of its rest
--   7 waiting    hash  place -> its row               8 order   zset  class:effective since:place, what can be offered now
--   9 places     hash  visitor -> place              10 offers  hash  offer -> reservation
--  11 deadlines  zset  offer by deadline             12 tabs    hash  actor -> its connections
--  13 live       zset  actor by the end of its lease 14 lost    zset  actor by its last sign of life
--  15 line       zset  queue:effective since:place, everybody who waits
--  16 classes    hash  class -> who can take it      17 timers  zset  place by when something is to be done with it
--  18 aside      zset  place that rests, by the end  19 queues  hash  queue -> its configuration
--  20 used       zset  agent by last use of a desk   21 verdicts hash class -> what was last said of it
-- All scores of order and line are 0. ARGV: 1 op, empty for a step that only reads; 2 the step's own arguments, JSON;
-- 3 given when it is asked again
local ops, opsat, meta, agents, ring, ramp, waiting = KEYS[1], KEYS[2], KEYS[3], KEYS[4], KEYS[5], KEYS[6], KEYS[7]
local order, places, offers, deadlines, tabs, live, lost = KEYS[8], KEYS[9], KEYS[10], KEYS[11], KEYS[12], KEYS[13], KEYS[14]
local line, classes, timers, aside, queues, used, verdicts = KEYS[15], KEYS[16], KEYS[17], KEYS[18], KEYS[19], KEYS[20], KEYS[21]
local op, arg = ARGV[1], cjson.decode(ARGV[2])
local clock = redis.call('TIME')
local now = clock[1] * 1000 + math.floor(clock[2] / 1000)

-- finish remembers the answer, so that the same op is not done twice; one that
-- changed nothing is not worth it, unless it is asked again: the first may come
-- behind it, when there is something to do. An op is asked again within moments or
-- never: 5 s are enough. About one in eight, by its time, forgets old ones; at most
-- about 20,000 are kept.
local function finish(answer, idle)
  local text = cjson.encode(answer)
  if op ~= '' and (ARGV[3] or not idle) then
    redis.call('HSET', ops, op, text)
    redis.call('ZADD', opsat, now, op)
    local old = now % 8 == 0 and redis.call('ZRANGEBYSCORE', opsat, '-inf', now - 5000, 'LIMIT', 0, 500) or {}
    if now % 8 == 0 and #old == 0 and redis.call('ZCARD', opsat) > 20000 then old = redis.call('ZRANGE', opsat, 0, 499) end
    if #old > 0 then
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

-- lives tells of actors, by their order, whether their leases run.
local function lives(actors)
  local list = {}
  for from = 1, #actors, 500 do -- bound: 500 in one command
    local till = redis.call('ZMSCORE', live, unpack(actors, from, math.min(#actors, from + 499)))
    for i = 1, math.min(500, #actors - from + 1) do list[from + i - 1] = (tonumber(till[i] or nil) or 0) > now end
  end
  return list
end

local function contains(list, value)
  if not list then return false end
  for i = 1, #list do -- bound: queues and media of one agent, holders of one conversation
    if list[i] == value then return true end
  end
  return false
end

local function rows()
  local all = {}
  for _, text in ipairs(redis.call('HVALS', agents)) do -- bound: the agents
    all[#all + 1] = cjson.decode(text)
  end
  return all
end

-- stand lets a row have what an agent carries as of a later commit.
local function stand(row, later)
  if (later.ver or 0) > (row.ver or 0) then
    row.ver, row.load, row.slots, row.last = later.ver, later.load, later.slots, later.last
  end
end

-- rest keeps an agent from new offers for some ms, never shortening a rest; it says until when, if that is new.
local function rest(agent, ms)
  if ms <= 0 or score(ramp, agent) >= now + ms then return end
  redis.call('ZADD', ramp, now + ms, agent)
  return now + ms
end

-- release ends a reservation.
local function release(id, o)
  redis.call('HDEL', offers, id)
  redis.call('ZREM', deadlines, id)
  if redis.call('HGET', ring, o.a) == id then redis.call('HDEL', ring, o.a) end
end

if op ~= '' then
  local done = redis.call('HGET', ops, op)
  if done then return done end
end

