-- Says of actors whether they are there, since when not, and which connection has been there longest.
-- KEYS: tabs, live, lost. ARGV 2: actors
local looks = {}
for i, actor in ipairs(arg.actors) do
  local seen, first, tab = score(lost, actor), nil, nil
  for conn, t in pairs(get(tabs, actor) or {}) do
    if t.u > now and (not first or t.f < first or (t.f == first and conn < tab)) then first, tab = t.f, conn end
  end
  looks[i] = { live = score(live, actor) > now, lost = seen > 0 and now - seen or -1, tab = tab }
end
return finish({ looks = looks }, true)
