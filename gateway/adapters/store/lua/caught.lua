-- Inbound messages have been fetched: note up to when, and end the wish and the hold, if nobody wished again meanwhile.
-- KEYS wanted hold caught   ARGV wish('' for none) caught_ms
redis.call('SET', KEYS[3], ARGV[2])
if (redis.call('GET', KEYS[1]) or '') ~= ARGV[1] then return 0 end
redis.call('DEL', KEYS[1], KEYS[2])
return 1
