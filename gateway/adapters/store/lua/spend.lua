-- Charge all budgets or none, and count beside them in a hash. Answers 0, or the number of the budget that has not
-- enough left.
-- KEYS budget… [counts]   ARGV ttl_s budgets (amount limit(-1: none)) per budget, [counts_ttl_s (field, by) per count]
local budgets = tonumber(ARGV[2])
local charged = {}
for n = 1, budgets do
  local key, amount, limit = KEYS[n], tonumber(ARGV[2 * n + 1]), tonumber(ARGV[2 * n + 2])
  charged[key] = (charged[key] or tonumber(redis.call('GET', key) or 0)) + amount
  if limit >= 0 and charged[key] > limit then return n end
end
for n = 1, budgets do
  redis.call('INCRBY', KEYS[n], ARGV[2 * n + 1])
  redis.call('EXPIRE', KEYS[n], ARGV[1])
end
local counts = KEYS[budgets + 1]
if counts then
  local first = 2 * budgets + 3
  for n = first + 1, #ARGV, 2 do redis.call('HINCRBY', counts, ARGV[n], ARGV[n + 1]) end
  redis.call('EXPIRE', counts, ARGV[first])
end
return 0
