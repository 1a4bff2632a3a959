-- Replace what was sealed of an ended intent by its summary, and forget its timeline.
-- KEYS intent timeline ended summaries   ARGV id sealed('' keeps what is there)
local at = redis.call('ZSCORE', KEYS[3], ARGV[1])
redis.call('ZREM', KEYS[3], ARGV[1])
if not at or redis.call('EXISTS', KEYS[1]) == 0 then return 0 end
if ARGV[2] ~= '' then redis.call('HSET', KEYS[1], 'i', ARGV[2]) end
redis.call('DEL', KEYS[2])
redis.call('ZADD', KEYS[4], 'NX', at, ARGV[1])
return 1
