-- End a flight: let go of the lock if it is still ours, and leave what was found for those who wait for this token.
-- KEYS lock result   ARGV token found('' for nothing) keep_ms
if redis.call('GET', KEYS[1]) == ARGV[1] then redis.call('DEL', KEYS[1]) end
if ARGV[2] ~= '' then redis.call('SET', KEYS[2], ARGV[2], 'PX', ARGV[3]) end
return 0
