-- Charge all budgets or none. Answers 0, or the number of the budget that has not enough left.
-- KEYS budget…   ARGV ttl_s (amount limit(-1: none)) per budget
local charged = {}
for n, key in ipairs(KEYS) do
  local amount, limit = tonumber(ARGV[2 * n]), tonumber(ARGV[2 * n + 1])
  charged[key] = (charged[key] or tonumber(redis.call('GET', key) or 0)) + amount
  if limit >= 0 and charged[key] > limit then return n end
end
for n, key in ipairs(KEYS) do
  redis.call('INCRBY', key, ARGV[2 * n])
  redis.call('EXPIRE', key, ARGV[1])
end
return 0
