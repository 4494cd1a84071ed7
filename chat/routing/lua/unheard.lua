-- Takes back the rest of who was being asked for a place that has gone, since the record never had the offer. Its op is
-- unheard:OFFER: the refusal of that offer, which comes later, finds it and leaves the agent's rest to whom it belongs.
-- KEYS: ramp. ARGV 2: agent, till (as the rest was told)
if score(ramp, arg.agent) == arg.till then redis.call('ZREM', ramp, arg.agent) end
return finish({ now = now })
