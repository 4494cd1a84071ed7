-- Says whether somebody ready and connected serves one of the queues.
-- KEYS: agents, live. ARGV 2: queues
for _, a in ipairs(rows()) do
  if a.ready == 1 and score(live, a.actor) > now then
    for _, q in ipairs(arg.queues) do
      if contains(a.queues, q) then return finish({ staffed = true }, true) end
    end
  end
end
return finish({ staffed = false }, true)
