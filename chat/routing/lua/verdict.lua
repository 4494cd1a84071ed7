-- Says of what waits and cannot be offered why not: of classes that nobody free fits, and of places that everybody was
-- asked about. It is said when it changes, and again from time to time. At most 64 classes and 16 places are told of.
-- KEYS: order, line, classes, agents, ring, ramp, live, waiting, aside, deadlines, verdicts. ARGV 2: again (ms)
local said, told, all = {}, {}, nil

-- tell: is it new, or long ago that it was said?
local function tell(key, sign)
  said[key] = true
  local last = get(verdicts, key)
  if last and last.s == sign and last.t > now - arg.again then return false end
  put(verdicts, key, { s = sign, t = now })
  return true
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

local function blocked(i, c)
  local key = redis.call('ZRANGEBYLEX', order, '[' .. i .. ':', '(' .. i .. ';', 'LIMIT', 0, 1)[1]
  local id = key and string.match(key, '^[^:]*:%d+:(.+)$')
  local w = id and get(waiting, id)
  if not w then return end
  all = all or staffNow()
  local found, fits, counts = account(c, all)
  if fits or not tell(i, signOf(counts)) then return end
  local what, at = after(counts, w)
  told[#told + 1] = { class = i, queue = w.q, list = found.list, more = found.more, others = found.others, next = what, at = at, waited = now - w.s, back = w.back and now - w.back }
end

local function rests(id)
  local w = get(waiting, id)
  if not w or w.at ~= 'rest' or not next(w.x) then return end
  if not tell(id, tostring(w.u)) then return end
  all = all or staffNow()
  local c = stands(w)[1]
  local found = account(c, all)
  told[#told + 1] = {
    class = c.i, queue = w.q, conv = w.v, list = found.list, more = found.more, others = found.others, ex = excluded(w), next = 'round_at', at = w.u,
    waited = now - w.s, back = w.back and now - w.back, pos = position(id, w),
  }
end

local defs = redis.call('HGETALL', classes)
for n = 1, math.min(#defs, 128), 2 do blocked(defs[n], cjson.decode(defs[n + 1])) end -- bound: 64 classes
for _, id in ipairs(redis.call('ZRANGE', aside, 0, 15)) do rests(id) end
for _, key in ipairs(redis.call('HKEYS', verdicts)) do -- bound: 80, as above
  if not said[key] then redis.call('HDEL', verdicts, key) end
end
return finish({ now = now, told = some(told) }, #told == 0)
