-- Why agents cannot be asked. Stands behind lua/places.lua in the steps that tell it, with its KEYS and ARGV.

-- staffNow is all agents as they stand now, by id. all: their rows, where they have been read.
local function staffNow(all)
  local ringing, resting, actors = {}, {}, {}
  all = all or rows()
  for _, id in ipairs(redis.call('HKEYS', ring)) do ringing[id] = true end -- bound: the agents
  for _, id in ipairs(redis.call('ZRANGEBYSCORE', ramp, '(' .. now, '+inf')) do resting[id] = true end -- bound: the agents
  for i, a in ipairs(all) do actors[i] = a.actor end -- bound: the agents
  local here, ids, byID, list = lives(actors), {}, {}, {}
  for i, a in ipairs(all) do -- bound: the agents
    a.here, a.ringing, a.resting = here[i], ringing[a.id], resting[a.id]
    ids[i], byID[a.id] = a.id, a
  end
  table.sort(ids)
  for i, id in ipairs(ids) do list[i] = byID[id] end
  return list
end

-- reason: why an agent cannot be asked for a class now; nil when he can.
local function reason(a, c)
  if c.a and c.a ~= a.id then return 'sticky' end
  if not c.a and not contains(a.queues, c.q) then return 'queue' end
  if not contains(a.media, c.m) then return 'medium' end
  for skill, level in pairs(c.nd or {}) do -- bound: skills of one queue
    if ((a.skills or {})[skill] or 0) < level then return 'skill' end
  end
  if a.ready ~= 1 then return 'not_ready' end
  if not a.here then return 'away' end
  if c.m == 'video' and (a.videos or 0) >= (a.maxvideo or 1) then return 'video' end
  local after = a.load + units(a, c)
  if after > 100 then return 'full' end
  if after + (c.sp or 0) > 100 then return 'spare' end
  if a.ringing then return 'ringing' end
  if a.resting then return 'resting' end
end

-- account: who cannot be asked for a class, at most 64 by name; of the rest, and of those of other queues, how many; of: of how many.
-- free: but for that he could be asked. others: at most 16 of other queues who are free. fits tells that somebody can.
local function account(c, all)
  local list, more, others, counts, fits = {}, nil, {}, {}, false
  for _, a in ipairs(all) do -- bound: the agents
    local r = reason(a, c)
    if not r then
      fits = true
    else
      counts[r] = (counts[r] or 0) + 1
      local one = { agent = a.id, reason = r, load = a.load }
      if a.ready == 1 and a.here and not a.ringing and not a.resting then
        one.free, one.last = true, a.last > 0 and a.last or nil
      end
      if #list < 64 and r ~= 'queue' and r ~= 'sticky' then
        list[#list + 1] = one
      else
        if r == 'queue' and one.free and #others < 16 then others[#others + 1] = one end
        more = more or {}
        more[r] = (more[r] or 0) + 1
      end
    end
  end
  return { list = some(list), more = more, others = some(others), of = #all }, fits, counts
end

-- excluded: who is not asked for a place although nothing else speaks against it, at most 64.
local function excluded(w)
  local ids, known = {}, {}
  for _, id in ipairs(w.by or {}) do -- bound: the holders of one conversation
    if not known[id] then ids[#ids + 1], known[id] = id, true end
  end
  for id, till in pairs(w.x) do -- bound: the agents
    if till > now and not known[id] then ids[#ids + 1], known[id] = id, true end
  end
  table.sort(ids)
  if #ids > 64 then ids = { unpack(ids, 1, 64) } end
  return some(ids)
end

-- position in its queue; 0 of a request.
local function position(id, w)
  if w.kind ~= 'offer' and w.kind ~= 'all' then return 0 end
  return redis.call('ZLEXCOUNT', line, '[' .. w.q .. ':', '[' .. orderKey(w.q, w, id))
end
