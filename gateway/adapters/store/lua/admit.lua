-- May a call go out? Answers 0 (yes), -1 (yes, as the one probe), or the milliseconds for which it may not.
-- KEYS breaker   ARGV probe_ms
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
local open_until = tonumber(redis.call('HGET', KEYS[1], 'open_until') or 0)
if open_until == 0 then return 0 end
if now < open_until then return open_until - now end
local probe_until = tonumber(redis.call('HGET', KEYS[1], 'probe_until') or 0)
if now < probe_until then return probe_until - now end
redis.call('HSET', KEYS[1], 'probe_until', now + ARGV[1])
return -1
