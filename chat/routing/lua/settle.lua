-- Follows an offer that has ended. Outcome undone: the record refused it.
-- KEYS: all but tabs, lost, used, verdicts.
-- ARGV 2: offer, outcome, ramp (ms), exclude (ms), rest (ms for the place), backoff [ms], leave (1: the visitor is gone)
local o = get(offers, arg.offer)
if not o then return finish({ known = false }, true) end
release(arg.offer, o)
rest(o.a, arg.ramp)
local a, w = get(agents, o.a), get(waiting, o.p)
if a and arg.outcome == 'accepted' then
  a.load, a.slots, a.last = a.load + o.k, a.slots + 1, now
  put(agents, o.a, a)
elseif a and arg.outcome == 'timed_out' then
  a.ready = 0
  put(agents, o.a, a)
end
if w and contains(w.os, arg.offer) then
  if arg.outcome == 'accepted' or arg.leave == 1 then
    drop(o.p, w)
  else
    w.os = without(w.os, arg.offer)
    w.n = math.max(w.n, now + arg.rest)
    local till
    if arg.outcome == 'undone' then
      w.t = w.t - 1
    elseif arg.exclude > 0 then
      w.x[o.a] = now + arg.exclude
      w.sc = nil -- who was asked first and alone does not take it
      till = asked(w, rows(), arg.backoff)
    end
    if till and till > w.n then aim(o.p, w, 'rest', till) else back(o.p, w) end
  end
end
return finish({ known = true })
