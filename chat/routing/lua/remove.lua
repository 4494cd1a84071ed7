-- Takes a place out of its queue and frees the agents who were being asked.
-- KEYS: waiting, order, places, offers, deadlines, ring, ramp, line, aside, timers. ARGV 2: conv (the place), ramp (ms)
local w = get(waiting, arg.conv)
local freed = {}
if w then
  drop(arg.conv, w)
  for _, id in ipairs(w.os) do -- bound: 16 agents asked at once
    local o = get(offers, id)
    if o then
      release(id, o)
      rest(o.a, arg.ramp)
      freed[#freed + 1] = o.a
    end
  end
end
return finish({ now = now, agents = some(freed) }, not w)
