-- Chooses who is offered what and reserves it, at most one offer for each id given.
-- The conversation: greatest age x weight + boost, then the earliest, then by id. The agent: least relative load,
-- then longest since the last accepted conversation, then by hash.
-- KEYS: meta, agents, ring, ramp, waiting, order, held, offers, deadlines, live. ARGV 2: ids, ring (ms), backoff [ms], epoch
local gen = redis.call('HGET', meta, 'gen')
if not gen or string.sub(gen, 1, #arg.epoch + 1) ~= arg.epoch .. '/' then
  return finish({ now = now, rebuild = true })
end

local all = rows()
local free, queues, cursors, busy = {}, {}, {}, {}
for _, id in ipairs(redis.call('HKEYS', ring)) do busy[id] = true end
for _, a in ipairs(all) do
  if a.ready == 1 and a.slots < a.max and a.load < 100 and not busy[a.id] and score(live, a.actor) > now
    and score(ramp, a.id) <= now then
    a.relative = math.max(a.load / 100, a.slots / a.max)
    free[#free + 1] = a
    for _, q in ipairs(a.queues) do
      if not queues[q] then
        queues[q] = true
        cursors[#cursors + 1] = { from = '[' .. q .. ':', to = '(' .. q .. ';', size = 16, page = {}, at = 1 }
      end
    end
  end
end

-- head is the conversation a cursor stands at; pages grow, since who looks far looks at nearly all.
local function head(c)
  if c.at > #c.page and c.from then
    local keys = redis.call('ZRANGEBYLEX', order, c.from, c.to, 'LIMIT', 0, c.size)
    c.page, c.at = {}, 1
    if #keys > 0 then
      local convs = {}
      for i, key in ipairs(keys) do convs[i] = string.match(key, '([^:]+)$') end
      for i, text in ipairs(redis.call('HMGET', waiting, unpack(convs))) do
        if text then
          local w = cjson.decode(text)
          w.conv = convs[i]
          c.page[#c.page + 1] = w
        end
      end
    end
    c.from = #keys == c.size and '(' .. keys[#keys] or nil
    c.size = math.min(c.size * 4, 1024)
  end
  return c.page[c.at]
end

local function before(w, v)
  if not v then return true end
  local a, b = (now - w.e) * w.w, (now - v.e) * v.w
  if a ~= b then return a > b end
  if w.s ~= v.s then return w.s < v.s end
  return w.conv < v.conv
end

local function hash(a, w)
  return redis.sha1hex(w.conv .. a.id)
end

local function better(a, b, w)
  if not b then return true end
  if a.relative ~= b.relative then return a.relative < b.relative end
  if a.last ~= b.last then return a.last < b.last end
  return hash(a, w) < hash(b, w)
end

local function choose(w)
  local best, at
  for i, a in ipairs(free) do
    if a.load + w.c <= 100 and (w.x[a.id] or 0) <= now and contains(a.queues, w.q) and contains(a.media, w.m)
      and better(a, best, w) then
      best, at = a, i
    end
  end
  return best, at
end

local function save(w)
  local conv = w.conv
  w.conv = nil
  put(waiting, conv, w)
end

local made = {}
while #free > 0 and #made < #arg.ids do
  local w, cursor
  for _, c in ipairs(cursors) do
    local h = head(c)
    while not h and c.from do h = head(c) end
    if h and before(h, w) then w, cursor = h, c end
  end
  if not w then break end
  cursor.at = cursor.at + 1
  if w.o == '' and w.n <= now and score(live, w.v) > now then
    local a, at = choose(w)
    if a then
      local id, conv = arg.ids[#made + 1], w.conv
      local deadline = now + (w.r > 0 and w.r or arg.ring)
      w.o, w.t = id, w.t + 1
      save(w)
      move(w, order, held)
      put(offers, id, { c = conv, a = a.id, k = w.c, d = deadline, at = now })
      redis.call('ZADD', deadlines, deadline, id)
      redis.call('HSET', ring, a.id, id)
      table.remove(free, at)
      made[#made + 1] = { offer = id, conv = conv, queue = w.q, agent = a.id, round = w.t, cost = w.c, deadline = deadline }
    elseif next(w.x) and nextRound(w, all, arg.backoff) then
      save(w)
    end
  end
end
return finish({ now = now, offers = some(made) })
