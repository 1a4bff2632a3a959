-- Take intents that are due and put them off, so that two takers never take the same one.
-- KEYS open   ARGV now_ms put_off_to_ms limit
local ids = redis.call('ZRANGEBYSCORE', KEYS[1], '-inf', ARGV[1], 'LIMIT', 0, ARGV[3])
for _, id in ipairs(ids) do redis.call('ZADD', KEYS[1], ARGV[2], id) end
return ids
