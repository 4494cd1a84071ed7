-- Says at which place a conversation waits, how queues stand, or who waits in a queue and is not being offered.
-- Those being offered still have their place. per: ms that each place takes; ahead: of the first 16, who asked later.
-- only: of those who are ready, nobody can do what is asked for, but somebody can chat.
-- KEYS: waiting, line, meta, live, agents. ARGV 2: conv, or queues, or list (a queue) and limit (at most 50)
local function members(q, most)
  local ids = {}
  for i, key in ipairs(redis.call('ZRANGEBYLEX', line, '[' .. q .. ':', '(' .. q .. ';', 'LIMIT', 0, most)) do
    ids[i] = string.match(key, '([^:]+)$')
  end
  return ids
end

if arg.list then
  local ids = {}
  for _, id in ipairs(members(arg.list, 4 * arg.limit)) do -- bound: 200
    local w = #ids < arg.limit and get(waiting, id)
    if w and #w.os == 0 and (w.a == '' or score(live, w.a) > now) then ids[#ids + 1] = id end
  end
  return finish({ ids = some(ids), n = #ids }, true) -- n: an answer is never an empty table
end
local figures, stand = get(meta, 'figures') or {}, get(meta, 'stand') or {}
if arg.conv then
  local w = get(waiting, arg.conv)
  if not w then return finish({ position = 0 }, true) end
  local mine, ahead = lineKey(w, arg.conv), 0
  for _, id in ipairs(members(w.q, 16)) do
    local v = id ~= arg.conv and get(waiting, id)
    if v and v.s > w.s and lineKey(v, id) < mine then ahead = ahead + 1 end
  end
  local only = false -- somebody is ready for chat, and nobody for what is asked
  if w.m ~= 'chat' then
    for _, a in ipairs(rows()) do -- bound: the agents
      if able(a, w) then
        only = false
        break
      end
      only = only or (a.ready == 1 and contains(a.queues, w.q) and contains(a.media, 'chat') and score(live, a.actor) > now)
    end
  end
  return finish({
    position = redis.call('ZLEXCOUNT', line, '[' .. w.q .. ':', '[' .. mine), ahead = ahead, message = w.msg == 1,
    per = figures[w.q], only = only,
  }, true)
end
local lines = {}
for i, q in ipairs(arg.queues) do -- bound: the queues
  local oldest = 0 -- who came back stands first, and may have waited less than who never did
  for _, id in ipairs(members(q, 16)) do
    local w = get(waiting, id)
    if w and (oldest == 0 or (w.back or w.s) < oldest) then oldest = w.back or w.s end
    if w and not w.back then break end
  end
  local s = stand[q] or {}
  lines[i] = {
    waiting = redis.call('ZLEXCOUNT', line, '[' .. q .. ':', '(' .. q .. ';'), oldest = oldest, per = figures[q],
    ready = s.r or 0, delayed = (s.d or 0) > 1, bare = s.b == 1, allasked = s.x or 0,
  }
end
return finish({ lines = lines }, true)
