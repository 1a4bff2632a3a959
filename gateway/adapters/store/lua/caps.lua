-- Count one event under each cap if none of them is reached. Answers {cap reached (0: none), milliseconds to wait}.
-- A cap is the list of the moments of its last `limit` events, newest first: the window rolls, and it is exact.
-- KEYS cap…   ARGV only_look (limit window_ms) per cap
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
local reached, wait = 0, 0
for n, key in ipairs(KEYS) do
  local oldest = redis.call('LINDEX', key, ARGV[2 * n] - 1)
  local left = oldest and tonumber(oldest) + tonumber(ARGV[2 * n + 1]) - now or 0
  if left > wait then reached, wait = n, left end
end
if reached > 0 or ARGV[1] == '1' then return {reached, wait} end
for n, key in ipairs(KEYS) do
  redis.call('LPUSH', key, string.format('%.0f', now))
  redis.call('LTRIM', key, 0, ARGV[2 * n] - 1)
  redis.call('PEXPIRE', key, ARGV[2 * n + 1])
end
return {0, 0}
