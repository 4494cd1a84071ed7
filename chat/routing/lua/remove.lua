-- Takes a conversation out of its queue and frees the agent who was being asked.
-- KEYS: waiting, order, held, places, offers, deadlines, ring, ramp. ARGV 2: conv, ramp (ms)
local w = get(waiting, arg.conv)
local agent
if w then
  drop(arg.conv, w)
  local o = w.o ~= '' and get(offers, w.o)
  if o then
    release(w.o, o)
    rest(o.a, arg.ramp)
    agent = o.a
  end
end
return finish({ now = now, agent = agent })
