-- Takes a place out of its queue and frees the agents who were being asked.
-- KEYS: waiting, order, places, offers, deadlines, ring, ramp, line, aside, timers. ARGV 2: conv (or the request), ramp (ms)
local w = get(waiting, arg.conv)
if not w then return finish({ now = now }, true) end
local freed, rests = drop(arg.conv, w, arg.ramp)
return finish({ now = now, agents = freed, rests = rests })
