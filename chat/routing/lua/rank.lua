-- Whom of those who can take a place it is offered to first. Stands behind lua/places.lua in the step match, with its KEYS
-- and ARGV. Highest skills, then fewest media, least load with it, longest since the last accepted conversation. Equal ones
-- sit on a ring by the hash of their ids: it begins behind the hash of the place.
local points = {}

local function point(id)
  if not points[id] then points[id] = redis.sha1hex(id) end
  return points[id]
end

-- before, and nothing else, decides; after tells of equals.
local function better(a, b)
  if a.level ~= b.level then return a.level > b.level end
  if a.caps ~= b.caps then return a.caps < b.caps end
  if a.load ~= b.load then return a.load < b.load end
  return a.last < b.last
end

-- ranked are the agents given for a class in their order, equal ones by the ring: till is the last of those equal to one.
local function ranked(c, can)
  local list = {}
  for agent, a in pairs(can) do -- bound: the agents
    local level, cost = 0, units(a, c)
    for skill in pairs(c.nd or {}) do level = level + ((a.skills or {})[skill] or 0) end
    list[#list + 1] = { id = agent, level = level, caps = #a.media, cost = cost, load = a.load + cost, last = a.last, ring = a.ring or 0 }
  end
  local keys, byKey = {}, {}
  for i, a in ipairs(list) do -- bound: the agents; texts are sorted many times as fast as by a function
    keys[i] = string.format('%09d%03d%09d%016d', 999999999 - a.level, a.caps, math.max(0, a.load), math.max(0, a.last)) .. point(a.id)
    byKey[keys[i]] = a
  end
  table.sort(keys)
  for i, key in ipairs(keys) do list[i] = byKey[key] end
  local till = #list
  for i = #list, 1, -1 do
    if i < #list and better(list[i], list[i + 1]) then till = i end
    list[i].till = till
  end
  return list
end

-- around calls f for those of a rank between two places in it, as the ring goes for a place of that id, until it says stop.
local function around(rank, first, last, id, f)
  if first == last then return f(rank[first]) end
  local mine, low, high = point(id), first, last + 1
  while low < high do
    local mid = math.floor((low + high) / 2)
    if point(rank[mid].id) < mine then low = mid + 1 else high = mid end
  end
  for i = low, last do
    if f(rank[i]) then return end
  end
  for i = first, low - 1 do
    if f(rank[i]) then return end
  end
end

-- merged is one list in order of candidates by several classes.
local function merged(list, id)
  local mine = point(id)
  table.sort(list, function(a, b)
    if better(a, b) then return true end
    if better(b, a) then return false end
    local p, q = point(a.id), point(b.id)
    if (p < mine) ~= (q < mine) then return q < mine end
    return p < q
  end)
  return list
end
