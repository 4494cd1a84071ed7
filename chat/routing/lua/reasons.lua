-- Why agents cannot be asked. Stands behind lua/places.lua in the steps that tell it, with its KEYS and ARGV.

local find, match, byte = string.find, string.match, string.byte

-- staffNow is all agents as they stand now, by id. texts: agents and their rows, where they have been read. A row is
-- decoded only where its text does not tell enough.
local function staffNow(texts)
  local ringing, resting, ids, byID, actors, list = {}, {}, {}, {}, {}, {}
  texts = texts or redis.call('HGETALL', agents)
  for _, id in ipairs(redis.call('HKEYS', ring)) do ringing[id] = true end -- bound: the agents
  for _, id in ipairs(redis.call('ZRANGEBYSCORE', ramp, '(' .. now, '+inf')) do resting[id] = true end -- bound: the agents
  for i = 1, #texts, 2 do -- bound: the agents
    ids[(i + 1) / 2], byID[texts[i]] = texts[i], texts[i + 1]
  end
  table.sort(ids)
  for i, id in ipairs(ids) do actors[i] = 'agent:' .. id end -- bound: the agents
  local here = lives(actors)
  for i, id in ipairs(ids) do -- bound: the agents
    list[i] = { id = id, text = byID[id], here = here[i], ringing = ringing[id], resting = resting[id] }
  end
  return list
end

-- lists: does one of a row's lists have this? quoted: as it is written there.
local function lists(text, quoted)
  local from, to = find(text, quoted, 1, true)
  while from do -- bound: the text
    local before, after = byte(text, from - 1), byte(text, to + 1)
    if (before == 91 or before == 44) and (after == 44 or after == 93) then return true end -- [ or , and , or ]
    from, to = find(text, quoted, to + 1, true)
  end
  return false
end

-- number is what stands behind a field's name. A search for a text that is no pattern is many times as fast.
local function number(text, field)
  local _, at = find(text, field, 1, true)
  return at and tonumber(match(text, '^%d+', at + 1))
end

-- learn reads what a row's text tells by itself: plain where it is all that is asked of an agent. Skills may have the
-- names of fields.
local function learn(a)
  local text = a.text
  a.plain = not find(text, '"skills"', 1, true)
  if a.plain then
    a.ready, a.load, a.max = number(text, '"ready":'), number(text, '"load":'), number(text, '"max":')
    a.plain = a.ready and a.load and a.max and true or false
  end
end

local function decoded(a)
  if not a.row then
    a.row = cjson.decode(a.text)
    a.ready, a.load, a.max = a.row.ready, a.row.load, a.row.max
  end
  return a.row
end

local quotes = {}
local function quoted(value)
  quotes[value] = quotes[value] or cjson.encode(value)
  return quotes[value]
end

-- missing: has the agent the queue, the medium and the skills? If not, what is missing.
local function missing(a, c)
  if a.plain == nil then learn(a) end
  local row = a.row or (not a.plain or c.m == 'video') and decoded(a)
  if not row then
    if not c.a and not lists(a.text, quoted(c.q)) then return 'queue' end
    if not lists(a.text, quoted(c.m)) then return 'medium' end
    return next(c.nd or {}) and 'skill' or nil
  end
  if not c.a and not contains(row.queues, c.q) then return 'queue' end
  if not contains(row.media, c.m) then return 'medium' end
  if c.nd then
    for skill, level in pairs(c.nd) do -- bound: skills of one queue
      if ((row.skills or {})[skill] or 0) < level then return 'skill' end
    end
  end
end

-- reason: why an agent cannot be asked for a class now; nil when he can.
local function reason(a, c)
  if c.a and c.a ~= a.id then return 'sticky' end
  local lacks = missing(a, c)
  if lacks then return lacks end
  if a.ready ~= 1 then return 'not_ready' end
  if not a.here then return 'away' end
  if c.m == 'video' and (decoded(a).videos or 0) >= (decoded(a).maxvideo or 1) then return 'video' end
  local after = a.load + units(a, c)
  if after > 100 then return 'full' end
  if after + (c.sp or 0) > 100 then return 'spare' end
  if a.ringing then return 'ringing' end
  if a.resting then return 'resting' end
end

-- tally tells whether somebody can be asked for a class now, and of those who cannot how many for each reason.
local function tally(c, all)
  local fits, counts = false, {}
  for _, a in ipairs(all) do -- bound: the agents
    local r = reason(a, c)
    if r then counts[r] = (counts[r] or 0) + 1 else fits = true end
  end
  return fits, counts
end

-- account: who cannot be asked for a class, at most 64 by name; of the rest, and of those of other queues, how many; of: of how many.
-- free: but for that he could be asked. others: at most 16 of other queues who are free.
local function account(c, all)
  local list, more, others = {}, nil, {}
  for _, a in ipairs(all) do -- bound: the agents
    local r = reason(a, c)
    if r then
      local named = #list < 64 and r ~= 'queue' and r ~= 'sticky'
      if named or (r == 'queue' and #others < 16) then
        if a.plain == nil then learn(a) end
        if not a.plain then decoded(a) end
        local one = { agent = a.id, reason = r, load = a.load }
        if a.ready == 1 and a.here and not a.ringing and not a.resting then
          local last = a.row and a.row.last or number(a.text, '"last":') or 0
          one.free, one.last = true, last > 0 and last or nil
        end
        if named then
          list[#list + 1] = one
        elseif one.free then
          others[#others + 1] = one
        end
      end
      if not named then
        more = more or {}
        more[r] = (more[r] or 0) + 1
      end
    end
  end
  return { list = some(list), more = more, others = some(others), of = #all }
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
