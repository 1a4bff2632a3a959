-- Take a flight's lock, or learn whose it is. Answers '' when it was taken, else the token of its holder.
-- KEYS lock   ARGV token lease_ms
local holder = redis.call('GET', KEYS[1])
if holder then return holder end
redis.call('SET', KEYS[1], ARGV[1], 'PX', ARGV[2])
return ''
