-- Says of what waits and cannot be offered why not: of classes that nobody free fits, and of places that everybody was
-- asked about. It is said when it changes, and again from time to time. At most 64 classes and 16 places are told of.
-- KEYS: order, line, classes, agents, ring, ramp, live, waiting, aside, deadlines, verdicts. ARGV 2: again (ms)
local told, all, last, said = {}, nil, {}, {}
do
  local texts = redis.call('HGETALL', verdicts)
  for i = 1, #texts, 2 do last[texts[i]] = cjson.decode(texts[i + 1]) end -- bound: 80, as below
end

-- fresh: has it been said, and not long ago? What is not looked at in a run is forgotten.
local function fresh(key, sign)
  local v = last[key]
  if not v or v.s ~= sign or v.t <= now - arg.again then return false end
  said[key] = true
  return true
end

local function say(key, sign)
  said[key] = true
  put(verdicts, key, { s = sign, t = now })
end

local function signOf(counts)
  local parts = {}
  for r, n in pairs(counts) do parts[#parts + 1] = r .. ':' .. n end -- bound: the reasons
  table.sort(parts)
  return table.concat(parts, ' ')
end

-- after says what is waited for, and until when.
local function after(counts, w)
  if counts.ringing then
    local first = redis.call('ZRANGE', deadlines, 0, 0, 'WITHSCORES')
    return 'rings_until', tonumber(first[2] or nil)
  end
  if counts.full or counts.spare or counts.video then return 'slot_frees' end
  local at
  for _, s in ipairs(w.st or {}) do -- bound: 20 steps of a place
    if not at or s.at < at then at = s.at end
  end
  if at then return 'step_at', at end
end

local function everybody()
  all = all or staffNow()
  return all
end

local function blocked(i, text)
  local key = redis.call('ZRANGEBYLEX', order, '[' .. i .. ':', '(' .. i .. ';', 'LIMIT', 0, 1)[1]
  if not key then return end
  local c = cjson.decode(text)
  local fits, counts = tally(c, everybody())
  local sign = not fits and signOf(counts)
  if fits or fresh(i, sign) then return end
  local w = get(waiting, string.match(key, '^[^:]*:%d+:(.+)$'))
  if not w then return end
  say(i, sign)
  local what, at = after(counts, w)
  local found = account(c, all)
  told[#told + 1] = { class = i, queue = w.q, list = found.list, more = found.more, others = found.others, next = what, at = at, waited = now - w.s, back = w.back and now - w.back }
end

local function rests(id, till)
  if fresh(id, till) then return end
  local w = get(waiting, id)
  if not w or w.at ~= 'rest' or not next(w.x) then return end
  say(id, till)
  local c = stands(w)[1]
  local found = account(c, everybody())
  told[#told + 1] = {
    class = c.i, queue = w.q, conv = w.v, list = found.list, more = found.more, others = found.others, ex = excluded(w), next = 'round_at', at = w.u,
    waited = now - w.s, back = w.back and now - w.back, pos = position(id, w),
  }
end

local defs = redis.call('HGETALL', classes)
for n = 1, math.min(#defs, 128), 2 do blocked(defs[n], defs[n + 1]) end -- bound: 64 classes
local first = redis.call('ZRANGE', aside, 0, 15, 'WITHSCORES')
for n = 1, #first, 2 do rests(first[n], first[n + 1]) end
for key in pairs(last) do -- bound: 80, as above
  if not said[key] then redis.call('HDEL', verdicts, key) end
end
return finish({ now = now, told = some(told) }, #told == 0)
