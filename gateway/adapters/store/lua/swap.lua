-- Write fields of a hash if one of its fields still holds what was read ('' for a field that was not there).
-- KEYS hash   ARGV field expected field value…
if (redis.call('HGET', KEYS[1], ARGV[1]) or '') ~= ARGV[2] then return 0 end
for n = 3, #ARGV, 2 do redis.call('HSET', KEYS[1], ARGV[n], ARGV[n + 1]) end
return 1
