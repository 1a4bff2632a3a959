-- Keep an event of a SID that nobody owns yet. Answers the owner when there is one after all.
-- KEYS sid parked   ARGV event ttl_s bound
local owner = redis.call('GET', KEYS[1])
if owner then return owner end
redis.call('RPUSH', KEYS[2], ARGV[1])
redis.call('LTRIM', KEYS[2], -tonumber(ARGV[3]), -1)
redis.call('EXPIRE', KEYS[2], ARGV[2])
return false
