-- Hold flights' locks a while longer, those that are still ours. Answers how many those were.
-- KEYS lock…   ARGV lease_ms token…
local held = 0
for n, lock in ipairs(KEYS) do
  if redis.call('GET', lock) == ARGV[n + 1] then
    redis.call('PEXPIRE', lock, ARGV[1])
    held = held + 1
  end
end
return held
