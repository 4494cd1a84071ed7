-- Follows an offer that has ended. Outcome undone: the record refused it.
-- KEYS: offers, deadlines, ring, ramp, agents, waiting, order, held, places, live.
-- ARGV 2: offer, outcome, ramp (ms), exclude (ms), rest (ms for the conversation), backoff [ms], leave (1: the visitor is gone)
local o = get(offers, arg.offer)
if not o then return finish({ known = false }) end
release(arg.offer, o)
rest(o.a, arg.ramp)
local a, w = get(agents, o.a), get(waiting, o.c)
if a and arg.outcome == 'accepted' then
  a.load, a.slots, a.last = a.load + o.k, a.slots + 1, now
  put(agents, o.a, a)
elseif a and arg.outcome == 'timed_out' then
  a.ready = 0
  put(agents, o.a, a)
end
if w and w.o == arg.offer then
  if arg.outcome == 'accepted' or arg.leave == 1 then
    drop(o.c, w)
  else
    w.o = ''
    move(w, held, order)
    w.n = math.max(w.n, now + arg.rest)
    if arg.outcome == 'undone' then
      w.t = w.t - 1
    elseif arg.exclude > 0 then
      w.x[o.a] = now + arg.exclude
      nextRound(w, rows(), arg.backoff)
    end
    put(waiting, o.c, w)
  end
end
return finish({ known = true })
