-- Follows an offer that has ended. Outcome undone: the record refused it.
-- ticket: for the agents' rows, which are read again after it.
-- KEYS: all but tabs, lost, used, verdicts.
-- ARGV 2: offer, outcome, ramp (ms), exclude (ms), rest (ms for the place), backoff [ms], leave (1: the visitor is gone),
-- pass (1: the agent had no room), agent (who was to be asked by what is undone),
-- stand {ver, load, slots, last}: what the agent carries since, by the record; stood: it is known here now.
-- without is a list less one value.
local function without(list, value)
  local left = {}
  for _, v in ipairs(list) do
    if v ~= value then left[#left + 1] = v end
  end
  return left
end

local o = get(offers, arg.offer)
if not o then -- it went with its place: who did not hear it ring does not rest as if it had
  local a = arg.outcome == 'undone' and redis.call('HEXISTS', ops, 'unheard:' .. arg.offer) == 0 and arg.agent
  if a and score(ramp, a) > now + arg.ramp then redis.call('ZADD', ramp, now + arg.ramp, a) end
  return finish({ known = false }, true)
end
release(arg.offer, o)
rest(o.a, arg.ramp)
local a, w = get(agents, o.a), get(waiting, o.p)
local stood = a and arg.stand ~= nil
if stood then
  stand(a, arg.stand)
  put(agents, o.a, a)
elseif a and arg.outcome == 'accepted' then
  a.load, a.slots, a.last = a.load + o.k, a.slots + 1, now
  if w and w.m == 'video' then a.videos = (a.videos or 0) + 1 end
  put(agents, o.a, a)
elseif a and arg.outcome == 'timed_out' and not o.all then
  a.ready = 0
  put(agents, o.a, a)
end
local freed, rests
if w and contains(w.os, arg.offer) then
  w.os = without(w.os, arg.offer)
  if arg.outcome == 'accepted' or arg.leave == 1 or (named(w) and arg.outcome ~= 'undone') then
    freed, rests = drop(o.p, w, arg.ramp)
  else
    w.n = math.max(w.n, now + arg.rest)
    if arg.outcome ~= 'undone' and arg.exclude > 0 then
      w.x[o.a] = now + arg.exclude
      w.sc = nil -- who was asked first and alone does not take it
    elseif arg.pass == 1 then
      w.sc = nil -- but may be asked again as soon as there is room
    elseif arg.outcome == 'undone' and not o.all then
      w.t = w.t - 1
    end
    local till = #w.os == 0 and next(w.x) and asked(w, rows(), arg.backoff)
    if #w.os > 0 then
      put(waiting, o.p, w) -- others are still being asked
    elseif till and till > w.n then
      aim(o.p, w, 'rest', till)
    else
      back(o.p, w)
    end
  end
end
return finish({ known = true, stood = stood, agents = freed, rests = rests, asked = some(alarmed), ticket = redis.call('HINCRBY', meta, 'ticket', 1) })
