-- Write a moment into a hash, and what goes with it, unless a later one stands there. Answers 1 if it was written.
-- KEYS hash   ARGV field moment_ms ttl_ms (field value)…
local stands = redis.call('HGET', KEYS[1], ARGV[1])
if stands and tonumber(stands) >= tonumber(ARGV[2]) then return 0 end
redis.call('HSET', KEYS[1], ARGV[1], ARGV[2])
for n = 4, #ARGV, 2 do redis.call('HSET', KEYS[1], ARGV[n], ARGV[n + 1]) end
if redis.call('PTTL', KEYS[1]) < tonumber(ARGV[3]) then redis.call('PEXPIRE', KEYS[1], ARGV[3]) end
return 1
