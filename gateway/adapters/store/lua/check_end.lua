-- Give the right to check back, or keep it as that of a check whose outcome is not known. Answers 1 if it was held.
-- KEYS checking   ARGV intent token('' for any of this intent) ttl_ms('' to give it back)
local held = redis.call('GET', KEYS[1])
local mine = ARGV[1] .. '/' .. ARGV[2]
if not held or string.sub(held, 1, #mine) ~= mine or (ARGV[2] ~= '' and held ~= mine) then return 0 end
if ARGV[3] == '' then redis.call('DEL', KEYS[1]) else redis.call('SET', KEYS[1], ARGV[1] .. '/lost', 'PX', ARGV[3]) end
return 1
