-- Whom a place can be offered to at all. Stands behind lua/places.lua in the steps that ask it, with its KEYS and ARGV.

-- qualified: may the agent ever be asked by this class?
local function qualified(a, c)
  if c.a then
    if c.a ~= a.id then return false end
  elseif not contains(a.queues, c.q) then
    return false
  end
  if not contains(a.media, c.m) then return false end
  if c.nd then
    for skill, level in pairs(c.nd) do -- bound: skills of one queue
      if ((a.skills or {})[skill] or 0) < level then return false end
    end
  end
  return true
end

-- able: may the agent be asked for this place at all, were it free just now?
local function able(a, w)
  if a.ready ~= 1 or contains(w.by, a.id) or score(live, a.actor) <= now then return false end
  for _, c in ipairs(stands(w)) do -- bound: 16 classes of a place
    if qualified(a, c) then return true end
  end
  return false
end

-- units that a place of a class takes of an agent: max chats of 25 fit, and one more does not.
local function units(a, c)
  if c.m ~= 'chat' then return c.c end
  return math.max(1, math.min(100, math.floor(c.c * 4 / (a.max > 0 and a.max or 4))))
end

-- fits: has the agent room for it now?
local function fits(a, c)
  return qualified(a, c) and (c.m ~= 'video' or (a.videos or 0) < (a.maxvideo or 1)) and a.load + units(a, c) + (c.sp or 0) <= 100
end

local alarmed = {} -- places that everybody was asked about without success for the first time

-- asked: once everybody able has been asked, they are asked again after the
-- back-off, whose end this tells. Somebody new is asked without it.
local function asked(w, all, backoff)
  local count = 0
  for _, a in ipairs(all) do -- bound: the agents
    if able(a, w) then
      if (w.x[a.id] or 0) <= now then return nil end
      count = count + 1
    end
  end
  if count == 0 then return nil end
  if (w.b or 0) <= now then
    w.f = (w.f or 0) + 1
    if w.f == 1 then alarmed[#alarmed + 1] = { conv = w.v, queue = w.q } end
    w.b = now + backoff[math.min(w.f, #backoff)]
    for id, till in pairs(w.x) do
      if till > now then w.x[id] = w.b end
    end
  end
  return w.b
end
