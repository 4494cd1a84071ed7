-- What rests is woken when somebody new is here. Stands behind lua/places.lua in the steps that can bring it about, with
-- its KEYS and ARGV.

-- rouse goes on with what stir began: it wakes up to 64 places of those that rest because all were asked, and tells
-- whether more may rest. It goes from the last end of a rest to the first, so that those whose time comes meanwhile do
-- not shift the others; what must rest on is counted, to be stepped over.
local function rouse()
  local seen = tonumber(redis.call('HGET', meta, 'stir') or nil)
  if not seen then return false end
  local ids = redis.call('ZRANGE', aside, -64 - seen, -1 - seen)
  for _, id in ipairs(ids) do
    local w = get(waiting, id)
    if not w or w.at ~= 'rest' then
      redis.call('ZREM', aside, id)
    elseif w.n > now then
      seen = seen + 1
    else
      back(id, w)
    end
  end
  local more = #ids == 64
  if more then redis.call('HSET', meta, 'stir', seen) else redis.call('HDEL', meta, 'stir') end
  return more
end

-- stir wakes all that rests: somebody new is here. What this step does not wake, the matches do before they offer anything.
local function stir()
  redis.call('HSET', meta, 'stir', 0)
  rouse()
end
